// Packed fp32 convolutions that several plans of one graph share.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>

#include "src/kernels/conv/conv_f32.h"

namespace tempera::engine {

// For plans that differ in precisions only, as the candidates of a calibration do: transforming weights took
// four tenths of it. Of one graph, whose constants stay where they
// are until the last Plan; one thread at a time.
class SharedConvs {
 public:
  // As kernels::PlanConv, once for each convolution.
  Result<std::shared_ptr<const kernels::ConvPlan>> Plan(const kernels::ConvShape& shape,
                                                        std::span<const float> weights,
                                                        std::span<const float> bias, int64_t highway_bit);

 private:
  struct Packed {
    kernels::ConvShape shape;
    std::span<const float> bias;
    int64_t highway_bit;
    std::shared_ptr<const kernels::ConvPlan> plan;
  };
  std::unordered_multimap<const float*, Packed> packed_;  // by their weights
};

}  // namespace tempera::engine
