// A node run by its operator's plain loop, on dense tensors in the arena.
#include <optional>
#include <utility>

#include "src/engine/plan/step_maker.h"
#include "src/ops/op.h"

namespace tempera::engine {
namespace {

class ReferenceStep final : public Step {
 public:
  // What an input or an output is: a constant, or what lies in a storage; neither where it is absent.
  struct Place {
    StorageId storage = -1;
    TensorInfo info;
    Tensor constant;
  };
  // `op` has the name of node.op_type.
  ReferenceStep(const ops::Operator& op, const NodeData& node, int opset, std::vector<Place> inputs,
                std::vector<Place> outputs)
      : op_(op), opset_(opset), input_places_(std::move(inputs)), output_places_(std::move(outputs)) {
    node_.name = node.name;
    node_.op_type = node.op_type;
    node_.attributes = node.attributes;
    node_.fused = node.fused;
    // Loops look at which of them there are.
    const auto present = [](const std::vector<Place>& places, std::vector<graph::ValueId>* values) {
      for (const Place& p : places) {
        const bool absent = p.storage < 0 && !p.constant.defined();
        values->push_back(absent ? graph::kNoValue : static_cast<graph::ValueId>(values->size()));
      }
    };
    present(input_places_, &node_.inputs);
    present(output_places_, &node_.outputs);
    info.kernel = "reference";
  }

  void Bind(const Memory& memory) override {
    const auto bind = [&](const std::vector<Place>& places, std::vector<Tensor>& tensors) {
      tensors.clear();
      for (const Place& p : places) {
        tensors.push_back(p.storage < 0 ? p.constant : Tensor::Borrow(p.info, memory.at(p.storage)));
      }
    };
    input_pointers_.clear();
    output_pointers_.clear();
    output_memory_.clear();
    bind(input_places_, inputs_);
    bind(output_places_, outputs_);
    for (const Tensor& t : inputs_) input_pointers_.push_back(t.defined() ? &t : nullptr);
    for (Tensor& t : outputs_) {
      output_pointers_.push_back(t.defined() ? &t : nullptr);
      output_memory_.push_back(t.raw());
    }
  }

  Status Run(const RunContext&) override {
    TEMPERA_RETURN_IF_ERROR(ops::Compute(op_, {node_, opset_, input_pointers_, output_pointers_}));
    for (size_t i = 0; i < outputs_.size(); ++i) {
      if (outputs_[i].raw() != output_memory_[i]) return Internal(node_.op_type + " moved its output");
    }
    return OkStatus();
  }

 private:
  const ops::Operator& op_;
  int opset_;
  graph::Node node_;
  std::vector<Place> input_places_, output_places_;
  std::vector<Tensor> inputs_, outputs_;
  std::vector<const Tensor*> input_pointers_;
  std::vector<Tensor*> output_pointers_;
  std::vector<const void*> output_memory_;  // operators write there, they do not replace the tensor
};

}  // namespace

MadeStep MakeStep(const LoopWork& work, StepMaker& maker) {
  const NodeData& node = maker.node();
  const ops::Operator* op = ops::FindLoop(node.op_type);
  if (op == nullptr) return Unsupported("operator " + node.op_type + " has no reference loop");
  std::vector<ReferenceStep::Place> inputs, outputs;
  for (const Operand& operand : work.inputs) {
    ReferenceStep::Place& place = inputs.emplace_back();
    if (operand.read >= 0) {
      const auto i = static_cast<size_t>(operand.read);
      place.storage = maker.read(i).storage;
      place.info = maker.InfoOfRead(i);
    } else if (const Tensor* constant = maker.Keep(operand.constant)) {
      place.constant = *constant;
    }
  }
  for (int32_t write : work.outputs) {
    ReferenceStep::Place& place = outputs.emplace_back();
    if (write < 0) continue;
    place.storage = node.writes[static_cast<size_t>(write)];
    place.info = {maker.storage(place.storage).type, maker.storage(place.storage).shape};
  }
  return NewStep<ReferenceStep>(*op, node, maker.opset(), std::move(inputs), std::move(outputs));
}

}  // namespace tempera::engine
