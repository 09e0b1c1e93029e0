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
    : graph_(graph), values_(graph.values.size()), last_uses_(graph::LastUses(graph)) {}

void SmallRanges::SetInput(ValueId v, const InputValues& known) {
  if (!IsSmall(graph_.value(v).info)) return;
  const Interval each = known.shares ? Interval{0, 1} : Interval{known.low, known.high};
  Keep(v, {Intervals(CountOf(ShapeOf(v)), each), known.shares});
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
}

bool SmallRanges::Afford(int64_t work) {
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
    if (is_small(node.outputs[i])) Keep(node.outputs[i], rule({graph_, node, *this, i}));
  }
}

}  // namespace tempera::engine
