// A plan as JSON, for `tempera inspect --json`; docs/plan-json.md says what stands where.
#pragma once

#include <nlohmann/json.hpp>

#include "src/engine/plan_data/plan_data.h"

namespace tempera::cli {

nlohmann::ordered_json JsonOfPlan(const engine::PlanData& plan);

}  // namespace tempera::cli
