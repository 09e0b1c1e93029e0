// A plan for whoever runs it elsewhere (a GPU, another file format): no step is made and nothing is packed.
#pragma once

#include <vector>

#include "src/base/host.h"
#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/engine/plan_data/plan_data.h"
#include "src/engine/types/inputs.h"
#include "src/graph/graph.h"

namespace tempera::engine {

struct PlanDataOptions {
  const Host* host = nullptr;  // may cancel; must outlive the call
  KnownInputs inputs = {};     // the picture, states, and what other inputs begin with
  // Inputs and outputs lie in the arena too, but for those that are kept: the picture is written anew before
  // each run, and outputs are read before the next.
  bool ends_in_arena = false;
};

struct GraphPlan {
  PlanData plan;  // passes CheckPlanData
  // Behind the passes, with all constants that the plan names.
  graph::Graph graph;
};

// In fp32, dense, a node after the other: scratch_bytes is 0 and NodeData::kernel empty. `shapes`: one for
// each of the model's inputs, concrete (InputShapesFor). Fails as Session::Create does.
Result<GraphPlan> MakePlanData(const graph::Graph& model, const std::vector<Shape>& shapes,
                               const PlanDataOptions& options = {});

}  // namespace tempera::engine
