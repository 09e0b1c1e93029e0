// From moments to the scale and shift of an instance norm.
#pragma once

#include <cstdint>
#include <vector>

#include "src/kernels/moments.h"

namespace tempera::engine {

// y = (x - mean) / sqrt(variance + epsilon) * gamma + beta per image and channel
// (Ulyanov, Vedaldi, Lempitsky 2016, "Instance normalization: the missing ingredient for fast stylization").
struct InstanceNorm {
  std::vector<float> gamma, beta;  // one per channel
  float epsilon = 1e-5f;
  // Where the result goes: n * channels numbers each, owned by the plan.
  std::vector<float>* scale = nullptr;
  std::vector<float>* shift = nullptr;

  // moments: [n * channels][tiles]. Tiles are joined in order, so the result does not
  // depend on which thread gathered which.
  void Finish(const std::vector<kernels::Moments>& moments, int64_t tiles) const;
};

}  // namespace tempera::engine
