// A depthwise convolution between interleaved pictures, in fp32 arithmetic whatever runs beside it.
#include <algorithm>
#include <string>
#include <utility>

#include "src/engine/plan/plan_builder.h"
#include "src/engine/plan/steps/conv_nhwc_step.h"
#include "src/engine/plan/steps/conv_step.h"
#include "src/kernels/nhwc/depthwise_nhwc.h"
#include "src/kernels/planes/depthwise_f32.h"

namespace tempera::engine {
namespace {

using kernels::PictureLayout;

class DepthwiseNhwcStep final : public BandedStep {
 public:
  DepthwiseNhwcStep(kernels::DepthwiseNhwcPlan plan, const Reading& from, kernels::Pointwise write,
                    StorageId to)
      : plan_(std::move(plan)), from_(from.storage), to_(to) {
    args_.read = from.pointwise;
    args_.write = write;
    reads = {from_};
    writes = {to_};
    scratch_bytes = plan_.scratch_bytes;
    weight_bytes = plan_.weights.size_bytes() + plan_.bias.size() * sizeof(float);
    info.macs = plan_.shape.macs();
    rows_.shape = plan_.shape;
    rows_.tile_h = plan_.tile_h;
    rows_.tile_w = plan_.shape.out_w;
    rows_.tiles = plan_.tiles;
    rows_.tiles_x = 1;
  }

  void Bind(const Memory& memory) override {
    args_.input = memory.at(from_);
    args_.output = memory.at(to_);
  }

  int64_t tasks() const override { return plan_.tasks; }
  Pictures pictures() const override { return PicturesOf(plan_.shape); }
  TaskRows RowsOf(int64_t task) const override { return RowsOfTask(rows_, task); }
  void RunTask(int64_t task, void* scratch) override { plan_.RunTask(args_, task, scratch); }

 private:
  kernels::DepthwiseNhwcPlan plan_;
  kernels::DepthwisePlan
      rows_;  // over planes, with the same tasks: the rows it reads and writes are the same
  kernels::ConvNhwcArgs args_;
  StorageId from_, to_;
};

}  // namespace

Result<bool> PlanDepthwiseNhwcNode(PlanBuilder& builder, const graph::Node& node) {
  const Reading from = builder.reading(node.inputs[0]);
  if (from.planar() || builder.LayoutOf(node.outputs[0]) != PictureLayout::kNhwcF16) return false;
  const kernels::ConvShape shape = ConvShapeOf(builder.graph(), node);
  if (!kernels::DepthwiseNhwcServes(shape)) return false;
  const Tensor& weights = *builder.ConstantFloats(node.inputs[1]);
  const Tensor* bias = builder.ConstantFloats(node.inputs[2]);
  auto planned = kernels::PlanDepthwiseNhwc(shape, weights.span<float>(),
                                            bias != nullptr ? bias->span<float>() : std::span<const float>(),
                                            builder.highway_bit());
  if (!planned.ok()) {
    return Status(planned.status().code(), "node '" + node.name + "': " + planned.status().message());
  }
  const kernels::Pointwise write = ConvActivationOf(builder.graph(), node);
  const StorageId to = builder.NewStorage(node.outputs[0], PictureLayout::kNhwcF16);
  auto step = std::make_unique<DepthwiseNhwcStep>(std::move(planned).value(), from, write, to);
  step->info.kernel = "depthwise_f16" + ConvShapeName(shape) + " nhwc " + builder.target_name();
  builder.Add(std::move(step), node);
  builder.DropConstant(node.inputs[1]);
  builder.DropConstant(node.inputs[2]);
  return true;
}

}  // namespace tempera::engine
