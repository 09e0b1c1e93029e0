// Steps that run together, depth first: as soon as enough rows of one layer are there, the next layer's task
// that reads them runs, while they are still in the cache.
//
// Which task follows which is settled when the chain is made, never by who is faster: one list of all tasks,
// and for each of them which earlier ones it has to wait for. Threads take tasks in the order of the list.
// The tasks and what they calculate are those of the steps run one after the other, so the results are too.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/engine/plan/bands.h"

namespace tempera::engine {

class Chain {
 public:
  // The steps in the order of the plan; they outlive the chain, and every storage that one of them reads is
  // complete before, or written by an earlier one. nullptr when they do not fit together: what is read is
  // not the picture that was written, or there are too many tasks. `threads`: how many will work on it, for
  // the order only.
  static std::unique_ptr<Chain> Make(std::vector<BandedStep*> steps, int threads);

  // Runs all tasks, not BandedStep::Finish. No allocation. One caller at a time.
  void Run(const RunContext& context);
  // The same; seconds of each step's tasks, added over threads, are then in `seconds`, one per step.
  void RunTimed(const RunContext& context, std::span<double> seconds);

  std::span<BandedStep* const> steps() const { return steps_; }

  // For tests: the step and the task that come at each place of the list, and the places it waits for.
  struct Item {
    int32_t step = 0;
    int32_t task = 0;
    int32_t flag = 0;                       // in done_
    int32_t first_wait = 0, last_wait = 0;  // in waits_
  };
  struct Wait {
    int32_t first = 0, last = 0;  // flags
  };
  std::span<const Item> items() const { return items_; }
  std::span<const Wait> WaitsOf(const Item& item) const {
    return std::span(waits_).subspan(static_cast<size_t>(item.first_wait),
                                     static_cast<size_t>(item.last_wait - item.first_wait));
  }

 private:
  Chain() = default;
  void RunItem(const Item& item, uint32_t run, void* scratch);

  std::vector<BandedStep*> steps_;
  std::vector<Item> items_;
  std::vector<Wait> waits_;
  // By flag: the last run in which the task was done. So nothing needs clearing between runs.
  std::unique_ptr<std::atomic<uint32_t>[]> done_;
  uint32_t run_ = 0;
  std::vector<double> seconds_;  // [thread][step], each thread's on cache lines of its own
};

}  // namespace tempera::engine
