#include <algorithm>
#include <string>
#include <vector>

#include "src/base/checked_math.h"
#include "src/engine/plan_data/check_work.h"
#include "src/engine/plan_data/plan_data.h"

namespace tempera::engine {
namespace {

constexpr int64_t kF16Bytes = 2, kPixelBlock = 8;

class PlanCheck {
 public:
  explicit PlanCheck(const PlanData& plan)
      : plan_(plan),
        written_(plan.storages.size(), -1),
        gathered_(plan.norms.size(), -1),
        brought_(plan.norms.size()) {}

  Status Run() {
    for (const StorageData& s : plan_.storages) TEMPERA_RETURN_IF_ERROR(CheckStorage(s));
    for (const NormData& norm : plan_.norms) TEMPERA_RETURN_IF_ERROR(CheckNorm(norm));
    for (size_t n = 0; n < plan_.nodes.size(); ++n)
      TEMPERA_RETURN_IF_ERROR(CheckNode(static_cast<int32_t>(n)));
    TEMPERA_RETURN_IF_ERROR(CheckEnds());
    TEMPERA_RETURN_IF_ERROR(CheckStates());
    return CheckMemory();
  }

 private:
  static Status Wrong(const StorageData& s, const char* why) {
    return Internal("the storage of '" + s.value + "' " + why);
  }
  static Status Wrong(const NodeData& node, const char* why) {
    return Internal("node '" + node.name + "' " + why);
  }
  template <typename List>
  static bool IsIn(int32_t index, const List& list) {
    return index >= 0 && static_cast<size_t>(index) < list.size();
  }
  const StorageData& Of(StorageId id) const { return plan_.storages[static_cast<size_t>(id)]; }
  int32_t nodes() const { return static_cast<int32_t>(plan_.nodes.size()); }

  Status CheckStorage(const StorageData& s) const {
    const int64_t count = CountOf(s.shape);
    int64_t bytes = count < 0 ? -1 : count * static_cast<int64_t>(DataTypeSize(s.type));
    if (s.layout == StorageLayout::kInterleavedF16) {
      if (s.shape.size() != 4 || s.type != DataType::kFloat32)
        return Wrong(s, "is interleaved, and no picture");
      bytes =
          count < 0
              ? -1
              : CountOf({s.shape[0], s.shape[2], s.shape[3], RoundUp(s.shape[1], kPixelBlock), kF16Bytes});
    }
    // A picture end has no memory.
    const bool none = s.kind != StorageKind::kArena && s.bytes == 0;
    if (bytes < 0 || (!none && s.bytes != static_cast<uint64_t>(bytes)))
      return Wrong(s, "is of another size");
    const bool is_picture = s.shape.size() == 4 && s.type == DataType::kFloat32;
    if (is_picture && s.picture.channels > 1 &&
        s.picture != Planes{s.shape[0], s.shape[1], s.shape[2], s.shape[3]})
      return Wrong(s, "shows another picture than its shape");
    if (s.first_node < (s.kind == StorageKind::kInput ? -1 : 0) ||
        s.last_node > (s.kind == StorageKind::kOutput ? nodes() : std::max(nodes() - 1, -1)))
      return Wrong(s, "lives when there is no node");
    if (s.offset < -1) return Wrong(s, "lies in front of the arena");
    if (s.kept && (s.kind == StorageKind::kArena || s.offset >= 0))
      return Wrong(s, "is kept between runs, in memory that is not");
    if (s.offset >= 0 &&
        (s.bytes > plan_.arena_bytes || static_cast<uint64_t>(s.offset) > plan_.arena_bytes - s.bytes))
      return Wrong(s, "reaches past the arena");
    return OkStatus();
  }

  static Status CheckNorm(const NormData& norm) {
    if (CountOf({norm.images, norm.channels}) < 1 || norm.group_channels < 1 ||
        norm.channels % norm.group_channels != 0)
      return Internal("norm '" + norm.name + "' has channels that do not divide");
    return OkStatus();
  }

