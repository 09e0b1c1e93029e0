// exp(x - max) / sum(exp(x - max)) along one axis.
#pragma once

#include <cstdint>

namespace tempera::kernels {

// Distributions side by side: four cache lines of each of `size` planes at a time, and a vector where more
// than kSoftmaxNear planes would not stay in the L2.
inline constexpr int64_t kSoftmaxWidth = 64, kSoftmaxNear = 256;

// Distributions [first, last) of a value seen as [outer, size, inner], counted over outer and inner; size at
// least 1. scratch: SoftmaxScratchFloats(size) numbers.
using SoftmaxF32 = void (*)(const float* input, int64_t size, int64_t inner, int64_t first, int64_t last,
                            float* output, float* scratch);
SoftmaxF32 ChooseSoftmaxF32(int64_t highway_bit);
int64_t SoftmaxScratchFloats(int64_t size);

}  // namespace tempera::kernels
