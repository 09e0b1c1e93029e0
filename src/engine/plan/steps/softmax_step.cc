// Softmax along one axis, or (before opset 13) over everything from an axis on.
#include <algorithm>

#include "src/base/checked_math.h"
#include "src/engine/plan/plan_builder.h"
#include "src/engine/plan/step_maker.h"
#include "src/kernels/planes/softmax_f32.h"
#include "src/kernels/task_share.h"
#include "src/ops/shape_rules.h"

namespace tempera::engine {
namespace {

// Half of the usual: each number is an exponential.
constexpr int64_t kSoftmaxNumbers = kernels::kTaskNumbers / 2;
constexpr int64_t kVector = 16;  // tasks begin at whole vectors

class SoftmaxStep final : public Step {
 public:
  SoftmaxStep(const SoftmaxWork& work, StorageId from, StorageId to, int64_t highway_bit)
      : count_(work.outer * work.inner),
        size_(work.size),
        inner_(work.inner),
        from_(from),
        to_(to),
        softmax_(kernels::ChooseSoftmaxF32(highway_bit)) {
    info.kernel = "softmax_f32";
    scratch_bytes = static_cast<uint64_t>(kernels::SoftmaxScratchFloats(size_)) * sizeof(float);
    per_task_ = RoundUp(CeilDiv(kSoftmaxNumbers, size_), kVector);
  }

  void Bind(const Memory& memory) override {
    input_ = memory.floats(from_);
    output_ = memory.floats(to_);
  }

  Status Run(const RunContext& context) override {
    context.pool.ParallelFor(static_cast<int>(CeilDiv(count_, per_task_)), [&](int task, int thread) {
      const int64_t first = task * per_task_;
      softmax_(input_, size_, inner_, first, std::min(count_, first + per_task_), output_,
               static_cast<float*>(context.ScratchOf(thread)));
    });
    return OkStatus();
  }

 private:
  int64_t count_, size_, inner_;
  StorageId from_, to_;
  kernels::SoftmaxF32 softmax_;
  int64_t per_task_;
  const float* input_ = nullptr;
  float* output_ = nullptr;
};

}  // namespace

Result<bool> PlanSoftmaxNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  const Shape& shape = builder.shape(x);
  int64_t count = 0;
  if (!builder.is_float(x) || !builder.is_computed(x)) return false;
  if (!CheckedElementCount(shape, &count) || count == 0) return false;
  const auto* fused = std::get_if<graph::FusedSoftmax>(&node.fused);
  const bool flat = fused == nullptr && builder.graph().opset < 13;
  const auto axis = fused != nullptr
                        ? Result<int64_t>(fused->axis)
                        : ops::NormalizeAxis(node.attributes.Int("axis", flat ? 1 : -1), shape.size());
  if (!axis.ok()) return false;
  SoftmaxWork work;
  for (size_t d = 0; d < shape.size(); ++d) {
    const auto at = static_cast<int64_t>(d);
    (at < axis.value() ? work.outer : at == axis.value() || flat ? work.size : work.inner) *= shape[d];
  }
  // One long distribution is better left to the plain loop, which needs no room for a vector of them.
  if (work.size > 64 * 1024) return false;
  const ReadData from = builder.Materialize(x);
  builder.Add(node, work, {from}, {builder.NewStorage(node.outputs[0])});
  return true;
}

MadeStep MakeStep(const SoftmaxWork& work, StepMaker& maker) {
  return NewStep<SoftmaxStep>(work, maker.read().storage, maker.node().writes[0], maker.highway_bit());
}

}  // namespace tempera::engine
