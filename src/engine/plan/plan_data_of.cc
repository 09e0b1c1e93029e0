// The plan as data, without what steps and sessions keep beside it.
#include <utility>
#include <vector>

#include "src/engine/plan/plan.h"

namespace tempera::engine {
namespace {

InputData InputOf(const graph::Value& value, StorageId storage, bool is_picture) {
  InputData input;
  input.name = value.name, input.type = value.info.dtype, input.shape = value.info.shape;
  input.storage = storage;
  input.is_picture = is_picture;
  return input;
}

OutputData OutputOf(const graph::Value& value, StorageId storage) {
  OutputData output;
  output.name = value.name, output.type = value.info.dtype, output.shape = value.info.shape;
  if (value.constant) {
    output.constant = value.name;
  } else {
    output.storage = storage;
  }
  return output;
}

// Inputs and outputs, and which of them are one.
void FillEnds(const Plan& plan, const KnownInputs& inputs, PlanData* data) {
  const graph::Graph& graph = *plan.graph;
  std::vector<StorageId> in(graph.inputs.size(), -1), out(graph.outputs.size(), -1);
  for (size_t s = 0; s < plan.storages.size(); ++s) {
    const Storage& storage = plan.storages[s];
    if (storage.kind == StorageKind::kArena) continue;
    (storage.kind == StorageKind::kInput ? in : out)[storage.index] = static_cast<StorageId>(s);
  }
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    data->inputs.push_back(InputOf(graph.value(graph.inputs[i]), in[i], i == inputs.picture_input));
    if (i != inputs.picture_input && i < inputs.values.size() && inputs.values[i])
      data->inputs.back().initial = inputs.values[i]->initial;
  }
  for (size_t o = 0; o < graph.outputs.size(); ++o)
    data->outputs.push_back(OutputOf(graph.value(graph.outputs[o]), out[o]));
  for (const StateLink& link : inputs.states) {
    data->states.push_back({link.output, link.input});
    data->inputs[link.input].initial.clear();  // zeros, whatever else is said of it
  }
}

}  // namespace

void MarkKept(const KnownInputs& inputs, Plan* plan) {
  for (Storage& storage : plan->storages) {
    if (storage.kind == StorageKind::kInput) storage.kept = storage.index != inputs.picture_input;
    for (const StateLink& link : inputs.states)
      storage.kept |= storage.kind == StorageKind::kOutput && storage.index == link.output;
  }
}

PlanData PlanDataOf(const Plan& plan, const KnownInputs& inputs) {
  PlanData data;
  data.opset = plan.graph->opset;
  data.nodes = plan.nodes;
  data.storages.assign(plan.storages.begin(), plan.storages.end());
  FillEnds(plan, inputs, &data);
  data.norms = plan.norm_data;
  for (const auto& numbers : plan.floats) data.numbers.push_back(*numbers);
  return data;
}

}  // namespace tempera::engine
