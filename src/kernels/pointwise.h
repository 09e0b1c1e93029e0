// What is done to each number by itself: y = activation(x * scale[channel] + shift[channel]).
// An instance norm becomes one of these once its statistics are known; it is not applied
// to memory but as the next kernel reads.
#pragma once

#include <limits>

namespace tempera::kernels {

enum class Activation {
  kNone,
  kClamp,      // min(max(x, lo), hi): Relu is lo = 0, hi = infinity
  kSlope,      // x < 0 ? slope[channel] * x : x: LeakyRelu and PRelu
  kHardSwish,  // x * min(max(x / 6 + 1 / 2, 0), 1), of what a convolution writes; not of what is read
};

struct Pointwise {
  // One number a channel, or nullptr for both: no scale, no shift. Not owned.
  const float* scale = nullptr;
  const float* shift = nullptr;
  Activation activation = Activation::kNone;
  float lo = -std::numeric_limits<float>::infinity();
  float hi = std::numeric_limits<float>::infinity();
  const float* slope = nullptr;  // one number a channel, for kSlope. Not owned.

  bool is_identity() const { return scale == nullptr && activation == Activation::kNone; }
};

}  // namespace tempera::kernels
