#include <algorithm>
#include <utility>

#include "src/engine/plan/norm.h"
#include "src/engine/plan/step_maker.h"
#include "src/engine/plan/steps/parameters_node.h"

namespace tempera::engine {
namespace {

class ParametersStep final : public Step {
 public:
  explicit ParametersStep(InstanceNorm* norm) : norm_(norm) { info.kernel = "parameters"; }

  // Repeats them where `to` has room for several images.
  void Take(const ReadData& from, std::vector<float>* to) {
    parts_.push_back({from.storage, static_cast<size_t>(from.shape[0]), nullptr, to});
  }

  void Bind(const Memory& memory) override {
    for (Part& part : parts_) part.numbers = memory.floats(part.from);
  }
  Status Run(const RunContext&) override {
    for (const Part& part : parts_) {
      for (size_t at = 0; at < part.to->size(); at += part.count)
        std::copy_n(part.numbers, part.count, part.to->begin() + static_cast<ptrdiff_t>(at));
    }
    if (norm_ != nullptr) norm_->Apply();
    return OkStatus();
  }

 private:
  struct Part {
    StorageId from;
    size_t count;
    const float* numbers;
    std::vector<float>* to;
  };
  InstanceNorm* norm_;
  std::vector<Part> parts_;
};

}  // namespace

bool HasParameters(const PlanBuilder& builder, const graph::Node& node) {
  const Shape& x = builder.shape(node.inputs[0]);
  for (size_t i : {1, 2}) {
    const graph::ValueId v = node.inputs[i];
    if (!builder.CanRead(v) || builder.shape(v) != Shape{x[1]}) return false;
  }
  return true;
}

std::string ParameterName(const PlanBuilder& builder, graph::ValueId v) {
  return builder.ConstantFloats(v) == nullptr ? std::string() : builder.NameOf(v);
}

std::vector<float> ParametersOf(const PlanBuilder& builder, graph::ValueId v) {
  const Tensor* constant = builder.ConstantFloats(v);
  if (constant == nullptr) return std::vector<float>(static_cast<size_t>(builder.shape(v)[0]));
  return {constant->span<float>().begin(), constant->span<float>().end()};
}

void AddParametersNode(PlanBuilder& builder, const graph::Node& node, ParametersWork work) {
  NodeData data;
  for (const auto& [input, read] :
       {std::pair{size_t{1}, &work.scale_read}, std::pair{size_t{2}, &work.shift_read}}) {
    const graph::ValueId v = node.inputs[input];
    if (builder.ConstantFloats(v) != nullptr) continue;
    *read = static_cast<int32_t>(data.reads.size());
    data.reads.push_back(builder.Materialize(v));
  }
  if (data.reads.empty()) return;
  data.name = "parameters of " + node.name;
  data.operators = "Identity";
  data.work = work;
  builder.AddBehindSources(std::move(data));
}

MadeStep MakeStep(const ParametersWork& work, StepMaker& maker) {
  InstanceNorm* norm = work.norm < 0 ? nullptr : maker.norm(work.norm);
  auto step = std::make_unique<ParametersStep>(norm);
  if (work.scale_read >= 0) {
    step->Take(maker.read(static_cast<size_t>(work.scale_read)),
               norm != nullptr ? &norm->gamma : maker.numbers(work.scale));
  }
  if (work.shift_read >= 0) {
    step->Take(maker.read(static_cast<size_t>(work.shift_read)),
               norm != nullptr ? &norm->beta : maker.numbers(work.shift));
  }
  return std::unique_ptr<Step>(std::move(step));
}

}  // namespace tempera::engine
