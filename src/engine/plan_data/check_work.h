// What CheckPlanData asks of one node (plan_data.h).
#pragma once

#include "src/base/status.h"
#include "src/engine/plan_data/plan_data.h"

namespace tempera::engine {

// The product; -1 where one is negative or it does not fit.
int64_t CountOf(const Shape& shape);

// Its work is of the sizes of what it reads and writes, and no index leaves them. What it reads and writes is
// there (CheckPlanData has seen to that); constants are not looked at.
Status CheckWork(const PlanData& plan, const NodeData& node);

}  // namespace tempera::engine
