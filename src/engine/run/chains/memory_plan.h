// Where every storage of a plan lies, when some of its steps run at the same time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "src/engine/plan/plan.h"

namespace tempera::engine {

struct MemoryPlan {
  std::vector<size_t> offsets;  // in the arena, by StorageId; of no meaning for tensors outside it
  size_t bytes = 0;
};

// stage_of: for each step its stage, ascending from 0; steps of one stage run interleaved, and what one of
// them touches lives as long as the stage. `ends_in_arena`: inputs (there before the first step) and outputs
// (there until after the last) lie in the arena too, unless they are Storage::kept. A storage may lie where
// another one lay (Storage::may_replace).
MemoryPlan PlanMemory(const Plan& plan, std::span<const int32_t> stage_of, bool ends_in_arena);

}  // namespace tempera::engine
