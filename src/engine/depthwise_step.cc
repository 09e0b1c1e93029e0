// A depthwise convolution with everything fused around it.
#include <string>
#include <utility>

#include "src/engine/conv_step.h"
#include "src/engine/plan_builder.h"
#include "src/kernels/planes/depthwise_f32.h"

namespace tempera::engine {
namespace {

class DepthwiseStep final : public GatheringStep {
 public:
  DepthwiseStep(kernels::DepthwisePlan plan, const Reading& from, kernels::Pointwise write, StorageId to)
      : plan_(std::move(plan)), from_(from.storage), to_(to) {
    args_.read = from.pointwise;
    args_.write = write;
    reads = {from_};
    writes = {to_};
    scratch_bytes = plan_.scratch_bytes;
    weight_bytes = (plan_.weights.size() + plan_.bias.size()) * sizeof(float);
    info.macs = plan_.shape.macs();
  }

  void AddNorm(InstanceNorm* norm) override {
    norms_.push_back(norm);
    moments_.resize(static_cast<size_t>(plan_.shape.n * plan_.shape.out_channels * plan_.tiles));
    args_.moments = moments_.data();
  }

  void Bind(const Memory& memory) override {
    args_.input = memory.floats(from_);
    args_.output = memory.floats(to_);
  }

  Status Run(const RunContext& context) override {
    context.pool.ParallelFor(static_cast<int>(plan_.tasks), [&](int task, int thread) {
      plan_.RunTask(args_, task, context.ScratchOf(thread));
    });
    for (InstanceNorm* norm : norms_) norm->Finish(moments_, plan_.tiles);
    return OkStatus();
  }

 private:
  kernels::DepthwisePlan plan_;
  kernels::ConvArgs args_;
  StorageId from_, to_;
  std::vector<InstanceNorm*> norms_;
  std::vector<kernels::Moments> moments_;
};

}  // namespace

Result<bool> PlanDepthwiseNode(PlanBuilder& builder, const graph::Node& node) {
  const kernels::ConvShape shape = ConvShapeOf(builder.graph(), node);
  // One channel to several is a convolution like any other.
  if (shape.group == 1 && shape.out_channels > 1) return false;
  if (!kernels::DepthwiseServes(shape)) return false;
  const Tensor& weights = *builder.ConstantFloats(node.inputs[1]);
  const Tensor* bias = builder.ConstantFloats(node.inputs[2]);
  auto planned =
      kernels::PlanDepthwise(shape, weights.span<float>(),
                             bias ? bias->span<float>() : std::span<const float>(), builder.highway_bit());
  if (!planned.ok()) {
    return Status(planned.status().code(), "node '" + node.name + "': " + planned.status().message());
  }
  const kernels::Pointwise write = ConvActivationOf(builder.graph(), node);
  const Reading from = builder.PlanarReading(node.inputs[0]);
  const StorageId to = builder.NewStorage(node.outputs[0]);
  auto step = std::make_unique<DepthwiseStep>(std::move(planned).value(), from, write, to);
  step->info.kernel = "depthwise_f32" + ConvShapeName(shape) + " planar " + builder.target_name();
  builder.Add(std::move(step), node);
  builder.DropConstant(node.inputs[1]);
  builder.DropConstant(node.inputs[2]);
  return true;
}

}  // namespace tempera::engine
