// Where and how long the storages of a plan live, and what runs together, as data.
#pragma once

#include "src/engine/plan/plan.h"
#include "src/engine/run/chains/stages.h"

namespace tempera::engine {

// `data` is PlanDataOf(plan); `ends_in_arena` as PlanMemory took it.
void FillPlanData(const Plan& plan, const Stages& stages, bool ends_in_arena, PlanData* data);

}  // namespace tempera::engine
