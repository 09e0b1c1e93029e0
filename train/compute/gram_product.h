// The two products of a Gram matrix, with kernels of our own: a BLAS that is older than the processor takes
// its oldest ones. Knows no libtorch.
#pragma once

#include <cstdint>

namespace tempera::train {

// gram [c, c] = scale * F^T F, with features F [pixels, c] dense, c a multiple of 16. Shared among threads;
// the order of every sum depends on the sizes alone. False when there is no memory.
bool GramProduct(const float* features, int64_t pixels, int c, float scale, float* gram);

// result [pixels, c] = F M, with M [c, c]: the gradient of the features for M = scale (g + g^T).
bool GramGradient(const float* features, int64_t pixels, int c, const float* matrix, float* result);

}  // namespace tempera::train
