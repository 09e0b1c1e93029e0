#include "src/engine/facts/small_ranges.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "src/base/checked_math.h"
#include "src/graph/activation.h"
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
// Of a tanh or an exp, in products.
constexpr int64_t kWorkOfFunction = 8;

bool IsSmall(const TensorInfo& info) {
  int64_t count = 0;
  return info.dtype == DataType::kFloat32 && CheckedElementCount(info.shape, &count) && count > 0 &&
         count <= kMostNumbers;
}

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// Functions that never fall, by operator.
double (*RisingFunction(const std::string& type))(double) {
  if (type == "Sigmoid") return Sigmoid;
  if (type == "Tanh") return [](double x) { return std::tanh(x); };
  if (type == "Exp") return [](double x) { return std::exp(x); };
  if (type == "Softplus")
    return [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); };
  if (type == "Relu") return [](double x) { return std::max(x, 0.0); };
  if (type == "Sqrt") return [](double x) { return std::sqrt(std::max(x, 0.0)); };
  return nullptr;
}

// Whatever goes in.
std::optional<Interval> AlwaysBetween(const graph::Graph& graph, const Node& node) {
  if (node.op_type == "Sigmoid" || node.op_type == "HardSigmoid" || node.op_type == "Softmax")
    return {{0, 1}};
  if (node.op_type == "Tanh") return {{-1, 1}};
  if (node.op_type == "Clip") {
    const auto spec = graph::ReadActivation(graph, node);
    if (spec && std::isfinite(spec->lo) && std::isfinite(spec->hi))
      return {{std::min(spec->lo, spec->hi), spec->hi}};
  }
  return std::nullopt;
}

// Numbers along `axis` add up to one: they are all there are.
bool IsWhole(const Shape& shape, int64_t axis) {
  for (size_t d = 0; d < shape.size(); ++d) {
    if (static_cast<int64_t>(d) != axis && shape[d] != 1) return false;
  }
  return true;
}

// Elements between neighbours along each axis of `to`, in a dense tensor of `shape` that repeats along it.
Shape RepeatingStrides(const Shape& shape, const Shape& to) {
  Shape strides(to.size());
  int64_t step = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    const int64_t size = shape[shape.size() - 1 - d];
    strides[to.size() - 1 - d] = size == 1 ? 0 : step;
    step *= size;
  }
  return strides;
}

int64_t CountOf(const Shape& shape) {
  int64_t count = 1;
  for (int64_t d : shape) count *= d;
  return count;
}

}  // namespace

SmallRanges::SmallRanges(const graph::Graph& graph)
    : graph_(graph),
      values_(graph.values.size()),
      sums_(graph.values.size()),
      last_uses_(graph::LastUses(graph)) {}

void SmallRanges::SetInput(ValueId v, const InputValues& known) {
  if (!IsSmall(graph_.value(v).info)) return;
  const Interval each = known.shares ? Interval{0, 1} : Interval{known.low, known.high};
  Keep(v, {Intervals(CountOf(ShapeOf(v)), each), known.shares});
}

std::vector<Interval> SmallRanges::Of(ValueId v) const {
  return v == kNoValue ? std::vector<Interval>() : Read(v).at.each();
}

bool SmallRanges::Knows(ValueId v) const {
  if (v == kNoValue) return false;
  const bool constant = graph::ConstantFloats(graph_, v) != nullptr;
  return constant ? IsSmall(graph_.value(v).info) : values_[static_cast<size_t>(v)].known();
}

SmallRanges::Numbers SmallRanges::Read(ValueId v) const {
  const Tensor* constant = graph::ConstantFloats(graph_, v);
  if (constant == nullptr) return values_[static_cast<size_t>(v)];
  if (!IsSmall(constant->info())) return {};
  std::vector<Interval> each;
  each.reserve(static_cast<size_t>(constant->element_count()));
  for (const float x : constant->span<float>()) each.push_back({x, x});
  return {Intervals(std::move(each))};
}

// One a number or none: whoever reads them goes by the value's shape.
void SmallRanges::Keep(ValueId v, Numbers numbers) {
  Forget(v);
  if (numbers.at.count() != CountOf(ShapeOf(v)) || !numbers.at.finite() ||
      numbers.at.kept() > kMostKept - kept_)
    return;
  kept_ += numbers.at.kept();
  values_[static_cast<size_t>(v)] = std::move(numbers);
}

