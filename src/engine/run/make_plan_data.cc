#include "src/engine/run/make_plan_data.h"

#include <numeric>
#include <utility>

#include "src/engine/plan/memory_plan.h"
#include "src/engine/plan/plan.h"
#include "src/engine/run/behind_passes.h"

namespace tempera::engine {

Result<GraphPlan> MakePlanData(const graph::Graph& model, const std::vector<Shape>& shapes,
                               const PlanDataOptions& options) {
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<TensorInfo> infos, InputInfosOf(model, shapes));
  TEMPERA_ASSIGN_OR_RETURN(graph::Graph graph, GraphBehindPasses(model, infos, options.inputs, false));
  if (options.host != nullptr) TEMPERA_RETURN_IF_ERROR(options.host->CheckCancelled());
  PlanOptions planning;
  planning.host = options.host;
  TEMPERA_ASSIGN_OR_RETURN(Plan plan, PlanNodes(std::move(graph), planning));
  MarkKept(options.inputs, &plan);
  std::vector<int32_t> stage_of(plan.nodes.size());
  std::iota(stage_of.begin(), stage_of.end(), 0);
  const MemoryPlan memory = PlanMemory(plan, stage_of, options.ends_in_arena);
  GraphPlan made{PlanDataOf(plan, options.inputs), std::move(*plan.graph)};
  FillPlaces(plan, stage_of, memory, options.ends_in_arena, &made.plan);
  TEMPERA_RETURN_IF_ERROR(CheckPlanData(made.plan));
  return made;
}

}  // namespace tempera::engine
