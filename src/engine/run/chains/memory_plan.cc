#include "src/engine/run/chains/memory_plan.h"

#include <algorithm>

#include "src/engine/plan/arena.h"

namespace tempera::engine {
namespace {

std::vector<ArenaBlock> Lifetimes(const Plan& plan, std::span<const int32_t> stage_of, bool ends_in_arena) {
  const int32_t end = stage_of.empty() ? 0 : stage_of.back() + 1;
  std::vector<ArenaBlock> blocks(plan.storages.size());
  for (size_t s = 0; s < blocks.size(); ++s) {
    const StorageKind kind = plan.storages[s].kind;
    const bool lies_here = kind == StorageKind::kArena || (ends_in_arena && !plan.storages[s].kept);
    blocks[s].bytes = lies_here ? plan.storages[s].bytes : 0;
    blocks[s].first_step = kind == StorageKind::kInput ? -1 : end;
    blocks[s].last_step = kind == StorageKind::kOutput ? end : -1;
  }
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    for (const auto* ids : {&plan.steps[i]->reads, &plan.steps[i]->writes}) {
      for (StorageId id : *ids) {
        ArenaBlock& block = blocks[static_cast<size_t>(id)];
        block.first_step = std::min(block.first_step, stage_of[i]);
        block.last_step = std::max(block.last_step, stage_of[i]);
      }
    }
  }
  return blocks;
}

bool Reads(const Step& step, StorageId id) {
  return std::find(step.reads.begin(), step.reads.end(), id) != step.reads.end();
}

// Storages that lie where another one lay: which, by StorageId; its own id otherwise. `blocks` of the one
// underneath then lasts as long as both, the one on top takes no room.
std::vector<size_t> ShareStorages(const Plan& plan, std::span<const int32_t> stage_of,
                                  std::vector<ArenaBlock>& blocks) {
  std::vector<size_t> under(blocks.size());
  for (size_t s = 0; s < under.size(); ++s) under[s] = s;
  // Whoever reads the storage besides `writer` in the same stage might read what has been written over.
  const auto others_read = [&](StorageId id, size_t writer) {
    for (size_t i = 0; i < plan.steps.size(); ++i) {
      if (i != writer && stage_of[i] == stage_of[writer] && Reads(*plan.steps[i], id)) return true;
    }
    return false;
  };
  // By the step that writes them, so that what lies underneath is settled.
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    for (StorageId written : plan.steps[i]->writes) {
      const auto top = static_cast<size_t>(written);
      for (StorageId id : plan.storages[top].may_replace) {
        const size_t base = under[static_cast<size_t>(id)];
        if (blocks[base].bytes < blocks[top].bytes || blocks[top].bytes == 0 ||
            blocks[base].last_step != stage_of[i] || blocks[base].first_step > blocks[base].last_step ||
            others_read(id, i))
          continue;
        under[top] = base;
        blocks[base].last_step = blocks[top].last_step;
        blocks[top].bytes = 0;
        break;
      }
    }
  }
  return under;
}

}  // namespace

MemoryPlan PlanMemory(const Plan& plan, std::span<const int32_t> stage_of, bool ends_in_arena) {
  std::vector<ArenaBlock> blocks = Lifetimes(plan, stage_of, ends_in_arena);
  const std::vector<size_t> under = ShareStorages(plan, stage_of, blocks);
  MemoryPlan memory;
  memory.bytes = PlanArena(blocks);
  for (size_t s : under) memory.offsets.push_back(blocks[s].offset);
  return memory;
}

}  // namespace tempera::engine
