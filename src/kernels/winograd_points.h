// The interpolation points of each WinogradKind, shared by the weights' transform (plan time, double) and the
// vector code of inputs and outputs.
#pragma once

namespace tempera::kernels {

// F(4,3): 0, a, -a, b, -b and infinity. Of the pairs that are exact in binary these lose least: largest error
// over range, 64 channels, 6.6e-7, against 2.3e-6 for the usual 1 and 2 and 1.9e-6 for 1 and 1/2.
inline constexpr double kF43A = 0.625, kF43B = 1.5;

// F(3,3): 0, 1, -1, 1/2 and infinity: 8.0e-7; with 2 for 1/2 8.7e-7, with -2 1.1e-6.
inline constexpr double kF33H = 0.5;

}  // namespace tempera::kernels
