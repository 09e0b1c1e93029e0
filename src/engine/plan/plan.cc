#include "src/engine/plan/plan.h"

#include <utility>

#include "src/engine/plan/plan_builder.h"
#include "src/engine/plan/planners.h"
#include "src/engine/plan/step_maker.h"

namespace tempera::engine {
namespace {

using graph::Node;

// The first planner that serves.
Result<bool> PlanFast(PlanBuilder& builder, const Node& node) {
  for (const PlannerEntry& entry : PlannersOf(node.op_type)) {
    TEMPERA_ASSIGN_OR_RETURN(const bool planned, entry.plan(builder, node));
    if (planned) return true;
  }
  return false;
}

}  // namespace

Result<Plan> PlanNodes(graph::Graph graph, const PlanOptions& options) {
  PlanBuilder builder(std::move(graph), options);
  for (const Node& node : builder.graph().nodes) {
    if (!options.reference) {
      TEMPERA_ASSIGN_OR_RETURN(const bool planned, PlanFast(builder, node));
      if (planned) continue;
    }
    TEMPERA_RETURN_IF_ERROR(builder.AddLoop(node));
  }
  return builder.Finish();
}

Result<Plan> MakePlan(graph::Graph graph, const PlanOptions& options) {
  TEMPERA_ASSIGN_OR_RETURN(Plan plan, PlanNodes(std::move(graph), options));
  TEMPERA_RETURN_IF_ERROR(MakeSteps(&plan, options));
  return plan;
}

}  // namespace tempera::engine
