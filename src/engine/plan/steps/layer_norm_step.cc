// LayerNormalization over the last dimensions, a stretch of memory each: moments, then scale and shift.
#include <algorithm>
#include <cmath>

#include "src/base/checked_math.h"
#include "src/engine/plan/plan_builder.h"
#include "src/engine/plan/step_maker.h"
#include "src/kernels/moments.h"
#include "src/kernels/task_share.h"
#include "src/ops/shape_rules.h"

namespace tempera::engine {
namespace {

class LayerNormStep final : public Step {
 public:
  struct Constants {
    const float *scale, *bias;  // bias: or nullptr
    bool one_number;            // each, for all
    float epsilon;
  };
  LayerNormStep(int64_t count, int64_t size, const Constants& constants, StorageId from, StorageId to,
                int64_t highway_bit)
      : count_(count),
        size_(size),
        constants_(constants),
        from_(from),
        to_(to),
        moments_of_(kernels::ChooseRegionMomentsF32(highway_bit)) {
    info.kernel = "layer_norm_f32";
  }

  void Bind(const Memory& memory) override {
    input_ = memory.floats(from_);
    output_ = memory.floats(to_);
  }

  Status Run(const RunContext& context) override {
    const int64_t each = kernels::TaskLines(size_);
    context.pool.ParallelFor(static_cast<int>(CeilDiv(count_, each)), [&](int task, int) {
      for (int64_t i = task * each; i < std::min(count_, (task + 1) * each); ++i) Normalize(i * size_);
    });
    return OkStatus();
  }

 private:
  void Normalize(int64_t at) const {
    const float* from = input_ + at;
    float* __restrict to = output_ + at;
    const kernels::Moments m = moments_of_(from, 1, size_, size_);
    const auto mean = static_cast<float>(m.mean);
    const auto inverse = static_cast<float>(1 / std::sqrt(m.variance() + constants_.epsilon));
    const float *scale = constants_.scale, *bias = constants_.bias;
    if (constants_.one_number) {
      const float a = inverse * scale[0], b = bias != nullptr ? bias[0] : 0;
      for (int64_t i = 0; i < size_; ++i) to[i] = (from[i] - mean) * a + b;
    } else if (bias == nullptr) {
      for (int64_t i = 0; i < size_; ++i) to[i] = (from[i] - mean) * inverse * scale[i];
    } else {
      for (int64_t i = 0; i < size_; ++i) to[i] = (from[i] - mean) * inverse * scale[i] + bias[i];
    }
  }

  int64_t count_, size_;
  Constants constants_;
  StorageId from_, to_;
  kernels::RegionMomentsF32 moments_of_;
  const float* input_ = nullptr;
  float* output_ = nullptr;
};

}  // namespace

Result<bool> PlanLayerNormNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  const Shape& shape = builder.shape(x);
  int64_t total = 0;
  if (!builder.is_float(x) || !builder.is_computed(x)) return false;
  if (!CheckedElementCount(shape, &total) || total == 0) return false;
  for (size_t i = 1; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != graph::kNoValue) return false;  // statistics are asked of the plain loop
  }
  const auto axis = ops::NormalizeAxis(node.attributes.Int("axis", -1), shape.size());
  if (!axis.ok()) return false;
  int64_t size = 1;
  for (size_t d = static_cast<size_t>(axis.value()); d < shape.size(); ++d) size *= shape[d];
  const Tensor* scale = builder.ConstantFloats(node.inputs[1]);
  const bool has_bias = node.inputs.size() > 2 && node.inputs[2] != graph::kNoValue;
  const Tensor* bias = has_bias ? builder.ConstantFloats(node.inputs[2]) : nullptr;
  if (scale == nullptr || (has_bias && bias == nullptr)) return false;
  // One number for all and a number each do not mix here.
  const int64_t numbers = scale->element_count();
  if ((numbers != size && numbers != 1) || (has_bias && bias->element_count() != numbers)) return false;
  const LayerNormWork work = {.count = total / size,
                              .size = size,
                              .scale = builder.NameOf(node.inputs[1]),
                              .bias = has_bias ? builder.NameOf(node.inputs[2]) : std::string(),
                              .epsilon = node.attributes.Float("epsilon", 1e-5f)};
  const ReadData from = builder.Materialize(x);
  builder.Add(node, work, {from}, {builder.NewStorage(node.outputs[0])});
  return true;
}

MadeStep MakeStep(const LayerNormWork& work, StepMaker& maker) {
  const LayerNormStep::Constants constants = {maker.KeepFloats(work.scale), maker.KeepFloats(work.bias),
                                              maker.Peek(work.scale).size() == 1, work.epsilon};
  return NewStep<LayerNormStep>(work.count, work.size, constants, maker.read().storage,
                                maker.node().writes[0], maker.highway_bit());
}

}  // namespace tempera::engine
