// Where the storages of a plan lie in the arena. One that is written number by number may take over the
// memory of one that is read for the last time in the same node.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/engine/plan/plan.h"

namespace tempera::engine {

struct MemoryPlan {
  std::vector<uint64_t> offsets;    // in the arena, by StorageId; of no meaning for tensors outside it
  std::vector<StorageId> replaces;  // by StorageId, as StorageData has it
  uint64_t bytes = 0;
};

// stage_of: by node, never falling. What nodes of one stage touch is kept until the last of them is done:
// they run interleaved. ends_in_arena: inputs and outputs lie here too (but for Storage::kept).
MemoryPlan PlanMemory(const Plan& plan, std::span<const int32_t> stage_of, bool ends_in_arena);

// Stages, lifetimes and places, as `memory` was planned: `data` is PlanDataOf(plan).
void FillPlaces(const Plan& plan, std::span<const int32_t> stage_of, const MemoryPlan& memory,
                bool ends_in_arena, PlanData* data);

}  // namespace tempera::engine
