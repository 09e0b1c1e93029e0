#include "src/engine/plan/steps/parameters_step.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tempera::engine {
namespace {

class ParametersStep final : public Step {
 public:
  explicit ParametersStep(InstanceNorm* norm) : norm_(norm) { info.kernel = "parameters"; }

  void Take(StorageId from, size_t count, std::vector<float>* to) {
    reads.push_back(from);
    parts_.push_back({from, count, nullptr, to});
  }
  bool takes_any() const { return !parts_.empty(); }

  void Bind(const Memory& memory) override {
    for (Part& part : parts_) part.numbers = memory.floats(part.from);
  }
  Status Run(const RunContext&) override {
    for (const Part& part : parts_) {
      for (size_t at = 0; at < part.to->size(); at += part.count)
        std::copy_n(part.numbers, part.count, part.to->begin() + static_cast<int64_t>(at));
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
  const Shape& x = builder.info(node.inputs[0]).shape;
  for (size_t i : {1, 2}) {
    const graph::ValueId v = node.inputs[i];
    if (!builder.is_float(v) || builder.info(v).shape != Shape{x[1]}) return false;
    if (builder.ConstantFloats(v) == nullptr && builder.reading(v).storage < 0) return false;
  }
  return true;
}

std::vector<float> ParametersOf(const PlanBuilder& builder, graph::ValueId v) {
  const Tensor* constant = builder.ConstantFloats(v);
  if (constant == nullptr) return std::vector<float>(static_cast<size_t>(builder.info(v).shape[0]));
  return {constant->span<float>().begin(), constant->span<float>().end()};
}

void AddParametersStep(PlanBuilder& builder, const graph::Node& node, std::vector<float>* first,
                       std::vector<float>* second, const ParametersWork& work, InstanceNorm* norm) {
  auto step = std::make_unique<ParametersStep>(norm);
  for (const auto& [input, to] : {std::pair{size_t{1}, first}, std::pair{size_t{2}, second}}) {
    const graph::ValueId v = node.inputs[input];
    if (builder.ConstantFloats(v) != nullptr) continue;
    step->Take(builder.Materialize(v), static_cast<size_t>(builder.info(v).shape[0]), to);
    step->info.output_shape = builder.info(v).shape;
  }
  if (!step->takes_any()) return;
  step->info.name = "parameters of " + node.name;
  step->info.operators = "Identity";
  builder.AddBehindSources(std::move(step), work);
}

}  // namespace tempera::engine