void SmallRanges::Forget(ValueId v) {
  Numbers& numbers = values_[static_cast<size_t>(v)];
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
  if (node.outputs.empty() || node.outputs[0] == kNoValue || node.inputs.empty() ||
      node.inputs[0] == kNoValue || !IsSmall(graph_.value(node.outputs[0]).info))
    return;
  sums_[static_cast<size_t>(node.outputs[0])] = SumBelow(node);
  int64_t numbers = 0;
  for (const auto* values : {&node.inputs, &node.outputs}) {
    for (const ValueId v : *values) {
      if (v != kNoValue && IsSmall(graph_.value(v).info)) numbers += CountOf(ShapeOf(v));
    }
  }
  if (!Afford(numbers)) return;
  if (node.op_type == "Split") return Split(node);
  Keep(node.outputs[0], Ranges(node));
}

SmallRanges::Numbers SmallRanges::Ranges(const Node& node) {
  const std::string& type = node.op_type;
  if (type == "Reshape" || type == "Unsqueeze" || type == "Squeeze" || type == "Flatten" ||
      type == "Identity" || type == "Dropout" || type == "Transpose" || type == "Expand")
    return Moved(node);
  if (type == "Add" || type == "Sub" || type == "Mul" || type == "Div" || type == "Max" || type == "Min")
    return Joined(node);
  if (type == "MatMul" || type == "Gemm") return Multiplied(node);
  if (type == "Gather") return Gathered(node);
  if (type == "ReduceSum" || type == "ReduceMean") return Reduced(node);
  if (type == "Concat") return Concatenated(node);
  if (type == "Slice") return Sliced(node);
  return Mapped(node);
}

void SmallRanges::Split(const Node& node) {
  Shape begin(ShapeOf(node.inputs[0]).size());
  const auto rank = static_cast<int64_t>(begin.size());
  const int64_t axis = node.attributes.Int("axis", 0);
  if (axis < -rank || axis >= rank) return;
  const auto at = static_cast<size_t>(axis < 0 ? axis + rank : axis);
  for (const ValueId part : node.outputs) {
    if (part == kNoValue) return;
    Keep(part, Part(node.inputs[0], part, begin));
    begin[at] += ShapeOf(part)[at];
  }
}

// The same numbers in the same order, or in any where all have one range.
SmallRanges::Numbers SmallRanges::Moved(const Node& node) {
  Numbers x = Read(node.inputs[0]);
  if (!x.known()) return {};
  const Shape &from = ShapeOf(node.inputs[0]), &to = ShapeOf(node.outputs[0]);
  if (node.op_type == "Expand") {
    if (CountOf(from) == CountOf(to)) return x;
    return x.at.same() ? Numbers{Intervals(CountOf(to), x.at[0])} : Numbers();
  }
  const auto wide = std::count_if(from.begin(), from.end(), [](int64_t d) { return d != 1; });
  if (node.op_type == "Transpose" && wide > 1 && !x.at.same()) return {};
  return x;
}

SmallRanges::Numbers SmallRanges::Mapped(const Node& node) {
  const int64_t count = CountOf(ShapeOf(node.outputs[0]));
  const Numbers x = Read(node.inputs[0]);
  const std::string& type = node.op_type;
  if (type == "Softmax" || type == "tempera.Softmax") {
    const Shape& shape = ShapeOf(node.outputs[0]);
    const auto* fused = std::get_if<graph::FusedSoftmax>(&node.fused);
    int64_t axis = fused != nullptr ? fused->axis : node.attributes.Int("axis", graph_.opset < 13 ? 1 : -1);
    if (axis < 0) axis += static_cast<int64_t>(shape.size());
    return {Intervals(count, {0, 1}), IsWhole(shape, axis)};
  }
  if (type == "tempera.Affine") {
    const Numbers scale = Read(node.inputs[1]), shift = Read(node.inputs[2]);
    if (scale.at.count() != count || shift.at.count() != count || x.at.count() != count) return {};
    std::vector<Interval> each;
    for (int64_t i = 0; i < count; ++i) each.push_back(x.at[i] * scale.at[i] + shift.at[i]);
    return {Intervals(std::move(each))};
  }
  if (x.known() && x.at.count() == count && Afford(kWorkOfFunction * x.at.kept())) {
    if (const auto f = RisingFunction(type))
      return {x.at.Map([f](const Interval& i) { return Interval{f(i.low), f(i.high)}; })};
    if (type == "Neg") return {x.at.Map([](const Interval& i) { return Interval{-i.high, -i.low}; })};
    if (type == "Abs") {
      return {x.at.Map([](const Interval& i) {
        const double least = i.low <= 0 && i.high >= 0 ? 0 : std::min(std::abs(i.low), std::abs(i.high));
        return Interval{least, std::max(std::abs(i.low), std::abs(i.high))};
      })};
    }
    const auto spec = graph::ReadActivation(graph_, node);
    if (spec && spec->clamp) {
      // As ONNX has it where the bounds cross: the upper one wins.
      const auto clip = [&](double v) { return std::min<double>(std::max<double>(v, spec->lo), spec->hi); };
      return {x.at.Map([&](const Interval& i) { return Interval{clip(i.low), clip(i.high)}; })};
    }
  }
  if (const auto between = AlwaysBetween(graph_, node)) return {Intervals(count, *between)};
  return {};
}

