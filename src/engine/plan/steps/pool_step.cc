// MaxPool and AveragePool over height and width.
#include <algorithm>
#include <span>
#include <utility>

#include "src/engine/plan/bands.h"
#include "src/engine/plan/plan_builder.h"
#include "src/engine/plan/step_maker.h"
#include "src/engine/plan/steps/mean_step.h"
#include "src/kernels/planes/pool_f32.h"
#include "src/ops/window.h"

namespace tempera::engine {
namespace {

// Of height, or of width.
kernels::PoolAxis AxisOf(const PoolWork& w, bool height, int64_t in) {
  kernels::PoolAxis axis;
  axis.kernel = height ? w.kernel_h : w.kernel_w;
  axis.stride = height ? w.stride_h : w.stride_w;
  axis.dilation = height ? w.dilation_h : w.dilation_w;
  axis.pad_begin = height ? w.pad_top : w.pad_left;
  axis.in = in;
  axis.out = height ? w.out_h : w.out_w;
  const int64_t behind = height ? w.pad_bottom : w.pad_right;
  for (int64_t o = 0; o < axis.out; ++o) {
    int64_t inside = 0, padded = 0;
    for (int64_t k = 0; k < axis.kernel; ++k) {
      const int64_t i = axis.at(o, k);
      inside += i >= 0 && i < in ? 1 : 0;
      padded += i < in + behind ? 1 : 0;
    }
    // 0 marks a window of padding alone.
    axis.taps.push_back(static_cast<float>(inside == 0 ? 0 : w.counts_padding ? padded : inside));
  }
  return axis;
}

bool HasEmptyWindow(const kernels::PoolAxis& axis) {
  return std::count(axis.taps.begin(), axis.taps.end(), 0.0f) > 0;
}

class PoolStep final : public BandedStep {
 public:
  PoolStep(kernels::PoolPlan plan, const NodeData& node)
      : plan_(std::move(plan)), from_(node.reads[0].storage), to_(node.writes[0]) {
    scratch_bytes = plan_.scratch_bytes;
    info.kernel = plan_.mean ? "mean_pool_f32" : "max_pool_f32";
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
  kernels::PoolPlan plan_;
  kernels::PoolArgs args_;
  StorageId from_, to_;
};

}  // namespace

Result<bool> PlanPoolNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0], out = node.outputs[0];
  const bool mean = node.op_type == "AveragePool";
  if (!builder.is_picture(x) || !builder.is_computed(x) || !builder.is_picture(out)) return false;
  // Where the maxima lay is asked of the plain loop.
  if (node.outputs.size() > 1 && node.outputs[1] != graph::kNoValue) return false;
  const Shape in = builder.shape(x);
  const Result<ops::Window> window = ops::ResolveWindow(node, std::span(in).subspan(2), {});
  if (!window.ok()) return false;
  const ops::Window& w = *window;
  const PoolWork work = {.mean = mean,
                         .counts_padding = mean && node.attributes.Int("count_include_pad", 0) != 0,
                         .kernel_h = w.kernel[0],
                         .kernel_w = w.kernel[1],
                         .stride_h = w.strides[0],
                         .stride_w = w.strides[1],
                         .dilation_h = w.dilations[0],
                         .dilation_w = w.dilations[1],
                         .pad_top = w.pads_begin[0],
                         .pad_left = w.pads_begin[1],
                         .pad_bottom = w.pads_end[0],
                         .pad_right = w.pads_end[1],
                         .out_h = w.output[0],
                         .out_w = w.output[1]};
  if (HasEmptyWindow(AxisOf(work, true, in[2])) || HasEmptyWindow(AxisOf(work, false, in[3]))) return false;
  const ReadData from = builder.Materialize(x);
  builder.Add(node, work, {from}, {builder.NewStorage(out)});
  return true;
}

MadeStep MakeStep(const PoolWork& work, StepMaker& maker) {
  const Shape& in = maker.read().shape;
  if (CoversPicture(work, in)) return MakeMeanStep(work, maker);
  return NewStep<PoolStep>(
      kernels::PlanPool(work.mean, in[0], in[1], AxisOf(work, true, in[2]), AxisOf(work, false, in[3])),
      maker.node());
}

}  // namespace tempera::engine