  Status CheckNode(int32_t n) {
    const NodeData& node = plan_.nodes[static_cast<size_t>(n)];
    if (n > 0 && node.stage < plan_.nodes[static_cast<size_t>(n) - 1].stage)
      return Wrong(node, "is in a stage that is over");
    for (const ReadData& read : node.reads) TEMPERA_RETURN_IF_ERROR(CheckRead(node, n, read));
    for (StorageId id : node.writes) {
      if (!IsIn(id, plan_.storages)) return Wrong(node, "writes a storage that is not there");
      if (!Lives(id, n)) return Wrong(node, "writes a storage out of its lifetime");
      if (Of(id).kind == StorageKind::kInput) return Wrong(node, "writes an input");
      if (written_[static_cast<size_t>(id)] >= 0) return Wrong(node, "writes what another node has written");
      written_[static_cast<size_t>(id)] = n;
    }
    TEMPERA_RETURN_IF_ERROR(CheckWork(plan_, node));
    TEMPERA_RETURN_IF_ERROR(CheckGathers(node, n));
    if (const auto* parameters = std::get_if<ParametersWork>(&node.work)) {
      if (parameters->norm >= 0) brought_[static_cast<size_t>(parameters->norm)] = true;
    }
    return OkStatus();
  }

  bool Lives(StorageId id, int32_t n) const { return Of(id).first_node <= n && n <= Of(id).last_node; }

  Status CheckRead(const NodeData& node, int32_t n, const ReadData& read) const {
    if (!IsIn(read.storage, plan_.storages)) return Wrong(node, "reads a storage that is not there");
    const StorageData& s = Of(read.storage);
    if (s.kind != StorageKind::kInput && written_[static_cast<size_t>(read.storage)] < 0)
      return Wrong(node, "reads what nobody has written");
    if (!Lives(read.storage, n)) return Wrong(node, "reads a storage out of its lifetime");
    if (CountOf(read.shape) != CountOf(s.shape)) return Wrong(node, "reads another size than there is");
    if (s.layout != StorageLayout::kDense && read.shape != s.shape)
      return Wrong(node, "sees another picture in interleaved memory");
    return CheckPending(node, read);
  }

  Status CheckPending(const NodeData& node, const ReadData& read) const {
    const PendingData& p = read.pending;
    if (p.empty()) return OkStatus();
    const int64_t channels = read.shape.size() == 4 ? CountOf({read.shape[0], read.shape[1]}) : 1;
    if (Of(read.storage).type != DataType::kFloat32)
      return Wrong(node, "has arithmetic pending on no numbers");
    for (int32_t list : {p.scale, p.shift, p.slope}) {
      if (list == -1) continue;
      if (!IsIn(list, plan_.numbers)) return Wrong(node, "names numbers that are not there");
      if (static_cast<int64_t>(plan_.numbers[static_cast<size_t>(list)].size()) != channels)
        return Wrong(node, "has another number of them than channels pending");
    }
    if ((p.activation == graph::ActivationKind::kSlope) != (p.slope >= 0)) return Wrong(node, "has no slope");
    if (p.norm == -1) return OkStatus();
    if (!IsIn(p.norm, plan_.norms)) return Wrong(node, "names a norm that is not there");
    if (p.scale >= 0 || p.shift >= 0)
      return Wrong(node, "reads through a norm and through constants at once");
    const auto at = static_cast<size_t>(p.norm);
    const NormData& norm = plan_.norms[at];
    if (norm.images * norm.channels != channels) return Wrong(node, "reads through a norm of other channels");
    if (!norm.given && gathered_[at] < 0)
      return Wrong(node, "reads through a norm before its statistics are there");
    if (gathered_[at] >= 0 && node.stage <= plan_.nodes[static_cast<size_t>(gathered_[at])].stage)
      return Wrong(node, "reads through a norm while its statistics are gathered");
    if ((norm.gamma.empty() || norm.beta.empty()) && !brought_[at])
      return Wrong(node, "reads through a norm before its parameters are there");
    return OkStatus();
  }

