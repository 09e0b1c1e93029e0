// The plan as data: what planners have left beside each step, joined with its names.
#include "src/engine/plan/plan.h"

namespace tempera::engine {

PlanData PlanDataOf(const Plan& plan) {
  PlanData data;
  data.nodes = plan.nodes;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    data.nodes[i].name = plan.steps[i]->info.name;
    data.nodes[i].operators = plan.steps[i]->info.operators;
    data.nodes[i].kernel = plan.steps[i]->info.kernel;
  }
  for (const Storage& storage : plan.storages) {
    const graph::Value& value = plan.graph->value(storage.value);
    StorageData s;
    s.value = value.name;
    s.type = value.info.dtype;
    s.shape = value.info.shape;
    s.picture = storage.picture;
    s.layout = storage.layout;
    s.kind = storage.kind == Storage::Kind::kInput    ? StorageKind::kInput
             : storage.kind == Storage::Kind::kOutput ? StorageKind::kOutput
                                                      : StorageKind::kArena;
    s.index = storage.index;
    s.bytes = storage.bytes;
    data.storages.push_back(std::move(s));
  }
  for (const auto& norm : plan.norms) {
    data.norms.push_back(
        {norm->name, static_cast<int64_t>(norm->gamma.size()), norm->group_channels, norm->epsilon});
  }
  for (const auto& numbers : plan.floats) data.numbers.push_back(*numbers);
  return data;
}

}  // namespace tempera::engine
