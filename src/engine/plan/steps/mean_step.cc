#include "src/engine/plan/steps/mean_step.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/bands.h"
#include "src/engine/plan/plan_builder.h"
#include "src/kernels/planes/pool_f32.h"
#include "src/kernels/task_share.h"
#include "src/ops/window.h"

namespace tempera::engine {
namespace {

// The mean of each plane: GlobalAveragePool, AveragePool of a window as large as the picture, ReduceMean over
// height and width; and its largest number: GlobalMaxPool.
class MeanStep final : public Step {
 public:
  MeanStep(bool largest, StorageId from, StorageId to, const Planes& planes, int64_t highway_bit)
      : largest_(largest),
        from_(from),
        to_(to),
        planes_(planes),
        means_(kernels::ChoosePlaneMeansF32(highway_bit)) {
    info.kernel = largest ? "max_f32" : "mean_f32";
  }

  void Bind(const Memory& memory) override {
    input_ = memory.floats(from_);
    output_ = memory.floats(to_);
  }

  Status Run(const RunContext& context) override {
    const int64_t count = planes_.n * planes_.channels, plane = planes_.plane();
    // Small planes share a task.
    const int64_t each = std::max<int64_t>(1, kTaskNumbers / plane);
    context.pool.ParallelFor(static_cast<int>(CeilDiv(count, each)), [&](int task, int) {
      const int64_t first = task * each, last = std::min(count, first + each);
      if (!largest_) return means_(input_ + first * plane, last - first, plane, output_ + first);
      for (int64_t i = first; i < last; ++i) output_[i] = Largest(input_ + i * plane, plane);
    });
    return OkStatus();
  }

 private:
  // Numbers are only read, and once: four times the usual task takes some microseconds, below which a second
  // thread comes too late.
  static constexpr int64_t kTaskNumbers = 4 * kernels::kTaskNumbers;

  // Sixteen at a time, so that a compiler sees whole vectors.
  static float Largest(const float* numbers, int64_t count) {
    constexpr int64_t kTogether = 16;
    std::array<float, kTogether> most;
    most.fill(-std::numeric_limits<float>::infinity());
    int64_t i = 0;
    for (; i + kTogether <= count; i += kTogether) {
      for (size_t k = 0; k < kTogether; ++k) {
        const float x = numbers[static_cast<size_t>(i) + k];
        most[k] = most[k] < x ? x : most[k];
      }
    }
    float all = *std::max_element(most.begin(), most.end());
    for (; i < count; ++i) all = all < numbers[i] ? numbers[i] : all;
    return all;
  }

  bool largest_;
  StorageId from_, to_;
  Planes planes_;
  kernels::PlaneMeansF32 means_;
  const float* input_ = nullptr;
  float* output_ = nullptr;
};

PoolWork WholePicture(const Shape& in, bool mean) {
  return {.mean = mean, .kernel_h = in[2], .kernel_w = in[3]};
}

// The window that an AveragePool says in so many words, or the whole picture.
PoolWork WindowOf(const graph::Node& node, const Shape& in) {
  if (node.op_type != "AveragePool") return WholePicture(in, node.op_type != "GlobalMaxPool");
  const auto window = ops::ResolveWindow(node, std::span(in).subspan(2), {});
  if (!window.ok()) return {.kernel_h = 0};  // covers nothing
  return {.mean = true,
          .kernel_h = window->kernel[0],
          .kernel_w = window->kernel[1],
          .dilation_h = window->dilations[0],
          .dilation_w = window->dilations[1],
          .pad_top = window->pads_begin[0],
          .pad_left = window->pads_begin[1],
          .pad_bottom = window->pads_end[0],
          .pad_right = window->pads_end[1],
          .out_h = window->output[0],
          .out_w = window->output[1]};
}

bool ReducesPlanes(const PlanBuilder& builder, const graph::Node& node) {
  std::vector<int64_t> axes = node.attributes.Ints("axes");
  if (axes.empty() && node.inputs.size() > 1 && node.inputs[1] != graph::kNoValue) {
    const auto& constant = builder.graph().value(node.inputs[1]).constant;
    if (!constant || constant->dtype() != DataType::kInt64) return false;
    axes.assign(constant->span<int64_t>().begin(), constant->span<int64_t>().end());
  }
  for (int64_t& a : axes) a += a < 0 ? 4 : 0;
  std::sort(axes.begin(), axes.end());
  return axes == std::vector<int64_t>{2, 3};
}

}  // namespace

bool CoversPicture(const PoolWork& w, const Shape& in) {
  return w.kernel_h == in[2] && w.kernel_w == in[3] && w.dilation_h == 1 && w.dilation_w == 1 &&
         w.pad_top == 0 && w.pad_left == 0 && w.pad_bottom == 0 && w.pad_right == 0 && w.out_h == 1 &&
         w.out_w == 1;
}

Result<bool> PlanMeanNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0], out = node.outputs[0];
  if (!builder.is_picture(x) || !builder.is_computed(x)) return false;
  const Shape in = builder.shape(x);
  int64_t count = 0;
  if (!CheckedElementCount(builder.shape(out), &count) || count != in[0] * in[1]) return false;
  if (node.op_type == "ReduceMean" && !ReducesPlanes(builder, node)) return false;
  const PoolWork work = WindowOf(node, in);
  if (!CoversPicture(work, in)) return false;
  const ReadData from = builder.Materialize(x);
  builder.Add(node, work, {from}, {builder.NewStorage(out)});
  return true;
}

MadeStep MakeMeanStep(const PoolWork& work, StepMaker& maker) {
  return NewStep<MeanStep>(!work.mean, maker.read().storage, maker.node().writes[0], maker.PictureOfRead(),
                           maker.highway_bit());
}

}  // namespace tempera::engine
