#include "src/engine/run/chains/stages.h"

#include <algorithm>
#include <utility>

namespace tempera::engine {
namespace {

// Plans of more steps or storages are run step by step: trying chains takes time with the third power.
constexpr size_t kMostSteps = 256, kMostStorages = 1024;

// Measured on two cores with 512 KiB of L2 each and 32 MiB of L3, two threads, residual blocks in 8 bits:
// values of 2.5 MB together 1 to 11 % slower in a chain (tasks wait for one another), of 10 MB 0 to 2 %
// faster, of 22 MB 5 to 8 %, of 90 MB 4 to 12 %. One thread: no difference.
constexpr size_t kLeastBytes = size_t{4} << 20;

BandedStep* BandedOf(const Plan& plan, size_t i) { return dynamic_cast<BandedStep*>(plan.steps[i].get()); }

bool Shares(const std::vector<StorageId>& a, const std::vector<StorageId>& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](StorageId id) { return std::find(b.begin(), b.end(), id) != b.end(); });
}

// Whether step i can run together with steps [first, i), and has something from them.
bool Joins(const Plan& plan, size_t first, size_t i, const StageOptions& options) {
  const BandedStep* step = BandedOf(plan, i);
  if (step == nullptr || !step->pictures().have_rows()) return false;
  bool reads = false;
  for (size_t j = first; j < i; ++j) {
    const BandedStep* before = BandedOf(plan, j);
    if (before == nullptr || !before->pictures().have_rows()) return false;
    if (options.norms_wait && before->finishes()) return false;
    if (!Shares(before->writes, step->reads)) continue;
    if (!SamePicture(before->pictures().written, step->pictures().read)) return false;
    reads = true;
  }
  return reads;
}

std::unique_ptr<Chain> MakeChain(const Plan& plan, size_t first, size_t count, int threads) {
  std::vector<BandedStep*> steps;
  for (size_t i = first; i < first + count; ++i) steps.push_back(BandedOf(plan, i));
  return Chain::Make(std::move(steps), threads);
}

// Of all that steps [first, first + count) read and write.
uint64_t BytesOf(const Plan& plan, size_t first, size_t count) {
  std::vector<bool> seen(plan.storages.size(), false);
  uint64_t bytes = 0;
  for (size_t i = first; i < first + count; ++i) {
    for (const auto* ids : {&plan.steps[i]->reads, &plan.steps[i]->writes}) {
      for (StorageId id : *ids) {
        const auto s = static_cast<size_t>(id);
        if (!seen[s]) bytes += plan.storages[s].bytes;
        seen[s] = true;
      }
    }
  }
  return bytes;
}

}  // namespace

Stages PlanStages(const Plan& plan, const StageOptions& options) {
  const size_t count = plan.steps.size();
  std::vector<int32_t> stage_of(count);
  for (size_t i = 0; i < count; ++i) stage_of[i] = static_cast<int32_t>(i);
  Stages result;
  result.memory = PlanMemory(plan, stage_of, options.ends_in_arena);
  const uint64_t most =
      std::max(result.memory.bytes, static_cast<uint64_t>(std::max<int64_t>(0, options.most_bytes)));
  const bool chains = options.most_bytes >= 0 && count <= kMostSteps && plan.storages.size() <= kMostStorages;
  for (size_t first = 0; first < count;) {
    Stage stage{first, 1, nullptr};
    while (chains && first + stage.count < count && Joins(plan, first, first + stage.count, options)) {
      // Stages behind this one keep their numbers: only their order counts.
      const int32_t own = std::exchange(stage_of[first + stage.count], stage_of[first]);
      MemoryPlan memory = PlanMemory(plan, stage_of, options.ends_in_arena);
      if (memory.bytes > most) {
        stage_of[first + stage.count] = own;
        break;
      }
      result.memory = std::move(memory);
      ++stage.count;
    }
    const bool small =
        options.norms_wait && options.most_bytes == 0 && BytesOf(plan, first, stage.count) < kLeastBytes;
    // A chain of too many tasks: its steps run one by one, in the chain's memory.
    const BandedStep* banded = BandedOf(plan, first);
    const bool alone = !options.norms_wait && banded != nullptr && banded->finishes();
    if ((stage.count > 1 && !small) || alone)
      stage.chain = MakeChain(plan, first, stage.count, options.threads);
    const size_t end = first + stage.count;
    if (stage.count > 1 && stage.chain == nullptr) {
      for (size_t i = first; i < end; ++i) result.stages.push_back({i, 1, nullptr});
    } else {
      result.stages.push_back(std::move(stage));
    }
    first = end;
  }
  return result;
}

}  // namespace tempera::engine
