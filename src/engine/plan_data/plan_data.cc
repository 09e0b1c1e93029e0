#include "src/engine/plan_data/plan_data.h"

#include <iterator>

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

// How many of NodeData::reads its operands are, and whether they are there.
struct Operands {
  size_t reads;
  int64_t count = 0;
  bool in_range = true;

  void Count(int32_t read) {
    count += read >= 0 ? 1 : 0;
    in_range = in_range && read < static_cast<int32_t>(reads);
  }
  void Count(const Operand& operand) { Count(operand.read); }

  void operator()(const LoopWork& w) {
    for (const Operand& o : w.inputs) Count(o);
  }
  void operator()(const MoveWork& w) {
    for (const Move& m : w.moves) Count(m.from);
  }
  void operator()(const BinaryWork& w) { Count(w.a), Count(w.b); }
  void operator()(const MatrixWork& w) { Count(w.a), Count(w.b); }
  void operator()(const ParametersWork& w) { Count(w.scale_read), Count(w.shift_read); }
  template <typename Other>
  void operator()(const Other&) {
    Count(0);
  }
};

Status CheckWork(const NodeData& node) {
  Operands operands{node.reads.size()};
  std::visit([&operands](const auto& work) { operands(work); }, node.work);
  if (!operands.in_range || operands.count != static_cast<int64_t>(node.reads.size())) {
    return Internal(At(node) + "does not work on what it reads");
  }
  const bool only_reads = std::holds_alternative<StatisticsWork>(node.work) ||
                          std::holds_alternative<RangesWork>(node.work) ||
                          std::holds_alternative<ParametersWork>(node.work);
  if (!std::holds_alternative<LoopWork>(node.work) && node.writes.size() != (only_reads ? 0u : 1u)) {
    return Internal(At(node) + "writes " + std::to_string(node.writes.size()) + " storages");
  }
  return OkStatus();
}

}  // namespace

const char* NameOf(StorageLayout layout) {
  return layout == StorageLayout::kInterleavedF16 ? "interleaved" : "dense";
}

const char* NameOf(StorageKind kind) {
  return kind == StorageKind::kInput ? "input" : kind == StorageKind::kOutput ? "output" : "arena";
}

const char* KindOf(const Work& work) {
  static constexpr const char* kNames[] = {"loop",  "convolution", "statistics", "ranges",   "parameters",
                                           "apply", "pool",        "resize",     "function", "binary",
                                           "move",  "pad",         "matrix",     "softmax",  "layer_norm"};
  static_assert(std::size(kNames) == std::variant_size_v<Work>);
  return kNames[work.index()];
}

Status CheckPlanData(const PlanData& plan) {
  const auto count = static_cast<StorageId>(plan.storages.size());
  std::vector<bool> there(plan.storages.size()), gathered(plan.norms.size());
  for (size_t s = 0; s < there.size(); ++s) there[s] = plan.storages[s].kind == StorageKind::kInput;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    const NodeData& node = plan.nodes[n];
    TEMPERA_RETURN_IF_ERROR(CheckWork(node));
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
