// The plan as data, without what steps and sessions keep beside it.
#include "src/engine/plan/plan.h"

namespace tempera::engine {

PlanData PlanDataOf(const Plan& plan) {
  PlanData data;
  data.opset = plan.graph->opset;
  data.nodes = plan.nodes;
  data.storages.assign(plan.storages.begin(), plan.storages.end());
  data.norms = plan.norm_data;
  for (const auto& numbers : plan.floats) data.numbers.push_back(*numbers);
  return data;
}

}  // namespace tempera::engine
