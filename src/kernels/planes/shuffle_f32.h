// Rows of several planes into one row, pixel by pixel: DepthToSpace of a row.
#pragma once

#include <cstdint>

namespace tempera::kernels {

// to[x * block + k] = from[k * plane + x] for x < count, k < block; block at least 1, fast for 2, 3 and 4.
// `from` and `to` may not overlap.
using InterleaveF32 = void (*)(const float* from, int64_t plane, int64_t block, int64_t count, float* to);

InterleaveF32 ChooseInterleaveF32(int64_t highway_bit);

}  // namespace tempera::kernels