  Status CheckGathers(const NodeData& node, int32_t n) {
    for (int32_t index : node.gathers) {
      if (!IsIn(index, plan_.norms)) return Wrong(node, "gathers for a norm that is not there");
      const auto at = static_cast<size_t>(index);
      const NormData& norm = plan_.norms[at];
      if (norm.given || gathered_[at] >= 0) return Wrong(node, "gathers for a norm a second time");
      if (!std::holds_alternative<ConvWork>(node.work) && !std::holds_alternative<StatisticsWork>(node.work))
        return Wrong(node, "gathers, and is no convolution");
      const Shape& picture = node.writes.empty() ? node.reads[0].shape : Of(node.writes[0]).shape;
      if (picture.size() != 4 || picture[0] != norm.images || picture[1] != norm.channels)
        return Wrong(node, "gathers for a norm of other channels");
      gathered_[at] = n;
    }
    return OkStatus();
  }

  template <typename End>
  Status CheckEnd(const End& end, StorageKind kind, size_t index) const {
    if (!IsIn(end.storage, plan_.storages)) return Internal("'" + end.name + "' has no storage");
    const StorageData& s = Of(end.storage);
    if (s.kind != kind || s.index != index) return Wrong(s, "is not that input or output");
    if (s.type != end.type || CountOf(s.shape) != CountOf(end.shape))
      return Wrong(s, "is of another type or size");
    return OkStatus();
  }

  Status CheckEnds() const {
    size_t ends = 0;
    for (size_t i = 0; i < plan_.inputs.size(); ++i) {
      const InputData& input = plan_.inputs[i];
      TEMPERA_RETURN_IF_ERROR(CheckEnd(input, StorageKind::kInput, i));
      ++ends;
      if (Of(input.storage).kept == input.is_picture)
        return Wrong(Of(input.storage), "is kept as no picture is");
      const auto count = static_cast<int64_t>(input.initial.size());
      if (count > 1 && count != CountOf(input.shape))
        return Wrong(Of(input.storage), "begins with another size");
    }
    for (size_t o = 0; o < plan_.outputs.size(); ++o) {
      const OutputData& output = plan_.outputs[o];
      if (!output.constant.empty() && output.storage < 0) continue;
      TEMPERA_RETURN_IF_ERROR(CheckEnd(output, StorageKind::kOutput, o));
      ++ends;
      if (written_[static_cast<size_t>(output.storage)] < 0)
        return Wrong(Of(output.storage), "is an output that nobody writes");
    }
    const auto is_end = [](const StorageData& s) { return s.kind != StorageKind::kArena; };
    const auto storages = std::count_if(plan_.storages.begin(), plan_.storages.end(), is_end);
    return static_cast<size_t>(storages) == ends ? OkStatus()
                                                 : Internal("a storage is an input or output twice");
  }

  Status CheckStates() const {
    std::vector<bool> in(plan_.inputs.size()), out(plan_.outputs.size());
    for (const StateData& state : plan_.states) {
      if (state.input >= in.size() || state.output >= out.size() || in[state.input] || out[state.output])
        return Internal("a state is of ends that are not there, or are in another state");
      in[state.input] = out[state.output] = true;
      const InputData& input = plan_.inputs[state.input];
      const OutputData& output = plan_.outputs[state.output];
      if (input.is_picture || input.type != output.type || input.shape != output.shape)
        return Internal("state '" + input.name + "' is not what output '" + output.name + "' holds");
      if (!input.initial.empty() || (output.storage >= 0 && !Of(output.storage).kept))
        return Internal("state '" + input.name + "' begins with more than zeros, or is not kept");
    }
    return OkStatus();
  }

