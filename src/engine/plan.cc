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
    {"Add", PlanAddNode},
    {"Clip", PlanActivationNode},
    {"Dropout", PlanViewNode},
    {"Flatten", PlanViewNode},
    {"Identity", PlanViewNode},
    {"InstanceNormalization", PlanNormNode},
    {"LeakyRelu", PlanActivationNode},
    {"PRelu", PlanActivationNode},
    {"Relu", PlanActivationNode},
    {"Reshape", PlanViewNode},
    {"Sigmoid", PlanFunctionNode},
    {"Squeeze", PlanViewNode},
    {"Tanh", PlanFunctionNode},
    {"Unsqueeze", PlanViewNode},
    {"tempera.Affine", PlanAffineNode},
    {"tempera.Conv", PlanConvNode},
};

Result<bool> PlanFast(PlanBuilder& builder, const Node& node) {
  for (const Entry& entry : kPlanners) {
    if (entry.op_type == node.op_type) return entry.planner(builder, node);
  }
  return false;
}

}  // namespace

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
