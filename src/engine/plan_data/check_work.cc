#include "src/engine/plan_data/check_work.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "src/base/checked_math.h"

namespace tempera::engine {
namespace {

// Of an axis, in numbers: far above what memory holds.
constexpr int64_t kMostSize = int64_t{1} << 48;

// The least and the greatest of offset + sum of i * strides over all i in `shape`; nothing where it
// overflows.
struct Reach {
  int64_t low = 0, high = 0;
  bool ok = true;

  Reach(int64_t offset, const Shape& shape, const Shape& strides) : low(offset), high(offset) {
    ok = shape.size() == strides.size();
    for (size_t d = 0; ok && d < shape.size(); ++d) {
      int64_t far = 0;
      ok = shape[d] > 0 && CheckedMul(shape[d] - 1, strides[d], &far);
      int64_t& end = far < 0 ? low : high;
      ok = ok && CheckedAdd(end, far, &end);
    }
  }
  bool Within(int64_t count) const { return ok && low >= 0 && high < count; }
};

// By kind of work: whether it fits, and why not.
class WorkCheck {
 public:
  WorkCheck(const PlanData& plan, const NodeData& node) : plan_(plan), node_(node) {}

  Status operator()(const LoopWork& w) {
    for (const Operand& operand : w.inputs) Takes(operand);
    std::vector<bool> written(node_.writes.size());
    for (int32_t write : w.outputs) {
      const bool there = write < Count(node_.writes);
      Need(there, "writes what it has no place for");
      if (!there || write < 0) continue;
      Need(!written[static_cast<size_t>(write)], "writes a place twice");
      written[static_cast<size_t>(write)] = true;
    }
    Need(std::all_of(written.begin(), written.end(), [](bool is) { return is; }),
         "does not write all that it names");
    numbers_ = false;
    Need(!node_.op_type.empty(), "is a loop of no operator");
    return Ends(node_.writes.size());
  }
  Status operator()(const ConvWork& w) {
    const Shape &x = Picture(), &y = Written();
    Need(!w.weights.empty() && (w.slope.empty() == (w.conv.activation != graph::ActivationKind::kSlope)),
         "lacks weights or a slope");
    Need(w.range_low.size() == w.range_high.size() &&
             (w.range_low.empty() || w.range_low.size() == static_cast<size_t>(w.in_channels)),
         "has ranges of other channels than it reads");
    Need(w.precision != Precision::kInt8 || !w.range_low.empty(), "has no ranges for 8 bits");
    if (!ok()) return Ends(1);
    const int64_t group = w.conv.group, shuffle = w.conv.shuffle;
    Need(group > 0 && shuffle > 0 && shuffle <= 4 && w.in_channels % group == 0 &&
             w.out_channels % group == 0 && x[1] == w.in_channels &&
             w.out_channels % (shuffle * shuffle) == 0,
         "has channels that do not divide");
    if (!ok()) return Ends(1);
    const graph::Padding& pads = w.conv.padding;
    Need(AreSmall(pads), "is padded without end");
    if (!ok()) return Ends(1);
    const int64_t h =
        WindowsIn(w.conv, x[2], w.kernel_h, w.conv.stride_h, w.conv.dilation_h, pads.top + pads.bottom);
    const int64_t width =
        WindowsIn(w.conv, x[3], w.kernel_w, w.conv.stride_w, w.conv.dilation_w, pads.left + pads.right);
    Need(h >= 1 && width >= 1 && h <= kMostSize && width <= kMostSize, "has no window in its picture");
    if (!ok()) return Ends(1);
    Need(y == Shape{x[0], w.out_channels / (shuffle * shuffle), h * shuffle, width * shuffle},
         "writes a picture of another size than its window gives");
    return Ends(1);
  }
  Status operator()(const StatisticsWork&) {
    Picture();
    Need(!node_.gathers.empty(), "gathers for no norm");
    return Ends(0);
  }
  Status operator()(const RangesWork& w) {
    Picture();
    Need(w.convolution >= 0, "looks at a convolution that is not there");
    return Ends(0);
  }
  Status operator()(const ParametersWork& w) {
    const bool of_norm = w.norm >= 0;
    Need(of_norm != (w.scale >= 0 || w.shift >= 0) && w.norm < Count(plan_.norms) &&
             w.scale < Count(plan_.numbers) && w.shift < Count(plan_.numbers),
         "brings parameters to nothing that is there");
    if (!ok()) return Ends(0);
    for (const auto& [read, list] : {std::pair{w.scale_read, w.scale}, std::pair{w.shift_read, w.shift}}) {
      if (read < 0) continue;
      const int64_t count = Takes(read);
      Need(of_norm || list >= 0, "brings numbers to no list");
      if (!ok() || count <= 0) return Ends(0);
      const auto numbers = of_norm ? plan_.norms[static_cast<size_t>(w.norm)].channels
                                   : static_cast<int64_t>(plan_.numbers[static_cast<size_t>(list)].size());
      Need(of_norm ? count == numbers : numbers % count == 0, "brings another number of parameters");
    }
    return Ends(0);
  }
  Status operator()(const ApplyWork&) {
    numbers_ = false;
    const int64_t count = Takes(0);
    Need(count == CountOf(Written()), "copies to another size");
    Need(ok() && Of(node_.reads[0].storage).type == Of(node_.writes[0]).type, "copies to another type");
    return Ends(1);
  }
  Status operator()(const PoolWork& w) {
    const Shape &x = Picture(), &y = Written();
    Need(std::min({w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w}) > 0,
         "has a window of no size");
    Need(ok() && y == Shape{x[0], x[1], w.out_h, w.out_w}, "pools to another size");
    return Ends(1);
  }
  Status operator()(const ResizeWork& w) {
    const Shape &x = Picture(), &y = Written();
    Need(IsWhole(w.rows) && IsWhole(w.columns), "has a table that is not whole");
    Need(ok() && w.rows.in == x[2] && w.columns.in == x[3] &&
             y == Shape{x[0], x[1], w.rows.out, w.columns.out},
         "resizes to another size");
    return Ends(1);
  }
  Status operator()(const FunctionWork& w) {
    Need(!w.function.empty(), "has no function");
    Need(Takes(0) == CountOf(Written()), "writes another size than it reads");
    return Ends(1);
  }
  Status operator()(const BinaryWork& w) {
    Need(!w.function.empty(), "has no function");
    Need(CountOf(w.shape) == CountOf(Written()), "writes another size than its shape");
    for (const auto& [operand, strides] : {std::pair{&w.a, &w.a_strides}, std::pair{&w.b, &w.b_strides}}) {
      const int64_t count = Takes(*operand);
      Need(strides->size() == w.shape.size(), "has strides of another shape");
      if (CountOf(w.shape) == 0) continue;
      const Reach reach(0, w.shape, *strides);
      Need(reach.ok && reach.low == 0 && (operand->read < 0 || reach.high < count), "reads past an operand");
    }
    return Ends(1);
  }
  Status operator()(const MoveWork& w) {
    const int64_t to = CountOf(Written());
    int64_t moved = 0;
    for (const Move& move : w.moves) {
      const int64_t from = Takes(move.from), count = CountOf(move.shape);
      Need(count >= 0 && CheckedAdd(moved, count, &moved), "moves more than there is");
      if (count <= 0) continue;
      const Reach in(move.in_offset, move.shape, move.in_strides);
      Need(move.from.read >= 0 ? in.Within(from) : in.ok && in.low >= 0, "moves from outside what it reads");
      Need(Reach(move.out_offset, move.shape, move.out_strides).Within(to), "moves past what it writes");
    }
    Need(moved == to, "moves another number than it writes");
    return Ends(1);
  }
  Status operator()(const PadWork& w) {
    const Shape &x = Picture(), &y = Written();
    const graph::Padding& p = w.padding;
    Need(AreSmall(p), "is padded without end");
    Need(ok() && y == Shape{x[0], x[1], x[2] + p.top + p.bottom, x[3] + p.left + p.right},
         "pads to another size");
    return Ends(1);
  }
  Status operator()(const MatrixWork& w) {
    const int64_t a = Takes(w.a), b = Takes(w.b);
    const Shape c = {static_cast<int64_t>(w.batches.size()), w.m, w.n};
    Need(CountOf(c) == CountOf(Written()), "writes another size than its product");
    if (CountOf(c) == 0 || w.k == 0) return Ends(1);
    for (const auto& [at_a, at_b] : w.batches) {
      const Reach in_a(at_a, {w.m, w.k}, {w.a_row, w.a_column}),
          in_b(at_b, {w.k, w.n}, {w.b_row, w.b_column});
      Need(w.a.read < 0 ? in_a.ok : in_a.Within(a), "reads past its first factor");
      Need(w.b.read < 0 ? in_b.ok : in_b.Within(b), "reads past its second factor");
    }
    return Ends(1);
  }
  Status operator()(const SoftmaxWork& w) {
    const int64_t count = Takes(0);
    Need(count == CountOf({w.outer, w.size, w.inner}) && count == CountOf(Written()), "is of another size");
    return Ends(1);
  }
  Status operator()(const LayerNormWork& w) {
    const int64_t count = Takes(0);
    Need(count == CountOf({w.count, w.size}) && count == CountOf(Written()), "is of another size");
    Need(!w.scale.empty(), "has no scale");
    return Ends(1);
  }

