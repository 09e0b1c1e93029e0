// Resize and Upsample of pictures along height and width: nearest, linear, cubic.
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/bands.h"
#include "src/engine/plan/plan_builder.h"
#include "src/engine/plan/step_maker.h"
#include "src/kernels/planes/resize_f32.h"
#include "src/ops/resize_axis.h"

namespace tempera::engine {
namespace {

class ResizeStep final : public BandedStep {
 public:
  ResizeStep(kernels::ResizePlan plan, const kernels::Pointwise& read, const NodeData& node)
      : plan_(std::move(plan)), from_(node.reads[0].storage), to_(node.writes[0]) {
    args_.read = read;
    info.kernel = "resize_f32";
    scratch_bytes = plan_.scratch_bytes;
  }

  void Bind(const Memory& memory) override {
    args_.input = memory.floats(from_);
    args_.output = memory.floats(to_);
  }

  int64_t tasks() const override { return plan_.tasks; }
  Pictures pictures() const override {
    return {{plan_.n, plan_.channels, plan_.y.in, plan_.x.in},
            {plan_.n, plan_.channels, plan_.y.out, plan_.x.out}};
  }
  TaskRows RowsOf(int64_t task) const override {
    return {engine::RowsOf(plan_.ReadRegion(task), plan_.y.in),
            engine::RowsOf(plan_.WrittenRegion(task), plan_.y.out)};
  }
  void RunTask(int64_t task, void* scratch) override { plan_.RunTask(args_, task, scratch); }

 private:
  kernels::ResizePlan plan_;
  kernels::ResizePictures args_;
  StorageId from_, to_;
};

ResizeTaps TapsOf(const ops::ResizeMode& mode, const ops::AxisScaling& scaling, bool* crops) {
  const ops::AxisTaps taps = ops::TapsOfAxis(mode, scaling);
  ResizeTaps axis;
  axis.in = scaling.in;
  axis.out = scaling.out;
  axis.taps = taps.count;
  for (int64_t t = 0; t < taps.count; ++t) {
    for (int64_t i = 0; i < axis.out; ++i) {
      const auto at = static_cast<size_t>(i * taps.count + t);
      axis.index.push_back(static_cast<int32_t>(taps.index[at]));
      axis.weight.push_back(taps.weight[at]);
    }
  }
  *crops = *crops || taps.crops;
  return axis;
}

kernels::ResizeAxis AxisOf(const ResizeTaps& taps) {
  kernels::ResizeAxis axis;
  axis.in = taps.in;
  axis.out = taps.out;
  axis.taps = taps.taps;
  axis.index = taps.index;
  axis.weight = taps.weight;
  axis.is_identity = taps.taps == 1 && taps.in == taps.out;
  for (size_t i = 0; i < taps.index.size() && axis.is_identity; ++i) {
    axis.is_identity = taps.index[i] == static_cast<int32_t>(i);
  }
  axis.ascends = kernels::Ascends(axis);
  return axis;
}

}  // namespace

Result<bool> PlanResizeNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0], out = node.outputs[0];
  if (!builder.is_picture(x) || !builder.is_picture(out) || !builder.is_computed(x)) return false;
  const Shape &from = builder.shape(x), &to = builder.shape(out);
  if (from[0] != to[0] || from[1] != to[1]) return false;
  std::vector<const Tensor*> constants;
  for (graph::ValueId v : node.inputs) {
    const bool known = v != graph::kNoValue && builder.graph().value(v).constant.has_value();
    constants.push_back(known ? &*builder.graph().value(v).constant : nullptr);
  }
  const auto scalings = ops::ResizeScalings(node, builder.graph().opset, from, constants);
  const auto mode = ops::ResizeMode::Of(node, builder.graph().opset);
  if (!scalings.ok() || !mode.ok()) return false;
  // Images and channels that are cropped, or resampled to the same count.
  for (size_t d = 0; d < 2; ++d) {
    if (scalings.value()[d].scale != 1.0f || mode.value().crops()) return false;
  }
  bool crops = false;
  ResizeWork work;
  work.rows = TapsOf(mode.value(), scalings.value()[2], &crops);
  work.columns = TapsOf(mode.value(), scalings.value()[3], &crops);
  int64_t tasks = 0;
  if (crops || !CheckedMul(from[0] * from[1], to[2], &tasks) || tasks > (int64_t{1} << 30)) return false;
  const ReadData source = builder.DenseRead(x);
  builder.Add(node, std::move(work), {source}, {builder.NewStorage(out)});
  return true;
}

MadeStep MakeStep(const ResizeWork& work, StepMaker& maker) {
  const Planes from = maker.PictureOfRead();
  return NewStep<ResizeStep>(kernels::PlanResize(from.n, from.channels, AxisOf(work.rows),
                                                 AxisOf(work.columns), maker.highway_bit()),
                             maker.PointwiseOf(maker.read()), maker.node());
}

}  // namespace tempera::engine
