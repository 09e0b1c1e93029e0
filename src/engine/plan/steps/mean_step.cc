// The mean of each plane: GlobalAveragePool, AveragePool of a window as large as the picture, ReduceMean over
// height and width; and its largest number: GlobalMaxPool.
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/plan_builder.h"
#include "src/kernels/moments.h"
#include "src/kernels/task_share.h"

namespace tempera::engine {
namespace {

class MeanStep final : public Step {
 public:
  MeanStep(bool largest, StorageId from, StorageId to, const Planes& planes, int64_t highway_bit)
      : largest_(largest),
        from_(from),
        to_(to),
        planes_(planes),
        moments_of_(kernels::ChooseRegionMomentsF32(highway_bit)) {
    reads = {from};
    writes = {to};
    info.kernel = largest ? "max_f32" : "mean_f32";
  }

  void Bind(const Memory& memory) override {
    input_ = memory.floats(from_);
    output_ = memory.floats(to_);
  }

  Status Run(const RunContext& context) override {
    const int64_t count = planes_.n * planes_.channels, plane = planes_.plane();
    // Small planes share a task.
    const int64_t each = kernels::TaskLines(plane);
    context.pool.ParallelFor(static_cast<int>(CeilDiv(count, each)), [&](int task, int) {
      for (int64_t i = task * each; i < std::min(count, (task + 1) * each); ++i) {
        if (largest_) {
          output_[i] = Largest(input_ + i * plane, plane);
          continue;
        }
        const kernels::Moments m = moments_of_(input_ + i * plane, planes_.h, planes_.w, planes_.w);
        output_[i] = static_cast<float>(m.mean);
      }
    });
    return OkStatus();
  }

 private:
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
  kernels::RegionMomentsF32 moments_of_;
  const float* input_ = nullptr;
  float* output_ = nullptr;
};

// Whether the window covers the whole picture and nothing else.
bool CoversPicture(const graph::Node& node, const Shape& in) {
  const std::vector<int64_t> pads = node.attributes.Ints("pads");
  const std::string auto_pad = node.attributes.String("auto_pad", "NOTSET");
  return node.attributes.Ints("kernel_shape") == std::vector<int64_t>{in[2], in[3]} &&
         node.attributes.Ints("dilations", {1, 1}) == std::vector<int64_t>{1, 1} &&
         std::all_of(pads.begin(), pads.end(), [](int64_t p) { return p == 0; }) &&
         (auto_pad == "NOTSET" || auto_pad == "VALID");
}

}  // namespace

Result<bool> PlanMeanNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0], out = node.outputs[0];
  if (!builder.is_picture(x) || builder.reading(x).storage < 0) return false;
  const Shape in = builder.info(x).shape;
  int64_t count = 0;
  if (!CheckedElementCount(builder.info(out).shape, &count) || count != in[0] * in[1]) return false;
  if (node.op_type == "AveragePool" && !CoversPicture(node, in)) return false;
  if (node.op_type == "ReduceMean") {
    std::vector<int64_t> axes = node.attributes.Ints("axes");
    if (axes.empty() && node.inputs.size() > 1 && node.inputs[1] != graph::kNoValue) {
      const auto& constant = builder.graph().value(node.inputs[1]).constant;
      if (!constant || constant->dtype() != DataType::kInt64) return false;
      axes.assign(constant->span<int64_t>().begin(), constant->span<int64_t>().end());
    }
    for (int64_t& a : axes) a += a < 0 ? 4 : 0;
    std::sort(axes.begin(), axes.end());
    if (axes != std::vector<int64_t>{2, 3}) return false;
  }
  const StorageId from = builder.Materialize(x);
  builder.Add(std::make_unique<MeanStep>(node.op_type == "GlobalMaxPool", from, builder.NewStorage(out),
                                         builder.PlanesOf(x), builder.highway_bit()),
              node);
  return true;
}

}  // namespace tempera::engine