  // Whether `top` lies in memory that it took over from `base`, over several hands maybe.
  bool TookOver(StorageId top, StorageId base) const {
    for (StorageId id = Of(top).replaces; id >= 0; id = Of(id).replaces) {
      if (id == base) return true;
    }
    return false;
  }

  // That the node which writes `top` may write over what it replaces.
  Status CheckReplaces(StorageId top) const {
    const StorageData& s = Of(top);
    const StorageId base = s.replaces;
    if (base == -1) return OkStatus();
    if (!IsIn(base, plan_.storages) || base == top || Of(base).offset != s.offset || s.offset < 0 ||
        Of(base).bytes < s.bytes)
      return Wrong(s, "replaces what does not lie there");
    if (Of(base).kind == StorageKind::kOutput || Of(base).layout != s.layout || Of(base).type != s.type)
      return Wrong(s, "replaces an output, or what lies otherwise");
    const int32_t writer = written_[static_cast<size_t>(top)], before = written_[static_cast<size_t>(base)];
    if (writer < 0 || before >= writer) return Wrong(s, "replaces what was not there");
    const NodeData& node = plan_.nodes[static_cast<size_t>(writer)];
    const auto* binary = std::get_if<BinaryWork>(&node.work);
    if (binary == nullptr && !std::holds_alternative<FunctionWork>(node.work))
      return Wrong(s, "replaces what its node does not read number by number");
    for (size_t i = 0; i < node.reads.size(); ++i) {
      if (node.reads[i].storage != base || binary == nullptr) continue;
      for (const auto& [operand, strides] :
           {std::pair{&binary->a, &binary->a_strides}, std::pair{&binary->b, &binary->b_strides}}) {
        if (operand->read == static_cast<int32_t>(i) && !IsDense(binary->shape, *strides))
          return Wrong(s, "replaces what its node reads in another order");
      }
    }
    for (int32_t n = 0; n < nodes(); ++n) {
      const NodeData& other = plan_.nodes[static_cast<size_t>(n)];
      const bool reads = std::any_of(other.reads.begin(), other.reads.end(),
                                     [base](const ReadData& read) { return read.storage == base; });
      if (n == writer ? !reads : reads && other.stage >= node.stage)
        return Wrong(s, "replaces what is still read");
    }
    return OkStatus();
  }

  static bool IsDense(const Shape& shape, const Shape& strides) {
    int64_t stride = 1;
    for (size_t d = shape.size(); d-- > 0; stride *= shape[d]) {
      if (shape[d] != 1 && strides[d] != stride) return false;
    }
    return true;
  }

  Status CheckMemory() const {
    const auto count = static_cast<StorageId>(plan_.storages.size());
    // Each replaces one that was written before it, so following them ends.
    for (StorageId id = 0; id < count; ++id) TEMPERA_RETURN_IF_ERROR(CheckReplaces(id));
    for (StorageId i = 0; i < count; ++i) {
      const StorageData& a = Of(i);
      if (a.offset < 0 || a.bytes == 0) continue;
      for (StorageId j = 0; j < i; ++j) {
        const StorageData& b = Of(j);
        if (b.offset < 0 || b.bytes == 0 || b.first_node > a.last_node || a.first_node > b.last_node)
          continue;
        const bool apart = a.offset + static_cast<int64_t>(a.bytes) <= b.offset ||
                           b.offset + static_cast<int64_t>(b.bytes) <= a.offset;
        if (!apart && !TookOver(i, j) && !TookOver(j, i))
          return Internal("the storages of '" + a.value + "' and '" + b.value + "' overlap");
      }
    }
    return OkStatus();
  }

  const PlanData& plan_;
  std::vector<int32_t> written_;   // by storage: the node that writes it; -1: none so far
  std::vector<int32_t> gathered_;  // by norm: the node that gathers for it; -1: none so far
  std::vector<bool> brought_;      // by norm: its parameters were
};

}  // namespace

Status CheckPlanData(const PlanData& plan) { return PlanCheck(plan).Run(); }

}  // namespace tempera::engine
