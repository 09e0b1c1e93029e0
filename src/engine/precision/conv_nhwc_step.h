// A convolution in 8-bit or bf16, with everything fused around it.
#pragma once

#include <vector>

#include "src/engine/norm.h"
#include "src/engine/plan_builder.h"
#include "src/kernels/nhwc/conv_nhwc.h"

namespace tempera::engine {

class ConvNhwcStep final : public GatheringStep {
 public:
  ConvNhwcStep(kernels::ConvNhwcPlan plan, kernels::Pointwise read, kernels::Pointwise write, StorageId from,
               StorageId to);
  void AddNorm(InstanceNorm* norm) override;

  void Bind(const Memory& memory) override;
  Status Run(const RunContext& context) override;

 private:
  kernels::ConvNhwcPlan plan_;
  kernels::ConvNhwcArgs args_;
  StorageId from_, to_;
  std::vector<InstanceNorm*> norms_;
  std::vector<kernels::Moments> moments_;
};

// Whether PlanConvNhwcNode will serve a tempera.Conv, whatever the layouts around it turn out to be.
bool ConvNhwcNodeServes(const PlanBuilder& builder, const graph::Node& node);

}  // namespace tempera::engine
