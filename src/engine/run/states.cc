#include "src/engine/run/states.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "src/engine/run/memory_bound.h"
#include "src/onnx/quote.h"

namespace tempera::engine {

Status CheckStates(const graph::Graph& graph, std::span<const StateLink> links, size_t picture_input) {
  for (size_t i = 0; i < links.size(); ++i) {
    const auto [output, input] = links[i];
    if (output >= graph.outputs.size() || input >= graph.inputs.size()) {
      return InvalidArgument("a state goes from output " + std::to_string(output) + " to input " +
                             std::to_string(input) + "; the model has " +
                             std::to_string(graph.outputs.size()) + " outputs and " +
                             std::to_string(graph.inputs.size()) + " inputs");
    }
    const graph::Value &from = graph.value(graph.outputs[output]), &to = graph.value(graph.inputs[input]);
    const std::string pair = "state output " + onnx::Quote(from.name) + " and input " + onnx::Quote(to.name);
    if (input == picture_input) return InvalidArgument(pair + ": that input is the picture");
    for (size_t j = 0; j < i; ++j) {
      if (links[j].input == input || links[j].output == output)
        return InvalidArgument(pair + ": one of them is in another state too; name each once");
    }
    if (from.info.dtype != to.info.dtype) {
      return InvalidArgument(pair + " have different types, " + DataTypeName(from.info.dtype) + " and " +
                             DataTypeName(to.info.dtype) + "; export the model with one type for both");
    }
    if (from.info.shape != to.info.shape) {
      return InvalidArgument(pair + " have different shapes, " + ShapeToString(from.info.shape) + " and " +
                             ShapeToString(to.info.shape) + "; give the input the output's");
    }
  }
  return OkStatus();
}

void States::Init(const Plan& plan, const SessionOptions& options) {
  const graph::Graph& graph = *plan.graph;
  for (const StateLink& link : options.states) {
    State state;
    state.link = link;
    state.info = graph.value(graph.inputs[link.input]).info;
    const auto& constant = graph.value(graph.outputs[link.output]).constant;
    if (constant) state.constant = &*constant;
    states_.push_back(std::move(state));
  }
}

Status States::MakeTensors() {
  for (State& s : states_) {
    for (Tensor& tensor : s.tensors) {
      TEMPERA_ASSIGN_OR_RETURN(tensor, Tensor::Create(s.info.dtype, s.info.shape));
    }
  }
  return OkStatus();
}

bool States::HasInput(size_t index) const {
  return std::any_of(states_.begin(), states_.end(), [&](const State& s) { return s.link.input == index; });
}

bool States::HasOutput(size_t index) const {
  return std::any_of(states_.begin(), states_.end(), [&](const State& s) { return s.link.output == index; });
}

bool States::Has(const Storage& storage) const {
  return storage.kind == StorageKind::kInput    ? HasInput(storage.index)
         : storage.kind == StorageKind::kOutput ? HasOutput(storage.index)
                                                : false;
}

Tensor* States::OfInput(size_t index) {
  for (State& s : states_) {
    if (s.link.input == index) return &s.tensors[s.now];
  }
  return nullptr;
}

const Tensor* States::OfOutput(size_t index) const {
  for (const State& s : states_) {
    if (s.link.output == index) return &s.tensors[s.now];
  }
  return nullptr;
}

void* States::PlaceOf(const Storage& storage) {
  for (State& s : states_) {
    if (storage.kind == StorageKind::kInput && storage.index == s.link.input) return s.tensors[s.now].raw();
    if (storage.kind == StorageKind::kOutput && storage.index == s.link.output)
      return s.tensors[1 - s.now].raw();
  }
  return nullptr;
}

void States::Reset() {
  for (State& s : states_) {
    Tensor& tensor = s.tensors[s.now];
    if (tensor.size_bytes() != 0) std::memset(tensor.raw(), 0, tensor.size_bytes());
  }
}

void States::Advance() {
  for (State& s : states_) {
    s.now = 1 - s.now;
    if (s.constant != nullptr && s.constant->size_bytes() != 0)
      std::memcpy(s.tensors[s.now].raw(), s.constant->raw(), s.constant->size_bytes());
  }
}

uint64_t States::bytes() const {
  uint64_t bytes = 0;
  for (const State& s : states_) bytes += 2 * BytesOf(s.info);
  return bytes;
}

}  // namespace tempera::engine
