// The order in which the tasks of a chain run, and what each has to wait for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "src/engine/plan/bands.h"

namespace tempera::engine {

// Tasks of one step from top to bottom, and those of earlier steps that they need.
struct ChainStep {
  struct Task {
    int32_t task = 0;
    TaskRows rows;
  };
  // Of step `source`, the tasks at places [first, last).
  struct Need {
    int32_t source = 0, first = 0, last = 0;
  };
  std::vector<Task> tasks;
  std::vector<int64_t> written_up_to;  // by place: the last row that this task or one before it writes
  std::vector<int32_t> sources;        // steps of the chain that write what this one reads
  std::vector<Need> needs;             // [place][source]
  double cost = 0;                     // of one task, in any unit common to all steps

  // The places of tasks that write any of `rows`; maybe some more between them.
  Need Writers(int32_t step, const Rows& rows) const;
  std::span<const Need> NeedsOf(size_t place) const {
    return std::span(needs).subspan(place * sources.size(), sources.size());
  }
};

// nullopt as Chain::Make's nullptr.
std::optional<std::vector<ChainStep>> LinkSteps(std::span<BandedStep* const> steps);

struct ChainPlace {
  int32_t step = 0, place = 0;
};
// All places of all steps, each behind what it needs. The deepest step goes first whose rows are there, also
// counting what `threads` threads may still be working on, so that seldom anybody has to wait.
std::vector<ChainPlace> OrderDepthFirst(std::span<const ChainStep> steps, int threads);

}  // namespace tempera::engine
