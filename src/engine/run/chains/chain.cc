#include "src/engine/run/chains/chain.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "src/base/platform/platform.h"
#include "src/engine/run/chains/chain_order.h"

namespace tempera::engine {
namespace {

// Looks at a flag before the processor is offered to somebody else: some microseconds.
constexpr int kLooks = 2000;
// Doubles in two cache lines: processors fetch lines in pairs.
constexpr size_t kApart = 16;

size_t RoundUpApart(size_t n) { return (n + kApart - 1) / kApart * kApart; }

}  // namespace

std::unique_ptr<Chain> Chain::Make(std::vector<BandedStep*> steps, int threads) {
  const auto links = LinkSteps(steps);
  if (!links) return nullptr;
  std::unique_ptr<Chain> chain(new Chain);
  chain->steps_ = std::move(steps);
  std::vector<int32_t> first_flag;
  int32_t flags = 0;
  for (const ChainStep& link : *links) {
    first_flag.push_back(flags);
    flags += static_cast<int32_t>(link.tasks.size());
  }
  for (const ChainPlace& at : OrderDepthFirst(*links, threads)) {
    const ChainStep& link = (*links)[static_cast<size_t>(at.step)];
    Item item;
    item.step = at.step;
    item.task = link.tasks[static_cast<size_t>(at.place)].task;
    item.flag = first_flag[static_cast<size_t>(at.step)] + at.place;
    item.first_wait = static_cast<int32_t>(chain->waits_.size());
    for (const ChainStep::Need& need : link.NeedsOf(static_cast<size_t>(at.place))) {
      const int32_t first = first_flag[static_cast<size_t>(need.source)];
      if (need.first < need.last) chain->waits_.push_back({first + need.first, first + need.last});
    }
    item.last_wait = static_cast<int32_t>(chain->waits_.size());
    chain->items_.push_back(item);
  }
  chain->done_ = std::make_unique<std::atomic<uint32_t>[]>(static_cast<size_t>(flags));
  for (int32_t i = 0; i < flags; ++i)
    chain->done_[static_cast<size_t>(i)].store(0, std::memory_order_relaxed);
  chain->seconds_.resize(RoundUpApart(chain->steps_.size()) * static_cast<size_t>(threads));
  return chain;
}

// Nobody waits for ever: the pool hands places out in order, so of all tasks begun and not done, the one that
// comes first in the list waits for none, because what it needs comes before it in the list, is begun, and is
// done. It ends, and then the same holds for the next.
void Chain::RunItem(const Item& item, uint32_t run, void* scratch) {
  for (const Wait& wait : WaitsOf(item)) {
    for (int32_t flag = wait.first; flag < wait.last; ++flag) {
      const std::atomic<uint32_t>& done = done_[static_cast<size_t>(flag)];
      for (int looks = 0; done.load(std::memory_order_acquire) != run; ++looks) {
        // Whoever works on it may have lost its processor.
        if (looks >= kLooks) platform::Yield();
      }
    }
  }
  steps_[static_cast<size_t>(item.step)]->RunTask(item.task, scratch);
  done_[static_cast<size_t>(item.flag)].store(run, std::memory_order_release);
}

void Chain::Run(const RunContext& context) {
  const uint32_t run = ++run_;
  context.pool.ParallelFor(static_cast<int>(items_.size()), [&](int place, int thread) {
    RunItem(items_[static_cast<size_t>(place)], run, context.ScratchOf(thread));
  });
}

void Chain::RunTimed(const RunContext& context, std::span<double> seconds) {
  const uint32_t run = ++run_;
  const size_t row = RoundUpApart(steps_.size());
  std::fill(seconds_.begin(), seconds_.end(), 0.0);
  context.pool.ParallelFor(static_cast<int>(items_.size()), [&](int place, int thread) {
    const Item& item = items_[static_cast<size_t>(place)];
    const auto start = std::chrono::steady_clock::now();
    RunItem(item, run, context.ScratchOf(thread));
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    seconds_[static_cast<size_t>(thread) * row + static_cast<size_t>(item.step)] += spent.count();
  });
  std::fill(seconds.begin(), seconds.end(), 0.0);
  for (size_t i = 0; i < seconds_.size(); ++i) {
    if (i % row < seconds.size()) seconds[i % row] += seconds_[i];
  }
}

}  // namespace tempera::engine
