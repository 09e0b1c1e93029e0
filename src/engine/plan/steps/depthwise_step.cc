// Depthwise convolutions, and those of single pixels, with everything fused around them.
#include <span>
#include <string>
#include <utility>

#include "src/engine/plan/plan_builder.h"
#include "src/engine/plan/steps/conv_step.h"
#include "src/kernels/planes/depthwise_f32.h"
#include "src/kernels/planes/mix_f32.h"

namespace tempera::engine {
namespace {

// ConvPlan: one of the two kernels' plans.
template <typename ConvPlan>
class PlaneConvStep final : public GatheringStep {
 public:
  PlaneConvStep(ConvPlan plan, size_t bytes_of_weights, const Reading& from, kernels::Pointwise write,
                StorageId to)
      : plan_(std::move(plan)), from_(from.storage), to_(to) {
    args_.read = from.pointwise;
    args_.write = write;
    reads = {from_};
    writes = {to_};
    scratch_bytes = plan_.scratch_bytes;
    weight_bytes = bytes_of_weights;
    info.macs = plan_.shape.macs();
  }

  void AddNorm(InstanceNorm* norm) override {
    args_.moments = Gather(norm, plan_.shape.n * plan_.shape.out_channels * plan_.tiles,
                           plan_.tiles * plan_.shape.pixels_a_channel());
  }

  void Bind(const Memory& memory) override {
    args_.input = memory.floats(from_);
    args_.output = memory.floats(to_);
  }

  int64_t tasks() const override { return plan_.tasks; }
  Pictures pictures() const override { return PicturesOf(plan_.shape); }
  TaskRows RowsOf(int64_t task) const override { return RowsOfTask(plan_, task); }
  void RunTask(int64_t task, void* scratch) override { plan_.RunTask(args_, task, scratch); }

 private:
  ConvPlan plan_;
  kernels::ConvArgs args_;
  StorageId from_, to_;
};

// The step of a planned convolution, `planned` being a Result of its plan.
template <typename ConvPlan>
Result<bool> AddPlaneConv(PlanBuilder& builder, const graph::Node& node, Result<ConvPlan> planned,
                          const std::string& kernel) {
  if (!planned.ok()) {
    return Status(planned.status().code(), "node '" + node.name + "': " + planned.status().message());
  }
  const kernels::ConvShape shape = planned->shape;
  const auto weights = static_cast<size_t>(builder.ConstantFloats(node.inputs[1])->element_count());
  const size_t bytes = (weights + static_cast<size_t>(shape.out_channels)) * sizeof(float);
  const kernels::Pointwise write = ConvActivationOf(builder.graph(), node);
  const Reading from = builder.PlanarReading(node.inputs[0]);
  const StorageId to = builder.NewStorage(node.outputs[0]);
  auto step = std::make_unique<PlaneConvStep<ConvPlan>>(std::move(planned).value(), bytes, from, write, to);
  const std::string form = shape.upsample == 2 ? " x2" : "";
  step->info.kernel = kernel + ConvShapeName(shape) + form + " planar " + builder.target_name();
  builder.Add(std::move(step), node);
  builder.DropConstant(node.inputs[1]);
  builder.DropConstant(node.inputs[2]);
  return true;
}

std::span<const float> BiasOf(const PlanBuilder& builder, const graph::Node& node) {
  const Tensor* bias = builder.ConstantFloats(node.inputs[2]);
  return bias != nullptr ? bias->span<float>() : std::span<const float>();
}

}  // namespace

Result<bool> PlanDepthwiseNode(PlanBuilder& builder, const graph::Node& node) {
  const kernels::ConvShape shape = ConvShapeOf(builder.graph(), node);
  // One channel to several is a convolution like any other.
  if (shape.group == 1 && shape.out_channels > 1) return false;
  if (!kernels::DepthwiseServes(shape)) return false;
  const auto weights = builder.ConstantFloats(node.inputs[1])->span<float>();
  return AddPlaneConv(builder, node,
                      kernels::PlanDepthwise(shape, weights, BiasOf(builder, node), builder.highway_bit()),
                      "depthwise_f32");
}

Result<bool> PlanMixNode(PlanBuilder& builder, const graph::Node& node) {
  const kernels::ConvShape shape = ConvShapeOf(builder.graph(), node);
  if (!kernels::MixServes(shape)) return false;
  const auto weights = builder.ConstantFloats(node.inputs[1])->span<float>();
  const bool pending = !builder.PlanarReading(node.inputs[0]).pointwise.is_identity();
  return AddPlaneConv(builder, node,
                      kernels::PlanMix(shape, weights, BiasOf(builder, node), pending, builder.highway_bit()),
                      "mix_f32");
}

}  // namespace tempera::engine