// sum(w), or sum(w) and a little: w the first operand of what is made of it.
SmallRanges::SumOf SmallRanges::SumBelow(const Node& node) const {
  const std::string& type = node.op_type;
  if (type == "ReduceSum") {
    const bool of_all = CountOf(ShapeOf(node.outputs[0])) == 1;
    return of_all ? SumOf{node.inputs[0], true} : SumOf{};
  }
  const ValueId below = sums_[static_cast<size_t>(node.inputs[0])].of;
  if (below == kNoValue) return {};
  if (type == "Max") return {below, false};
  if (type == "Clip") {
    const bool bounded = graph::InputOf(node, 2) != kNoValue || node.attributes.Has("max");
    return bounded ? SumOf{} : SumOf{below, false};
  }
  if (type != "Add" && type != "tempera.Affine") return {};
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    const std::vector<Interval> all = Of(node.inputs[i]);
    const double least = type == "tempera.Affine" && i == 1 ? 1 : 0;
    if (all.empty() || std::any_of(all.begin(), all.end(), [&](const Interval& x) { return x.low < least; }))
      return {};
  }
  return {below, false};
}

SmallRanges::Numbers SmallRanges::Joined(const Node& node) {
  if (node.inputs.size() != 2) return {};
  const Numbers a = Read(node.inputs[0]), b = Read(node.inputs[1]);
  const Shape& shape = ShapeOf(node.outputs[0]);
  const int64_t count = CountOf(shape);
  const std::string& type = node.op_type;
  if (type == "Div" && a.at.count() == count) {
    // A share of the sum of all; what is added to the sum may have more numbers than what is divided, and the
    // quotient then repeats that.
    const SumOf& sum = sums_[static_cast<size_t>(node.inputs[1])];
    bool negative = false;
    for (int64_t i = 0; i < a.at.kept(); ++i) negative = negative || a.at[i].low < 0;
    if (sum.of == node.inputs[0] && !negative) return {Intervals(count, {0, 1}), sum.exactly, !sum.exactly};
  }
  if (!a.known() || !b.known()) return {};
  const auto join = [&](const Interval& p, const Interval& q) {
    return type == "Add"   ? p + q
           : type == "Sub" ? p - q
           : type == "Mul" ? p * q
           : type == "Div" ? p / q
           : type == "Max" ? Interval{std::max(p.low, q.low), std::max(p.high, q.high)}
                           : Interval{std::min(p.low, q.low), std::min(p.high, q.high)};
  };
  if (a.at.same() && b.at.same()) return {Intervals(count, join(a.at[0], b.at[0]))};
  const Shape x = RepeatingStrides(ShapeOf(node.inputs[0]), shape),
              y = RepeatingStrides(ShapeOf(node.inputs[1]), shape);
  std::vector<Interval> each;
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i, at_x = 0, at_y = 0;
    for (size_t d = shape.size(); d-- > 0; rest /= shape[d]) {
      at_x += rest % shape[d] * x[d];
      at_y += rest % shape[d] * y[d];
    }
    each.push_back(join(a.at[at_x], b.at[at_y]));
  }
  return {Intervals(std::move(each))};
}

