// A planned convolution with everything fused around it.
#pragma once

#include <vector>

#include "src/engine/norm.h"
#include "src/engine/step.h"
#include "src/kernels/conv_f32.h"

namespace tempera::engine {

class ConvStep final : public Step {
 public:
  ConvStep(kernels::ConvPlan plan, kernels::Pointwise read, kernels::Pointwise write, StorageId from,
           StorageId to);
  // Also gathers the statistics of what it writes, and turns them into norm's scale and shift.
  void AddNorm(InstanceNorm norm);

  void Bind(const Memory& memory) override;
  Status Run(const RunContext& context) override;

 private:
  kernels::ConvPlan plan_;
  kernels::ConvArgs args_;
  StorageId from_, to_;
  std::vector<InstanceNorm> norms_;
  std::vector<kernels::Moments> moments_;
};

}  // namespace tempera::engine