 private:
  template <typename List>
  static int32_t Count(const List& list) {
    return static_cast<int32_t>(list.size());
  }
  bool ok() const { return why_ == nullptr; }
  // So that sums and products of a few do not overflow.
  static bool AreSmall(const graph::Padding& p) {
    const auto is_small = [](int64_t x) { return x >= -kMostSize && x <= kMostSize; };
    return is_small(p.top) && is_small(p.left) && is_small(p.bottom) && is_small(p.right);
  }
  void Need(bool is_so, const char* otherwise) {
    if (!is_so && why_ == nullptr) why_ = otherwise;
  }
  const StorageData& Of(StorageId id) const { return plan_.storages[static_cast<size_t>(id)]; }

  // How many numbers that read has; -1: it is not there.
  int64_t Takes(int32_t read) {
    const bool there = read < Count(node_.reads);
    Need(there, "does not work on what it reads");
    if (read < 0 || !there) return -1;
    ++taken_;
    return CountOf(node_.reads[static_cast<size_t>(read)].shape);
  }
  int64_t Takes(const Operand& operand) { return Takes(operand.read); }
  // The one picture [n, c, h, w] that it reads; 1 by 1 where there is none.
  const Shape& Picture() {
    static const Shape kNone = {1, 1, 1, 1};
    Takes(0);
    const bool is_one = !node_.reads.empty() && node_.reads[0].shape.size() == 4;
    Need(is_one, "reads no picture");
    return is_one ? node_.reads[0].shape : kNone;
  }
  const Shape& Written() {
    static const Shape kNone = {-1};
    Need(node_.writes.size() == 1, "does not write one storage");
    return node_.writes.size() == 1 ? Of(node_.writes[0]).shape : kNone;
  }
  // How many windows fit along an axis of `in` numbers, or how many numbers a transposed convolution makes of
  // them; -1: none.
  static int64_t WindowsIn(const graph::FusedConv& conv, int64_t in, int64_t kernel, int64_t stride,
                           int64_t dilation, int64_t pads) {
    int64_t reach = 0, size = 0;
    if (std::min({in, kernel, stride, dilation, conv.upsample}) < 1 ||
        !CheckedMul(kernel - 1, dilation, &reach) || !CheckedAdd(reach, 1, &reach))
      return -1;
    if (conv.transposed) {
      return CheckedMul(in - 1, stride, &size) && CheckedAdd(size, reach, &size) &&
                     CheckedAdd(size, -pads, &size)
                 ? size
                 : -1;
    }
    if (!CheckedMul(in, conv.upsample, &size) || !CheckedAdd(size, pads, &size) || size < reach) return -1;
    return (size - reach) / stride + 1;
  }
  static bool IsWhole(const ResizeTaps& taps) {
    const int64_t count = CountOf({taps.taps, taps.out});
    return count > 0 && taps.index.size() == static_cast<size_t>(count) &&
           taps.weight.size() == taps.index.size() &&
           std::all_of(taps.index.begin(), taps.index.end(),
                       [&](int32_t i) { return i >= 0 && i < taps.in; });
  }
  Status Ends(size_t writes) {
    Need(taken_ == static_cast<int64_t>(node_.reads.size()), "does not work on what it reads");
    Need(node_.writes.size() == writes, "writes another number of storages");
    // Plain loops and copies take any type; all else is arithmetic.
    const auto is_float = [this](StorageId id) { return Of(id).type == DataType::kFloat32; };
    Need(!numbers_ || (std::all_of(node_.reads.begin(), node_.reads.end(),
                                   [&](const ReadData& read) { return is_float(read.storage); }) &&
                       std::all_of(node_.writes.begin(), node_.writes.end(), is_float)),
         "calculates with what are no fp32 numbers");
    return ok() ? OkStatus() : Internal("node '" + node_.name + "' " + why_);
  }

  const PlanData& plan_;
  const NodeData& node_;
  const char* why_ = nullptr;
  int64_t taken_ = 0;
  bool numbers_ = true;  // it calculates
};

}  // namespace

int64_t CountOf(const Shape& shape) {
  int64_t count = -1;
  return CheckedElementCount(shape, &count) ? count : -1;
}

Status CheckWork(const PlanData& plan, const NodeData& node) {
  return std::visit(WorkCheck(plan, node), node.work);
}

}  // namespace tempera::engine
