#include "src/engine/plan/steps/reference_step.h"

namespace tempera::engine {
namespace {

class ReferenceStep final : public Step {
 public:
  ReferenceStep(const graph::Graph& graph, const graph::Node& node, const ops::Operator& op,
                std::span<const StorageId> inputs, std::span<const StorageId> outputs)
      : graph_(graph),
        node_(node),
        op_(op),
        input_storage_(inputs.begin(), inputs.end()),
        output_storage_(outputs.begin(), outputs.end()) {
    for (StorageId id : inputs) {
      if (id >= 0) reads.push_back(id);
    }
    for (StorageId id : outputs) {
      if (id >= 0) writes.push_back(id);
    }
  }

  void Bind(const Memory& memory) override {
    const auto bind = [&](const std::vector<graph::ValueId>& values, const std::vector<StorageId>& storage,
                          std::vector<Tensor>& tensors) {
      tensors.clear();
      for (size_t i = 0; i < values.size(); ++i) {
        Tensor t;
        if (values[i] != graph::kNoValue) {
          const graph::Value& value = graph_.value(values[i]);
          t = storage[i] < 0 ? *value.constant : Tensor::Borrow(value.info, memory.at(storage[i]));
        }
        tensors.push_back(std::move(t));
      }
    };
    input_pointers_.clear();
    output_pointers_.clear();
    output_memory_.clear();
    bind(node_.inputs, input_storage_, inputs_);
    bind(node_.outputs, output_storage_, outputs_);
    for (const Tensor& t : inputs_) input_pointers_.push_back(t.defined() ? &t : nullptr);
    for (Tensor& t : outputs_) {
      output_pointers_.push_back(t.defined() ? &t : nullptr);
      output_memory_.push_back(t.raw());
    }
  }

  Status Run(const RunContext&) override {
    TEMPERA_RETURN_IF_ERROR(ops::Compute(op_, {node_, graph_.opset, input_pointers_, output_pointers_}));
    for (size_t i = 0; i < outputs_.size(); ++i) {
      if (outputs_[i].raw() != output_memory_[i]) return Internal(node_.op_type + " moved its output");
    }
    return OkStatus();
  }

 private:
  const graph::Graph& graph_;
  const graph::Node& node_;
  const ops::Operator& op_;
  std::vector<StorageId> input_storage_, output_storage_;
  std::vector<Tensor> inputs_, outputs_;
  std::vector<const Tensor*> input_pointers_;
  std::vector<Tensor*> output_pointers_;
  std::vector<const void*> output_memory_;  // operators write there, they do not replace the tensor
};

}  // namespace

Result<std::unique_ptr<Step>> MakeReferenceStep(const graph::Graph& graph, const graph::Node& node,
                                                std::span<const StorageId> inputs,
                                                std::span<const StorageId> outputs) {
  const ops::Operator* op = ops::FindLoop(node.op_type);
  if (op == nullptr) return Unsupported("operator " + node.op_type + " has no reference loop");
  std::unique_ptr<Step> step = std::make_unique<ReferenceStep>(graph, node, *op, inputs, outputs);
  step->info.kernel = "reference";
  return step;
}

}  // namespace tempera::engine
