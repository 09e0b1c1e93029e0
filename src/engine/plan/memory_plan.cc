#include "src/engine/plan/memory_plan.h"

#include <algorithm>

#include "src/engine/plan/arena.h"

namespace tempera::engine {
namespace {

bool LiesInArena(const Storage& storage, bool ends_in_arena) {
  return storage.kind == StorageKind::kArena || (ends_in_arena && !storage.kept);
}

// f(id) for all that the node touches.
template <typename F>
void ForEachStorage(const NodeData& node, const F& f) {
  for (const ReadData& read : node.reads) f(read.storage);
  for (StorageId id : node.writes) f(id);
}

std::vector<ArenaBlock> Lifetimes(const Plan& plan, std::span<const int32_t> stage_of, bool ends_in_arena) {
  const int32_t end = stage_of.empty() ? 0 : stage_of.back() + 1;
  std::vector<ArenaBlock> blocks(plan.storages.size());
  for (size_t s = 0; s < blocks.size(); ++s) {
    const StorageKind kind = plan.storages[s].kind;
    blocks[s].bytes = LiesInArena(plan.storages[s], ends_in_arena) ? plan.storages[s].bytes : 0;
    blocks[s].first_step = kind == StorageKind::kInput ? -1 : end;
    blocks[s].last_step = kind == StorageKind::kOutput ? end : -1;
  }
  for (size_t i = 0; i < plan.nodes.size(); ++i) {
    ForEachStorage(plan.nodes[i], [&](StorageId id) {
      ArenaBlock& block = blocks[static_cast<size_t>(id)];
      block.first_step = std::min(block.first_step, stage_of[i]);
      block.last_step = std::max(block.last_step, stage_of[i]);
    });
  }
  return blocks;
}

bool Reads(const NodeData& node, StorageId id) {
  return std::any_of(node.reads.begin(), node.reads.end(),
                     [id](const ReadData& read) { return read.storage == id; });
}

// Storages that lie where another one lay: which, by StorageId; its own id otherwise. `blocks` of the one
// underneath then lasts as long as both, the one on top takes no room.
std::vector<size_t> ShareStorages(const Plan& plan, std::span<const int32_t> stage_of,
                                  std::vector<ArenaBlock>& blocks, std::vector<StorageId>* replaces) {
  std::vector<size_t> under(blocks.size());
  for (size_t s = 0; s < under.size(); ++s) under[s] = s;
  replaces->assign(blocks.size(), -1);
  // Whoever reads the storage besides `writer` in the same stage might read what has been written over.
  const auto others_read = [&](StorageId id, size_t writer) {
    for (size_t i = 0; i < plan.nodes.size(); ++i) {
      if (i != writer && stage_of[i] == stage_of[writer] && Reads(plan.nodes[i], id)) return true;
    }
    return false;
  };
  // By the node that writes them, so that what lies underneath is settled.
  for (size_t i = 0; i < plan.nodes.size(); ++i) {
    for (StorageId written : plan.nodes[i].writes) {
      const auto top = static_cast<size_t>(written);
      for (StorageId id : plan.storages[top].may_replace) {
        const size_t base = under[static_cast<size_t>(id)];
        if (blocks[base].bytes < blocks[top].bytes || blocks[top].bytes == 0 ||
            blocks[base].last_step != stage_of[i] || blocks[base].first_step > blocks[base].last_step ||
            others_read(id, i))
          continue;
        under[top] = base;
        (*replaces)[top] = id;
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
  MemoryPlan memory;
  const std::vector<size_t> under = ShareStorages(plan, stage_of, blocks, &memory.replaces);
  memory.bytes = PlanArena(blocks);
  for (size_t s : under) memory.offsets.push_back(blocks[s].offset);
  return memory;
}

void FillPlaces(const Plan& plan, std::span<const int32_t> stage_of, const MemoryPlan& memory,
                bool ends_in_arena, PlanData* data) {
  const auto end = static_cast<int32_t>(plan.nodes.size());
  data->arena_bytes = memory.bytes;
  for (size_t s = 0; s < data->storages.size(); ++s) {
    StorageData& storage = data->storages[s];
    storage.first_node = storage.kind == StorageKind::kInput ? -1 : end;
    storage.last_node = storage.kind == StorageKind::kOutput ? end : -1;
    if (!LiesInArena(plan.storages[s], ends_in_arena) || storage.bytes == 0) continue;
    storage.offset = static_cast<int64_t>(memory.offsets[s]);
    storage.replaces = memory.replaces[s];
  }
  for (size_t i = 0; i < plan.nodes.size(); ++i) {
    const auto [first, last] = std::equal_range(stage_of.begin(), stage_of.end(), stage_of[i]);
    data->nodes[i].stage = stage_of[i];
    ForEachStorage(plan.nodes[i], [&](StorageId id) {
      StorageData& storage = data->storages[static_cast<size_t>(id)];
      storage.first_node = std::min(storage.first_node, static_cast<int32_t>(first - stage_of.begin()));
      storage.last_node = std::max(storage.last_node, static_cast<int32_t>(last - stage_of.begin()) - 1);
    });
  }
}

}  // namespace tempera::engine