SmallRanges::Numbers SmallRanges::Multiplied(const Node& node) {
  const Numbers a = Read(node.inputs[0]), b = Read(node.inputs[1]);
  Shape sa = ShapeOf(node.inputs[0]), sb = ShapeOf(node.inputs[1]);
  if (!a.known() || !b.known()) return {};
  if (sa.size() == 1) sa.insert(sa.begin(), 1);
  if (sb.size() == 1) sb.push_back(1);
  // Leading ones of a batch.
  while (sa.size() > 2 && sa[0] == 1) sa.erase(sa.begin());
  while (sb.size() > 2 && sb[0] == 1) sb.erase(sb.begin());
  if (sa.size() != 2 || sb.size() != 2) return {};
  const bool gemm = node.op_type == "Gemm";
  const bool turn_a = gemm && node.attributes.Int("transA", 0) != 0,
             turn_b = gemm && node.attributes.Int("transB", 0) != 0;
  const int64_t rows = sa[turn_a ? 1 : 0], inner = sa[turn_a ? 0 : 1], columns = sb[turn_b ? 0 : 1];
  if (sb[turn_b ? 1 : 0] != inner || rows * columns != CountOf(ShapeOf(node.outputs[0]))) return {};
  const bool uniform = a.at.same() && b.at.same();
  if (!Afford(inner * (uniform ? 1 : rows * columns))) return {};
  const auto at_a = [&](int64_t r, int64_t k) -> const Interval& {
    return a.at[turn_a ? k * sa[1] + r : r * sa[1] + k];
  };
  const auto at_b = [&](int64_t k, int64_t c) -> const Interval& {
    return b.at[turn_b ? c * sb[1] + k : k * sb[1] + c];
  };
  // A mean of the other's numbers.
  const bool mean_a = (a.shares || a.most) && rows == 1, mean_b = (b.shares || b.most) && columns == 1;
  const bool with_zero = mean_a ? a.most : b.most;
  const auto product = [&](int64_t r, int64_t c) {
    Interval sum;
    for (int64_t k = 0; k < inner; ++k) {
      const Interval &p = at_a(r, k), &q = at_b(k, c);
      const Interval& weighed = mean_a ? q : p;
      sum = !mean_a && !mean_b ? sum + p * q : k == 0 && !with_zero ? weighed : Hull(sum, weighed);
    }
    return sum;
  };
  const double alpha = gemm ? node.attributes.Float("alpha", 1) : 1;
  const auto scaled = [&](const Interval& i) { return gemm ? i * Interval{alpha, alpha} : i; };
  const ValueId bias = gemm ? graph::InputOf(node, 2) : kNoValue;
  if (uniform && bias == kNoValue) return {Intervals(rows * columns, scaled(product(0, 0)))};
  const Numbers c = bias == kNoValue ? Numbers() : Read(bias);
  if (bias != kNoValue && !c.known()) return {};
  const double beta = node.attributes.Float("beta", 1);
  const Shape steps = bias == kNoValue ? Shape{0, 0} : RepeatingStrides(ShapeOf(bias), Shape{rows, columns});
  const Interval all = uniform ? scaled(product(0, 0)) : Interval();
  std::vector<Interval> each;
  for (int64_t i = 0; i < rows * columns; ++i) {
    const int64_t row = i / columns, column = i % columns;
    each.push_back(uniform ? all : scaled(product(row, column)));
    if (bias != kNoValue)
      each.back() = each.back() + c.at[row * steps[0] + column * steps[1]] * Interval{beta, beta};
  }
  return {Intervals(std::move(each))};
}

// Any row of a table.
SmallRanges::Numbers SmallRanges::Gathered(const Node& node) {
  const Numbers table = Read(node.inputs[0]);
  const Shape& shape = ShapeOf(node.inputs[0]);
  if (!table.known() || shape.empty() || node.attributes.Int("axis", 0) != 0) return {};
  const int64_t row = CountOf(shape) / shape[0], count = CountOf(ShapeOf(node.outputs[0]));
  std::vector<Interval> hulls, each;
  for (int64_t i = 0; i < CountOf(shape); ++i) {
    if (i < row) {
      hulls.push_back(table.at[i]);
    } else {
      Interval& hull = hulls[static_cast<size_t>(i % row)];
      hull = Hull(hull, table.at[i]);
    }
  }
  for (int64_t i = 0; i < count; ++i) each.push_back(hulls[static_cast<size_t>(i % row)]);
  return {Intervals(std::move(each))};
}

