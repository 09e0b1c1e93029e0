// exp(x - max) / sum(exp(x - max)) along one axis.
#pragma once

#include <cstdint>

namespace tempera::kernels {

// Distributions [first, last) of a value seen as [outer, size, inner], counted over outer and inner; size at
// least 1. scratch: SoftmaxScratchFloats(size) numbers.
using SoftmaxF32 = void (*)(const float* input, int64_t size, int64_t inner, int64_t first, int64_t last,
                            float* output, float* scratch);
SoftmaxF32 ChooseSoftmaxF32(int64_t highway_bit);
int64_t SoftmaxScratchFloats(int64_t size);

}  // namespace tempera::kernels
