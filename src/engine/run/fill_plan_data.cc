#include "src/engine/run/fill_plan_data.h"

#include <algorithm>

namespace tempera::engine {

void FillPlanData(const Plan& plan, const Stages& stages, bool ends_in_arena, PlanData* data) {
  const auto end = static_cast<int32_t>(plan.steps.size());
  data->arena_bytes = stages.memory.bytes;
  for (size_t s = 0; s < data->storages.size(); ++s) {
    StorageData& storage = data->storages[s];
    storage.first_node = storage.kind == StorageKind::kInput ? -1 : end;
    storage.last_node = storage.kind == StorageKind::kOutput ? end : -1;
    const bool in_arena = storage.kind == StorageKind::kArena || (ends_in_arena && !plan.storages[s].kept);
    if (in_arena && storage.bytes != 0) storage.offset = static_cast<int64_t>(stages.memory.offsets[s]);
  }
  for (size_t at = 0; at < stages.stages.size(); ++at) {
    const Stage& stage = stages.stages[at];
    const auto last = static_cast<int32_t>(stage.first + stage.count - 1);
    for (size_t i = stage.first; i < stage.first + stage.count; ++i) {
      data->nodes[i].stage = static_cast<int32_t>(at);
      data->nodes[i].runs_in_chain = stage.chain != nullptr && stage.count > 1;
      for (const auto* ids : {&plan.steps[i]->reads, &plan.steps[i]->writes}) {
        for (StorageId id : *ids) {
          StorageData& storage = data->storages[static_cast<size_t>(id)];
          storage.first_node = std::min(storage.first_node, static_cast<int32_t>(stage.first));
          storage.last_node = std::max(storage.last_node, last);
        }
      }
    }
  }
}

}  // namespace tempera::engine
