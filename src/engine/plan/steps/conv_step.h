// A planned convolution with everything fused around it.
#pragma once

#include <string>
#include <vector>

#include "src/engine/ends/task_ends.h"
#include "src/engine/plan/norm.h"
#include "src/engine/plan/step.h"
#include "src/engine/precision/conv_shape.h"
#include "src/graph/graph.h"
#include "src/kernels/conv/conv_f32.h"

namespace tempera::engine {

class ConvStep final : public GatheringStep {
 public:
  ConvStep(kernels::ConvPlan plan, kernels::Pointwise read, kernels::Pointwise write, StorageId from,
           StorageId to);
  // Also gathers the statistics of what it writes, and turns them into norm's scale and shift.
  void AddNorm(InstanceNorm* norm) override;

  void Bind(const Memory& memory) override;
  int64_t tasks() const override { return plan_.tasks; }
  Pictures pictures() const override { return PicturesOf(plan_.shape); }
  TaskRows RowsOf(int64_t task) const override { return RowsOfTask(plan_, task); }
  void RunTask(int64_t task, void* scratch) override { ends_.RunTask(plan_, args_, task, scratch); }
  bool TakeSource(const PictureSource* source) override;
  bool TakeSink(const PictureSink* sink) override;

 private:
  kernels::ConvPlan plan_;
  kernels::ConvArgs args_;
  TaskEnds ends_;
  StorageId from_, to_;
};

// What a tempera.Conv of a specialised graph applies as it writes.
kernels::Pointwise ConvActivationOf(const graph::Graph& graph, const graph::Node& node);
// " 3x3 s2 g4": the part of a kernel's name that the shape gives.
std::string ConvShapeName(const kernels::ConvShape& shape);

}  // namespace tempera::engine
