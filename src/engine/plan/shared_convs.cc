#include "src/engine/plan/shared_convs.h"

#include <utility>

namespace tempera::engine {

Result<std::shared_ptr<const kernels::ConvPlan>> SharedConvs::Plan(const kernels::ConvShape& shape,
                                                                   std::span<const float> weights,
                                                                   std::span<const float> bias,
                                                                   int64_t highway_bit) {
  const auto [begin, end] = packed_.equal_range(weights.data());
  for (auto it = begin; it != end; ++it) {
    const Packed& p = it->second;
    if (p.shape == shape && p.bias.data() == bias.data() && p.bias.size() == bias.size() &&
        p.highway_bit == highway_bit)
      return p.plan;
  }
  // A shape that is not itself (padded with NaN) would be packed and kept again and again.
  const bool keeps = shape == shape;
  TEMPERA_ASSIGN_OR_RETURN(kernels::ConvPlan planned, kernels::PlanConv(shape, weights, bias, highway_bit));
  auto plan = std::make_shared<const kernels::ConvPlan>(std::move(planned));
  if (keeps) packed_.emplace(weights.data(), Packed{shape, bias, highway_bit, plan});
  return plan;
}

}  // namespace tempera::engine
