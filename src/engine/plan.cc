#include "src/engine/plan.h"

#include <string_view>

#include "src/engine/plan_builder.h"

namespace tempera::engine {
namespace {

using graph::Node;

// Which node is planned by what; anything else runs its reference loop.
struct Entry {
  std::string_view op_type;
  NodePlanner planner;
};
constexpr Entry kPlanners[] = {
    {"Dropout", PlanViewNode}, {"Flatten", PlanViewNode}, {"Identity", PlanViewNode},
    {"Reshape", PlanViewNode}, {"Squeeze", PlanViewNode}, {"Unsqueeze", PlanViewNode},
};

Result<bool> PlanFast(PlanBuilder& builder, const Node& node) {
  for (const Entry& entry : kPlanners) {
    if (entry.op_type == node.op_type) return entry.planner(builder, node);
  }
  return false;
}

}  // namespace

// The same numbers under another shape: no step at all.
Result<bool> PlanViewNode(PlanBuilder& builder, const Node& node) {
  for (size_t i = 1; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != graph::kNoValue) return false;  // Dropout's mask
  }
  if (builder.reading(node.inputs[0]).storage < 0) return false;
  const StorageId storage = builder.Materialize(node.inputs[0]);
  builder.SetReading(node.outputs[0], {storage, {}});
  builder.Credit(node.outputs[0], node);
  return true;
}

Result<Plan> MakePlan(graph::Graph graph, const PlanOptions& options) {
  PlanBuilder builder(std::move(graph), options);
  for (const Node& node : builder.graph().nodes) {
    if (!options.reference) {
      TEMPERA_ASSIGN_OR_RETURN(const bool planned, PlanFast(builder, node));
      if (planned) continue;
    }
    TEMPERA_RETURN_IF_ERROR(builder.AddReference(node));
  }
  return builder.Finish();
}

}  // namespace tempera::engine
