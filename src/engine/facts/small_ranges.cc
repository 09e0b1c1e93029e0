#include "src/engine/facts/small_ranges.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "src/base/checked_math.h"
#include "src/graph/activation.h"
#include "src/graph/rewrite.h"

namespace tempera::engine {
namespace {

using graph::kNoValue;
using graph::Node;
using graph::ValueId;

// Tables of styles by channels; pictures are larger, and are not looked at.
constexpr int64_t kMostNumbers = 64 * 1024;

bool IsSmall(const TensorInfo& info) {
  int64_t count = 0;
  return info.dtype == DataType::kFloat32 && CheckedElementCount(info.shape, &count) && count > 0 &&
         count <= kMostNumbers;
}

Interval Hull(double a, double b, double c, double d) {
  return {std::min({a, b, c, d}), std::max({a, b, c, d})};
}
Interval operator+(const Interval& a, const Interval& b) { return {a.low + b.low, a.high + b.high}; }
Interval operator-(const Interval& a, const Interval& b) { return {a.low - b.high, a.high - b.low}; }
Interval operator*(const Interval& a, const Interval& b) {
  return Hull(a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high);
}
Interval operator/(const Interval& a, const Interval& b) {
  constexpr double kAnything = std::numeric_limits<double>::infinity();
  if (b.low <= 0 && b.high >= 0) return {-kAnything, kAnything};
  return a * Interval{1 / b.high, 1 / b.low};
}

bool Finite(const std::vector<Interval>& all) {
  return std::all_of(all.begin(), all.end(),
                     [](const Interval& i) { return std::isfinite(i.low) && std::isfinite(i.high); });
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

void SmallRanges::SetInput(ValueId v, const InputValues& known) {
  if (!IsSmall(graph_.value(v).info)) return;
  Numbers& numbers = values_[static_cast<size_t>(v)];
  const Interval each = known.shares ? Interval{0, 1} : Interval{known.low, known.high};
  numbers.at.assign(static_cast<size_t>(CountOf(ShapeOf(v))), each);
  numbers.shares = known.shares;
}

std::vector<Interval> SmallRanges::Of(ValueId v) const {
  return v == kNoValue ? std::vector<Interval>() : Read(v).at;
}

SmallRanges::Numbers SmallRanges::Read(ValueId v) const {
  const Tensor* constant = graph::ConstantFloats(graph_, v);
  if (constant == nullptr) return values_[static_cast<size_t>(v)];
  Numbers numbers;
  if (!IsSmall(constant->info())) return numbers;
  for (const float x : constant->span<float>()) numbers.at.push_back({x, x});
  return numbers;
}

void SmallRanges::Visit(const Node& node) {
  if (node.outputs.empty() || node.outputs[0] == kNoValue || node.inputs.empty() ||
      node.inputs[0] == kNoValue || !IsSmall(graph_.value(node.outputs[0]).info))
    return;
  const std::string& type = node.op_type;
  Numbers out;
  if (type == "Reshape" || type == "Unsqueeze" || type == "Squeeze" || type == "Flatten" ||
      type == "Identity" || type == "Dropout" || type == "Transpose" || type == "Expand") {
    out = Moved(node);
  } else if (type == "Add" || type == "Sub" || type == "Mul" || type == "Div" || type == "Max" ||
             type == "Min") {
    out = Joined(node);
  } else if (type == "MatMul" || type == "Gemm") {
    out = Multiplied(node);
  } else if (type == "Gather") {
    out = Gathered(node);
  } else if (type == "ReduceSum" || type == "ReduceMean") {
    out = Reduced(node);
  } else if (type == "Concat") {
    out = Concatenated(node);
  } else if (type == "Slice") {
    out = Sliced(node);
  } else if (type == "Split") {
    Shape begin(ShapeOf(node.inputs[0]).size());
    const int64_t rank = static_cast<int64_t>(begin.size());
    const int64_t axis = node.attributes.Int("axis", 0);
    if (axis < -rank || axis >= rank) return;
    const auto at = static_cast<size_t>(axis < 0 ? axis + rank : axis);
    for (const ValueId part : node.outputs) {
      if (part == kNoValue) return;
      Keep(part, Part(node.inputs[0], part, begin));
      begin[at] += ShapeOf(part)[at];
    }
    return;
  } else {
    out = Mapped(node);
  }
  Keep(node.outputs[0], std::move(out));
}

// One a number or none: whoever reads them goes by the value's shape.
void SmallRanges::Keep(ValueId v, Numbers numbers) {
  if (static_cast<int64_t>(numbers.at.size()) != CountOf(ShapeOf(v)) || !Finite(numbers.at)) return;
  values_[static_cast<size_t>(v)] = std::move(numbers);
}

// The same numbers in the same order, or in any where all have one range.
SmallRanges::Numbers SmallRanges::Moved(const Node& node) const {
  Numbers x = Read(node.inputs[0]);
  if (!x.known()) return {};
  const Shape &from = ShapeOf(node.inputs[0]), &to = ShapeOf(node.outputs[0]);
  const bool same = std::all_of(x.at.begin(), x.at.end(), [&](const Interval& i) {
    return i.low == x.at[0].low && i.high == x.at[0].high;
  });
  const auto count = static_cast<size_t>(CountOf(to));
  if (node.op_type == "Expand") {
    if (CountOf(from) == CountOf(to)) return x;
    if (!same) return {};
    return {std::vector<Interval>(count, x.at[0]), false, false};
  }
  const auto wide = std::count_if(from.begin(), from.end(), [](int64_t d) { return d != 1; });
  if (node.op_type == "Transpose" && wide > 1 && !same) return {};
  return x;
}

SmallRanges::Numbers SmallRanges::Mapped(const Node& node) const {
  const auto count = static_cast<size_t>(CountOf(ShapeOf(node.outputs[0])));
  Numbers x = Read(node.inputs[0]), out;
  if (node.op_type == "Softmax" || node.op_type == "tempera.Softmax") {
    const Shape& shape = ShapeOf(node.outputs[0]);
    const auto* fused = std::get_if<graph::FusedSoftmax>(&node.fused);
    int64_t axis = fused != nullptr ? fused->axis : node.attributes.Int("axis", graph_.opset < 13 ? 1 : -1);
    if (axis < 0) axis += static_cast<int64_t>(shape.size());
    out.at.assign(count, {0, 1});
    out.shares = IsWhole(shape, axis);
    return out;
  }
  const std::string& type = node.op_type;
  if (type == "tempera.Affine") {
    const Numbers scale = Read(node.inputs[1]), shift = Read(node.inputs[2]);
    if (!x.known() || scale.at.size() != count || shift.at.size() != count || x.at.size() != count) return {};
    for (size_t i = 0; i < count; ++i) out.at.push_back(x.at[i] * scale.at[i] + shift.at[i]);
    return out;
  }
  if (x.known() && x.at.size() == count) {
    if (const auto f = RisingFunction(type)) {
      for (const Interval& i : x.at) out.at.push_back({f(i.low), f(i.high)});
      return out;
    }
    if (type == "Neg") {
      for (const Interval& i : x.at) out.at.push_back({-i.high, -i.low});
      return out;
    }
    if (type == "Abs") {
      for (const Interval& i : x.at) {
        const double least = i.low <= 0 && i.high >= 0 ? 0 : std::min(std::abs(i.low), std::abs(i.high));
        out.at.push_back({least, std::max(std::abs(i.low), std::abs(i.high))});
      }
      return out;
    }
    const auto spec = graph::ReadActivation(graph_, node);
    if (spec && spec->clamp) {
      // As ONNX has it where the bounds cross: the upper one wins.
      const auto clip = [&](double v) { return std::min<double>(std::max<double>(v, spec->lo), spec->hi); };
      for (const Interval& i : x.at) out.at.push_back({clip(i.low), clip(i.high)});
      return out;
    }
  }
  if (const auto between = AlwaysBetween(graph_, node)) out.at.assign(count, *between);
  return out;
}

// w / sum(w), or (`most`) w / (sum(w) + a little): w is the first operand.
bool SmallRanges::DividesByItsSum(const Node& div, bool* most) const {
  const auto maker = [&](ValueId v) -> const Node* {
    for (const Node& node : graph_.nodes) {
      if (!node.outputs.empty() && node.outputs[0] == v) return &node;
    }
    return nullptr;
  };
  *most = false;
  const Node* sum = maker(div.inputs[1]);
  if (sum != nullptr && (sum->op_type == "Add" || sum->op_type == "Max" || sum->op_type == "Clip" ||
                         sum->op_type == "tempera.Affine")) {
    // At least the sum.
    for (size_t i = 1; i < sum->inputs.size() && sum->op_type != "Clip"; ++i) {
      const std::vector<Interval> all = Of(sum->inputs[i]);
      if (all.empty() && sum->op_type != "Max") return false;
      for (const Interval& added : all) {
        if (added.low < (sum->op_type == "tempera.Affine" && i == 1 ? 1 : 0)) return false;
      }
    }
    if (sum->op_type == "Clip" && (graph::InputOf(*sum, 2) != kNoValue || sum->attributes.Has("max")))
      return false;
    *most = true;
    sum = maker(sum->inputs[0]);
  }
  if (sum == nullptr || sum->op_type != "ReduceSum" || sum->inputs[0] != div.inputs[0]) return false;
  return CountOf(ShapeOf(sum->outputs[0])) == 1;
}

SmallRanges::Numbers SmallRanges::Joined(const Node& node) const {
  if (node.inputs.size() != 2) return {};
  const Numbers a = Read(node.inputs[0]), b = Read(node.inputs[1]);
  const Shape& shape = ShapeOf(node.outputs[0]);
  const std::string& type = node.op_type;
  Numbers out;
  // What is added to the sum may have more numbers than what is divided: the quotient then repeats that.
  if (type == "Div" && a.known() && CountOf(shape) == static_cast<int64_t>(a.at.size()) &&
      DividesByItsSum(node, &out.most)) {
    if (std::all_of(a.at.begin(), a.at.end(), [](const Interval& i) { return i.low >= 0; })) {
      out.at.assign(a.at.size(), {0, 1});
      out.shares = !out.most;
      return out;
    }
  }
  out.most = false;
  if (!a.known() || !b.known()) return {};
  const Shape x = RepeatingStrides(ShapeOf(node.inputs[0]), shape),
              y = RepeatingStrides(ShapeOf(node.inputs[1]), shape);
  for (int64_t i = 0; i < CountOf(shape); ++i) {
    int64_t rest = i, at_x = 0, at_y = 0;
    for (size_t d = shape.size(); d-- > 0; rest /= shape[d]) {
      at_x += rest % shape[d] * x[d];
      at_y += rest % shape[d] * y[d];
    }
    const Interval &p = a.at[static_cast<size_t>(at_x)], &q = b.at[static_cast<size_t>(at_y)];
    out.at.push_back(type == "Add"   ? p + q
                     : type == "Sub" ? p - q
                     : type == "Mul" ? p * q
                     : type == "Div" ? p / q
                     : type == "Max" ? Interval{std::max(p.low, q.low), std::max(p.high, q.high)}
                                     : Interval{std::min(p.low, q.low), std::min(p.high, q.high)});
  }
  return out;
}

SmallRanges::Numbers SmallRanges::Multiplied(const Node& node) const {
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
  const auto at_a = [&](int64_t r, int64_t k) -> const Interval& {
    return a.at[static_cast<size_t>(turn_a ? k * sa[1] + r : r * sa[1] + k)];
  };
  const auto at_b = [&](int64_t k, int64_t c) -> const Interval& {
    return b.at[static_cast<size_t>(turn_b ? c * sb[1] + k : k * sb[1] + c)];
  };
  // A mean of the other's numbers.
  const bool mean_a = (a.shares || a.most) && rows == 1, mean_b = (b.shares || b.most) && columns == 1;
  const bool with_zero = mean_a ? a.most : b.most;
  Numbers out;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      Interval sum;
      for (int64_t k = 0; k < inner; ++k) {
        const Interval &p = at_a(r, k), &q = at_b(k, c);
        if (mean_a || mean_b) {
          const Interval& weighed = mean_a ? q : p;
          sum = k == 0 && !with_zero
                    ? weighed
                    : Interval{std::min(sum.low, weighed.low), std::max(sum.high, weighed.high)};
        } else {
          sum = sum + p * q;
        }
      }
      out.at.push_back(sum);
    }
  }
  if (!gemm) return out;
  const double alpha = node.attributes.Float("alpha", 1), beta = node.attributes.Float("beta", 1);
  for (Interval& i : out.at) i = i * Interval{alpha, alpha};
  const ValueId bias = graph::InputOf(node, 2);
  if (bias == kNoValue) return out;
  const Numbers c = Read(bias);
  if (!c.known()) return {};
  const Shape steps = RepeatingStrides(ShapeOf(bias), Shape{rows, columns});
  for (int64_t i = 0; i < rows * columns; ++i) {
    Interval& sum = out.at[static_cast<size_t>(i)];
    sum = sum +
          c.at[static_cast<size_t>(i / columns * steps[0] + i % columns * steps[1])] * Interval{beta, beta};
  }
  return out;
}

// Any row of a table.
SmallRanges::Numbers SmallRanges::Gathered(const Node& node) const {
  const Numbers table = Read(node.inputs[0]);
  const Shape& shape = ShapeOf(node.inputs[0]);
  if (!table.known() || shape.empty() || node.attributes.Int("axis", 0) != 0) return {};
  const int64_t row = CountOf(shape) / shape[0], count = CountOf(ShapeOf(node.outputs[0]));
  Numbers out;
  for (int64_t i = 0; i < count; ++i) {
    Interval hull = table.at[static_cast<size_t>(i % row)];
    for (int64_t r = 1; r < shape[0]; ++r) {
      const Interval& other = table.at[static_cast<size_t>(r * row + i % row)];
      hull = {std::min(hull.low, other.low), std::max(hull.high, other.high)};
    }
    out.at.push_back(hull);
  }
  return out;
}

SmallRanges::Numbers SmallRanges::Reduced(const Node& node) const {
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
  Numbers out;
  out.at.resize(static_cast<size_t>(CountOf(ShapeOf(node.outputs[0]))));
  for (int64_t i = 0; i < CountOf(shape); ++i) {
    int64_t rest = i, to = 0, step = 1;
    for (size_t d = shape.size(); d-- > 0; rest /= shape[d]) {
      if (reduced[d]) continue;
      to += rest % shape[d] * step;
      step *= shape[d];
    }
    if (to >= static_cast<int64_t>(out.at.size())) return {};
    Interval& sum = out.at[static_cast<size_t>(to)];
    sum = sum + x.at[static_cast<size_t>(i)];
  }
  if (node.op_type == "ReduceMean") {
    const double each = static_cast<double>(out.at.size()) / static_cast<double>(x.at.size());
    for (Interval& i : out.at) i = i * Interval{each, each};
  }
  return out;
}

SmallRanges::Numbers SmallRanges::Part(ValueId whole, ValueId part, const Shape& begin) const {
  const Numbers x = Read(whole);
  const Shape &from = ShapeOf(whole), &to = ShapeOf(part);
  if (!x.known() || from.size() != to.size()) return {};
  const Shape strides = RepeatingStrides(from, from);
  Numbers out;
  for (int64_t i = 0; i < CountOf(to); ++i) {
    int64_t rest = i, at = 0;
    for (size_t d = to.size(); d-- > 0; rest /= to[d]) at += (begin[d] + rest % to[d]) * strides[d];
    if (at < 0 || at >= static_cast<int64_t>(x.at.size())) return {};
    out.at.push_back(x.at[static_cast<size_t>(at)]);
  }
  return out;
}

// From constant places on, every one.
SmallRanges::Numbers SmallRanges::Sliced(const Node& node) const {
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

SmallRanges::Numbers SmallRanges::Concatenated(const Node& node) const {
  // Along the only axis that is not 1: one after the other.
  const Shape& shape = ShapeOf(node.outputs[0]);
  const auto rank = static_cast<int64_t>(shape.size());
  const int64_t axis = node.attributes.Int("axis", 0);
  if (!IsWhole(shape, axis < 0 ? axis + rank : axis)) return {};
  Numbers out;
  for (ValueId v : node.inputs) {
    const Numbers part = Read(v);
    if (!part.known()) return {};
    out.at.insert(out.at.end(), part.at.begin(), part.at.end());
  }
  return out;
}

}  // namespace tempera::engine
