// Two values joined number by number, what is pending on each applied on the way.
#pragma once

#include <cstdint>

#include "src/kernels/pointwise.h"

namespace tempera::kernels {

enum class BinaryOp { kAdd, kSub, kMul, kDiv, kMin, kMax };

// output[i] = op(a(x[i]), b(y[i])) for i < count, with the constants of `channel` in a and b. x_step and
// y_step: 1, or 0 where one number stands for all. output may be x or y where that steps by 1.
using BinaryF32 = void (*)(BinaryOp op, const Pointwise& a, const Pointwise& b, int64_t channel,
                           const float* x, int64_t x_step, const float* y, int64_t y_step, float* output,
                           int64_t count);
BinaryF32 ChooseBinaryF32(int64_t highway_bit);

}  // namespace tempera::kernels
