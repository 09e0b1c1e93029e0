#include "src/engine/plan_data/plan_data.h"

namespace tempera::engine {
namespace {

std::string At(const NodeData& node) { return "node '" + node.name + "' "; }

Status CheckPending(const PlanData& plan, const NodeData& node, const PendingData& pending) {
  for (int32_t i : {pending.scale, pending.shift, pending.slope}) {
    if (i >= static_cast<int32_t>(plan.numbers.size()))
      return Internal(At(node) + "names numbers that are not there");
  }
  if (pending.norm >= static_cast<int32_t>(plan.norms.size())) {
    return Internal(At(node) + "names a norm that is not there");
  }
  if (pending.norm >= 0 && (pending.scale >= 0 || pending.shift >= 0)) {
    return Internal(At(node) + "reads through a norm and through constants at once");
  }
  return OkStatus();
}

bool SameStage(const PlanData& plan, int32_t a, int32_t b) {
  const auto count = static_cast<int32_t>(plan.nodes.size());
  return a >= 0 && b >= 0 && a < count && b < count &&
         plan.nodes[static_cast<size_t>(a)].stage == plan.nodes[static_cast<size_t>(b)].stage;
}

}  // namespace

const char* NameOf(StorageLayout layout) {
  return layout == StorageLayout::kInterleavedF16 ? "interleaved" : "dense";
}

const char* NameOf(StorageKind kind) {
  return kind == StorageKind::kInput ? "input" : kind == StorageKind::kOutput ? "output" : "arena";
}

Status CheckPlanData(const PlanData& plan) {
  const auto count = static_cast<StorageId>(plan.storages.size());
  std::vector<bool> there(plan.storages.size()), gathered(plan.norms.size());
  for (size_t s = 0; s < there.size(); ++s) there[s] = plan.storages[s].kind == StorageKind::kInput;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    const NodeData& node = plan.nodes[n];
    const auto lives = [&](StorageId id) {
      const StorageData& s = plan.storages[static_cast<size_t>(id)];
      return s.first_node <= static_cast<int32_t>(n) && static_cast<int32_t>(n) <= s.last_node;
    };
    for (const ReadData& read : node.reads) {
      if (read.storage < 0 || read.storage >= count)
        return Internal(At(node) + "reads a storage that is not there");
      if (!there[static_cast<size_t>(read.storage)])
        return Internal(At(node) + "reads what nobody has written");
      if (!lives(read.storage)) return Internal(At(node) + "reads a storage out of its lifetime");
      TEMPERA_RETURN_IF_ERROR(CheckPending(plan, node, read.pending));
    }
    for (StorageId id : node.writes) {
      if (id < 0 || id >= count) return Internal(At(node) + "writes a storage that is not there");
      if (!lives(id)) return Internal(At(node) + "writes a storage out of its lifetime");
      there[static_cast<size_t>(id)] = true;
    }
    for (int32_t norm : node.gathers) {
      if (norm < 0 || norm >= static_cast<int32_t>(plan.norms.size())) {
        return Internal(At(node) + "gathers for a norm that is not there");
      }
      if (gathered[static_cast<size_t>(norm)]) return Internal(At(node) + "gathers for a norm a second time");
      gathered[static_cast<size_t>(norm)] = true;
    }
  }
  for (const StorageData& a : plan.storages) {
    if (a.offset < 0 || a.bytes == 0) continue;
    if (static_cast<size_t>(a.offset) + a.bytes > plan.arena_bytes) {
      return Internal("the storage of '" + a.value + "' reaches past the arena");
    }
    for (const StorageData& b : plan.storages) {
      if (&a == &b || b.offset < 0 || b.bytes == 0 || b.first_node > a.last_node ||
          a.first_node > b.last_node)
        continue;
      const bool apart = a.offset + static_cast<int64_t>(a.bytes) <= b.offset ||
                         b.offset + static_cast<int64_t>(b.bytes) <= a.offset;
      // One that is read for the last time by the node that writes the other, number by number, may lie
      // below.
      const bool takes_over = a.offset == b.offset && (SameStage(plan, a.last_node, b.first_node) ||
                                                       SameStage(plan, b.last_node, a.first_node));
      if (!apart && !takes_over) {
        return Internal("the storages of '" + a.value + "' and '" + b.value + "' overlap");
      }
    }
  }
  return OkStatus();
}

}  // namespace tempera::engine
