// Memory planned once: where in one block each short-lived value lies.
#pragma once

#include <cstdint>
#include <vector>

namespace tempera::engine {

// Steps are numbered from 0; a block is in use from the step that writes it to the last one
// that reads it, both included.
struct ArenaBlock {
  uint64_t bytes = 0;
  int32_t first_step = 0;
  int32_t last_step = 0;
  uint64_t offset = 0;  // filled by PlanArena, a multiple of 64
};

// Blocks whose steps overlap do not overlap in memory. Greedy by size, each at the lowest gap that takes it
// (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference").
// Returns the bytes needed: in 64 bits wherever, so that what no machine of 32 has is refused, not wrapped.
uint64_t PlanArena(std::vector<ArenaBlock>& blocks);

}  // namespace tempera::engine