SmallRanges::Numbers SmallRanges::Reduced(const Node& node) {
  const Numbers x = Read(node.inputs[0]);
  const Shape& shape = ShapeOf(node.inputs[0]);
  if (!x.known()) return {};
  std::vector<int64_t> axes = node.attributes.Ints("axes");
  if (axes.empty()) axes = graph::ConstantInts(graph_, graph::InputOf(node, 1));
  if (axes.empty() && graph::InputOf(node, 1) != kNoValue) return {};
  std::vector<bool> reduced(shape.size(), axes.empty());
  const auto rank = static_cast<int64_t>(shape.size());
  for (int64_t axis : axes) {
    if (axis < -rank || axis >= rank) return {};
    reduced[static_cast<size_t>(axis < 0 ? axis + rank : axis)] = true;
  }
  if (axes.empty() && node.attributes.Int("noop_with_empty_axes", 0) != 0) return {};
  std::vector<Interval> sums(static_cast<size_t>(CountOf(ShapeOf(node.outputs[0]))));
  for (int64_t i = 0; i < CountOf(shape); ++i) {
    int64_t rest = i, to = 0, step = 1;
    for (size_t d = shape.size(); d-- > 0; rest /= shape[d]) {
      if (reduced[d]) continue;
      to += rest % shape[d] * step;
      step *= shape[d];
    }
    if (to >= static_cast<int64_t>(sums.size())) return {};
    Interval& sum = sums[static_cast<size_t>(to)];
    sum = sum + x.at[i];
  }
  if (node.op_type == "ReduceMean") {
    const double each = static_cast<double>(sums.size()) / static_cast<double>(x.at.count());
    for (Interval& i : sums) i = i * Interval{each, each};
  }
  return {Intervals(std::move(sums))};
}

SmallRanges::Numbers SmallRanges::Part(ValueId whole, ValueId part, const Shape& begin) {
  const Numbers x = Read(whole);
  const Shape &from = ShapeOf(whole), &to = ShapeOf(part);
  if (!x.known() || from.size() != to.size()) return {};
  const Shape strides = RepeatingStrides(from, from);
  std::vector<Interval> each;
  for (int64_t i = 0; i < CountOf(to); ++i) {
    int64_t rest = i, at = 0;
    for (size_t d = to.size(); d-- > 0; rest /= to[d]) at += (begin[d] + rest % to[d]) * strides[d];
    if (at < 0 || at >= x.at.count()) return {};
    each.push_back(x.at[at]);
  }
  return {Intervals(std::move(each))};
}

// From constant places on, every one.
SmallRanges::Numbers SmallRanges::Sliced(const Node& node) {
  const std::vector<int64_t> starts = graph::ConstantInts(graph_, graph::InputOf(node, 1)),
                             steps = graph::ConstantInts(graph_, graph::InputOf(node, 4));
  std::vector<int64_t> axes = graph::ConstantInts(graph_, graph::InputOf(node, 3));
  const Shape& shape = ShapeOf(node.inputs[0]);
  if (starts.empty() || std::any_of(steps.begin(), steps.end(), [](int64_t s) { return s != 1; })) return {};
  for (size_t i = 0; axes.size() < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  Shape begin(shape.size());
  const auto rank = static_cast<int64_t>(shape.size());
  for (size_t i = 0; i < starts.size(); ++i) {
    if (axes[i] < -rank || axes[i] >= rank) return {};
    const auto d = static_cast<size_t>(axes[i] < 0 ? axes[i] + rank : axes[i]);
    begin[d] = std::clamp<int64_t>(starts[i] < 0 ? starts[i] + shape[d] : starts[i], 0, shape[d]);
  }
  return Part(node.inputs[0], node.outputs[0], begin);
}

SmallRanges::Numbers SmallRanges::Concatenated(const Node& node) {
  // Along the only axis that is not 1: one after the other.
  const Shape& shape = ShapeOf(node.outputs[0]);
  const auto rank = static_cast<int64_t>(shape.size());
  const int64_t axis = node.attributes.Int("axis", 0);
  if (!IsWhole(shape, axis < 0 ? axis + rank : axis)) return {};
  std::vector<Interval> all;
  for (ValueId v : node.inputs) {
    const std::vector<Interval> part = Of(v);
    if (part.empty()) return {};
    all.insert(all.end(), part.begin(), part.end());
  }
  return {Intervals(std::move(all))};
}

}  // namespace tempera::engine
