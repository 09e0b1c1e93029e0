// A plan cut into stages: steps that run alone, and chains of steps that run together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "src/engine/plan/memory_plan.h"
#include "src/engine/plan/plan.h"
#include "src/engine/run/chains/chain.h"

namespace tempera::engine {

struct StageOptions {
  int threads = 1;
  bool ends_in_arena = false;  // as PlanMemory takes it
  // A norm normalises with what was gathered in the same run. Otherwise no step is finished while others run:
  // every step that finishes is in a chain, if of its own (unless it has too many tasks).
  bool norms_wait = true;
  // SessionOptions::chain_bytes. Where it is 0, steps whose values are small together stay by themselves too:
  // the caches hold those either way.
  int64_t most_bytes = 0;
};

struct Stage {
  size_t first = 0, count = 0;   // of the plan's steps
  std::unique_ptr<Chain> chain;  // nullptr: one step
};

struct Stages {
  std::vector<Stage> stages;
  MemoryPlan memory;
};

// `plan` outlives the stages.
Stages PlanStages(const Plan& plan, const StageOptions& options);

}  // namespace tempera::engine
