// The interpolation points of each WinogradKind, shared by the weights' transform (plan time, double) and the
// vector code of inputs and outputs.
#pragma once

#include <cstddef>
#include <span>

namespace tempera::kernels {

// F(4,3): 0, a, -a, b, -b and infinity. Of the pairs that are exact in binary these lose least: largest error
// over range, 64 channels, 6.6e-7, against 2.3e-6 for the usual 1 and 2 and 1.9e-6 for 1 and 1/2.
inline constexpr double kF43A = 0.625, kF43B = 1.5;

// F(4,2) along both axes: 0, a, -a, b and infinity: of sums of |weight * input| 2.4e-7, against 4.8e-7 for
// the points of F(3,3) below.
inline constexpr double kF42A = 0.75, kF42B = 1.5;

// F(4,4): pairs of a, b and c, and infinity; of such sums 2.0e-7; with 0 in place of a pair's half 2.6e-7 at
// best.
inline constexpr double kF44A = 0.375, kF44B = 0.875, kF44C = 1.5;

// F(3,3), and F(4,2) along columns, which has as many: 0, 1, -1, 1/2 and infinity: 8.0e-7; with 2 for
// 1/2 8.7e-7, with -2 1.1e-6.
inline constexpr double kF33H = 0.5;

// F(4,5), along one axis only: 0, pairs of a, b and c, infinity. 8 channels: 3.5e-7; the best of all
// sixteenths, 1/2, 17/16 and 27/16, 3.4e-7.
inline constexpr double kF45A = 0.5, kF45B = 1.0, kF45C = 2.0;

// What tap number `tap` of `taps` weighs in the product at one point: the tap's power of the point over the
// value of the input's polynomial there; the point after the finite ones is infinity.
inline double InterpolationWeight(std::span<const double> finite, size_t point, size_t tap, size_t taps) {
  if (point == finite.size()) return tap + 1 == taps ? 1 : 0;
  double weight = 1;
  for (size_t i = 0; i < tap; ++i) weight *= finite[point];
  for (size_t j = 0; j < finite.size(); ++j) {
    if (j != point) weight /= finite[point] - finite[j];
  }
  return weight;
}

}  // namespace tempera::kernels
