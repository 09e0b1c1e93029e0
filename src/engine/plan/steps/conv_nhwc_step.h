// A convolution in 8-bit or bf16, with everything fused around it.
#pragma once

#include <vector>

#include "src/engine/ends/task_ends.h"
#include "src/engine/plan/norm.h"
#include "src/engine/plan/plan_builder.h"
#include "src/kernels/nhwc/conv_nhwc.h"

namespace tempera::engine {

class ConvNhwcStep final : public GatheringStep {
 public:
  ConvNhwcStep(kernels::ConvNhwcPlan plan, kernels::Pointwise read, kernels::Pointwise write, StorageId from,
               StorageId to);
  void AddNorm(InstanceNorm* norm) override;

  void Bind(const Memory& memory) override;
  int64_t tasks() const override { return plan_.tasks; }
  Pictures pictures() const override { return PicturesOf(plan_.shape); }
  TaskRows RowsOf(int64_t task) const override { return RowsOfTask(plan_, task); }
  void RunTask(int64_t task, void* scratch) override { ends_.RunTask(plan_, args_, task, scratch); }
  bool TakeSource(const PictureSource* source) override;
  bool TakeSink(const PictureSink* sink) override;

 private:
  kernels::ConvNhwcPlan plan_;
  kernels::ConvNhwcArgs args_;
  TaskEnds ends_;
  StorageId from_, to_;
};

// Whether PlanConvNhwcNode will serve a tempera.Conv, whatever the layouts around it turn out to be.
bool ConvNhwcNodeServes(const PlanBuilder& builder, const graph::Node& node);

// Of a depthwise one that stands between interleaved pictures: in fp32 arithmetic, whatever runs beside it
// (depthwise_nhwc_step.cc). False where it does not.
Result<bool> PlanDepthwiseNhwcNode(PlanBuilder& builder, const graph::Node& node);

}  // namespace tempera::engine
