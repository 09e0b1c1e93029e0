#include "src/engine/facts/small_ranges.h"

#include <algorithm>
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/facts/operators.h"
#include "src/graph/liveness.h"
#include "src/graph/rewrite.h"

namespace tempera::engine {
namespace {

using graph::kNoValue;
using graph::Node;
using graph::ValueId;

// Tables of styles by channels; pictures are larger, and are not looked at.
constexpr int64_t kMostNumbers = 64 * 1024;
// 16 MiB: a dozen such tables at a time, of numbers that all differ.
constexpr int64_t kMostKept = int64_t{1} << 20;
// Sums and products of intervals in one graph: a few tenths of a second. 30 norms of 128 channels, blended
// from 32 styles, take a sixtieth of it.
constexpr int64_t kMostWork = int64_t{1} << 24;
// The same of numbers at corners: 8 MiB, and again a few tenths of a second. 12 styles in fine and bold
// strokes for ten norms of 32 channels take a thirtieth of it.
constexpr int64_t kMostCornersKept = int64_t{1} << 20;
constexpr int64_t kMostCornerWork = int64_t{1} << 26;

bool IsSmall(const TensorInfo& info) {
  int64_t count = 0;
  return info.dtype == DataType::kFloat32 && CheckedElementCount(info.shape, &count) && count > 0 &&
         count <= kMostNumbers;
}

// Of a shape that Specialize has checked.
int64_t CountOf(const Shape& shape) {
  int64_t count = 1;
  for (int64_t d : shape) count *= d;
  return count;
}

}  // namespace

int64_t SmallContext::count() const { return CountOf(made()); }
int64_t SmallContext::count_read() const { return CountOf(shape()); }
SmallNumbers SmallContext::Read(size_t input) const { return known.Read(graph::InputOf(node, input)); }

SmallRanges::SmallRanges(const graph::Graph& graph)
    : graph_(graph),
      values_(graph.values.size()),
      last_uses_(graph::LastUses(graph)),
      at_corners_(graph.values.size()) {}

void SmallRanges::SetInput(ValueId v, const InputValues& known) {
  if (!IsSmall(graph_.value(v).info)) return;
  const Interval each = known.shares ? Interval{0, 1} : Interval{known.low, known.high};
  const int64_t count = CountOf(ShapeOf(v));
  Keep(v, {Intervals(count, each), known.shares});
  KeepCorners(v, corners_.Input(count, known));
}

std::vector<Interval> SmallRanges::Of(ValueId v) const { return Read(v).at.each(); }

bool SmallRanges::Knows(ValueId v) const {
  if (v == kNoValue) return false;
  const bool constant = graph::ConstantFloats(graph_, v) != nullptr;
  return constant ? IsSmall(graph_.value(v).info) : values_[static_cast<size_t>(v)].known();
}

SmallNumbers SmallRanges::Read(ValueId v) const {
  if (v == kNoValue) return {};
  const Tensor* constant = graph::ConstantFloats(graph_, v);
  if (const CornerNumbers& corners = at_corners_[static_cast<size_t>(v)]; in_corner_ && corners.known()) {
    std::vector<Interval> each;
    for (const double x : corners_.Here(corners)) each.push_back({x, x});
    return {Intervals(std::move(each))};
  }
  if (constant == nullptr && in_corner_) return {values_[static_cast<size_t>(v)].at};
  if (constant == nullptr) return values_[static_cast<size_t>(v)];
  if (!IsSmall(constant->info())) return {};
  std::vector<Interval> each;
  each.reserve(static_cast<size_t>(constant->element_count()));
  for (const float x : constant->span<float>()) each.push_back({x, x});
  return {Intervals(std::move(each))};
}

// One a number or none: whoever reads them goes by the value's shape.
void SmallRanges::Keep(ValueId v, SmallNumbers numbers) {
  Forget(v);
  if (numbers.at.count() != CountOf(ShapeOf(v)) || !numbers.at.finite() ||
      numbers.at.kept() > kMostKept - kept_)
    numbers = {.sum = numbers.sum};
  kept_ += numbers.at.kept();
  values_[static_cast<size_t>(v)] = std::move(numbers);
}

void SmallRanges::Forget(ValueId v) {
  SmallNumbers& numbers = values_[static_cast<size_t>(v)];
  kept_ -= numbers.at.kept();
  numbers = {};
  KeepCorners(v, {});
}

void SmallRanges::KeepCorners(ValueId v, CornerNumbers numbers) {
  CornerNumbers& kept = at_corners_[static_cast<size_t>(v)];
  corners_kept_ -= static_cast<int64_t>(kept.at.size());
  kept = {};
  if (static_cast<int64_t>(numbers.at.size()) > kMostCornersKept - corners_kept_) return;
  kept = std::move(numbers);
  corners_kept_ += static_cast<int64_t>(kept.at.size());
}

// At every corner what is known of a value is one number each, of constants as well.
CornerNumbers SmallRanges::CornersOf(ValueId v) const {
  const CornerNumbers& corners = at_corners_[static_cast<size_t>(v)];
  if (corners.known()) return corners;
  CornerNumbers made;
  for (const Interval& i : Read(v).at.each()) {
    if (i.low != i.high) return {};
    made.at.push_back(i.low);
  }
  made.count = static_cast<int64_t>(made.at.size());
  return made;
}

bool SmallRanges::VisitCorners(ValueId a, ValueId b, const AtCorner& visit) {
  if (a == kNoValue || b == kNoValue) return false;
  const CornerNumbers first = CornersOf(a), second = CornersOf(b);
  const uint64_t inputs = first.inputs | second.inputs;
  if (inputs == 0 || first.count == 0 || second.count == 0) return false;
  const int64_t corners = corners_.CountOf(inputs);
  if (corners > kMostCornersKept / (first.count + second.count)) return false;
  for (int64_t corner = 0; corner < corners; ++corner) {
    corners_.Enter(inputs, corner);
    visit(corners_.Here(first), corners_.Here(second));
  }
  return true;
}

// The inputs that what the node reads follows from, where all of it is known at corners, and the node keeps
// it so.
bool SmallRanges::FollowStraight(const Node& node, uint64_t* inputs) const {
  std::vector<uint64_t> each;
  *inputs = 0;
  for (const ValueId v : node.inputs) {
    each.push_back(v == kNoValue ? 0 : at_corners_[static_cast<size_t>(v)].inputs);
    *inputs |= each.back();
    if (v == kNoValue || each.back() != 0 || graph_.value(v).constant) continue;
    const std::vector<Interval> read = Of(v);
    const auto moves = [](const Interval& i) { return i.low != i.high; };
    if (read.empty() || std::any_of(read.begin(), read.end(), moves)) return false;
  }
  return *inputs != 0 && KeepsStraight(node, each);
}

// By the operator's rule, at one corner after the other.
void SmallRanges::FindCorners(const Node& node, SmallRule rule, size_t output) {
  const ValueId v = node.outputs[output];
  uint64_t inputs = 0;
  if (!FollowStraight(node, &inputs)) return;
  CornerNumbers made{.inputs = inputs, .count = CountOf(ShapeOf(v)), .at = {}};
  const int64_t corners = corners_.CountOf(inputs);
  if (corners > kMostCornersKept / made.count || !AffordCorner(corners * made.count)) return;
  in_corner_ = true;
  for (int64_t corner = 0; corner < corners && inputs != 0; ++corner) {
    corners_.Enter(inputs, corner);
    const SmallNumbers here = rule({graph_, node, *this, output});
    if (here.at.count() != made.count) inputs = 0;
    for (int64_t i = 0; i < made.count && inputs != 0; ++i) {
      const Interval& number = here.at[i];
      if (number.low != number.high || !number.finite()) inputs = 0;
      made.at.push_back(number.low);
    }
  }
  in_corner_ = false;
  if (inputs == 0) return;
  std::vector<Interval> hulls;
  for (int64_t i = 0; i < made.count; ++i)
    hulls.push_back({made.at[static_cast<size_t>(i)], made.at[static_cast<size_t>(i)]});
  for (size_t i = 0; i < made.at.size(); ++i) {
    Interval& hull = hulls[i % hulls.size()];
    hull = Hull(hull, {made.at[i], made.at[i]});
  }
  SmallNumbers known = values_[static_cast<size_t>(v)];
  known.at = Intervals(std::move(hulls));
  Keep(v, std::move(known));
  made = corners_.Needed(std::move(made));
  if (made.known()) KeepCorners(v, std::move(made));
}

bool SmallRanges::AffordCorner(int64_t work) {
  if (work > kMostCornerWork - corner_work_) return false;
  corner_work_ += work;
  return true;
}

bool SmallRanges::Afford(int64_t work) {
  if (in_corner_) return AffordCorner(work);
  if (work > kMostWork - work_) return false;
  work_ += work;
  return true;
}

void SmallRanges::Visit(const Node& node) {
  // Whoever asked has read what the node before was the last to read.
  if (visited_ > 0 && visited_ <= last_uses_.size()) {
    for (const ValueId v : last_uses_[visited_ - 1]) Forget(v);
  }
  ++visited_;
  const SmallRule rule = FactsOf(node.op_type).small;
  if (rule == nullptr || graph::InputOf(node, 0) == kNoValue) return;
  const auto is_small = [&](ValueId v) { return v != kNoValue && IsSmall(graph_.value(v).info); };
  if (std::none_of(node.outputs.begin(), node.outputs.end(), is_small)) return;
  int64_t numbers = 0;
  for (const auto* values : {&node.inputs, &node.outputs}) {
    for (const ValueId v : *values) numbers += is_small(v) ? CountOf(ShapeOf(v)) : 0;
  }
  if (!Afford(numbers)) return;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (!is_small(node.outputs[i])) continue;
    Keep(node.outputs[i], rule({graph_, node, *this, i}));
    FindCorners(node, rule, i);
  }
}

}  // namespace tempera::engine
