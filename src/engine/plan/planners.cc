#include "src/engine/plan/planners.h"

#include <algorithm>

namespace tempera::engine {

std::span<const PlannerEntry> PlannersOf(std::string_view op_type) {
  const auto in_order = [](const PlannerEntry& a, const PlannerEntry& b) { return a.op_type < b.op_type; };
  const std::span<const PlannerEntry> all = AllPlanners();
  const auto [first, last] =
      std::equal_range(all.begin(), all.end(), PlannerEntry{op_type, nullptr}, in_order);
  return {first, last};
}

const PlannerEntry* PlannerOf(std::string_view op_type, NodePlanner plan) {
  for (const PlannerEntry& entry : PlannersOf(op_type)) {
    if (entry.plan == plan) return &entry;
  }
  return nullptr;
}

}  // namespace tempera::engine
