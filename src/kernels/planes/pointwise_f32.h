// Number-by-number kernels on contiguous fp32: a pending Pointwise applied, two values added.
#pragma once

#include <cstdint>

#include "src/kernels/pointwise.h"

namespace tempera::kernels {

struct PointwiseF32 {
  // output[i] = p(input[i]) with the constants of `channel`; output may be input.
  using Apply = void (*)(const Pointwise& p, int64_t channel, const float* input, float* output,
                         int64_t count);
  // output[i] = out(a(x[i]) + b(y[i])); output may be x or y. Of `out` only the activation is used.
  using Add = void (*)(const Pointwise& a, const Pointwise& b, const Pointwise& out, int64_t channel,
                       const float* x, const float* y, float* output, int64_t count);
  Apply apply;
  Add add;
};
const PointwiseF32& ChoosePointwiseF32(int64_t highway_bit);

}  // namespace tempera::kernels
