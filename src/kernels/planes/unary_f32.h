// y = f(x), number by number: the functions between layers that are no clamp and no slope.
#pragma once

#include <cstdint>

#include "src/kernels/pointwise.h"

namespace tempera::kernels {

enum class UnaryOp {
  kAbs,
  kCeil,
  kCelu,  // max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))
  kElu,   // x < 0 ? alpha * (exp(x) - 1) : x (Clevert et al., arXiv 1511.07289)
  kErf,
  kExp,
  kFloor,
  kGelu,         // x * (1 + erf(x / sqrt(2))) / 2 (Hendrycks and Gimpel, arXiv 1606.08415)
  kHardSigmoid,  // min(max(alpha * x + beta, 0), 1)
  kHardSwish,    // x * min(max(x / 6 + 1 / 2, 0), 1)
  kLog,
  kMish,  // x * tanh(log(1 + exp(x))) (Misra, arXiv 1908.08681)
  kNeg,
  kReciprocal,
  kRound,    // halves to even
  kSelu,     // beta * (x > 0 ? x : alpha * (exp(x) - 1))
  kSigmoid,  // 1 / (1 + exp(-x))
  kSign,
  kSilu,      // x / (1 + exp(-x))
  kSoftplus,  // log(1 + exp(x))
  kSoftsign,  // x / (1 + |x|)
  kSqrt,
  kSquare,
  kTanh,
  kThresholdedRelu,  // x > alpha ? x : 0
};

struct UnaryFunction {
  UnaryOp op = UnaryOp::kAbs;
  float alpha = 1, beta = 0;
};

// output[i] = f(p(input[i])) with p's constants of `channel`; output may be input. Within 1e-6 of the largest
// of 1 and the exact result, exponentials within 4 of their last places; NaN stays NaN.
using UnaryF32 = void (*)(const UnaryFunction& f, const Pointwise& p, int64_t channel, const float* input,
                          float* output, int64_t count);
UnaryF32 ChooseUnaryF32(int64_t highway_bit);

}  // namespace tempera::kernels
