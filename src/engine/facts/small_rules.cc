#include "src/engine/facts/small_rules.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "src/graph/activation.h"
#include "src/graph/rewrite.h"

namespace tempera::engine {
namespace {

using graph::kNoValue;
using graph::ValueId;

// Of a tanh or an exp, in products.
constexpr int64_t kWorkOfFunction = 8;

// Numbers along `axis` add up to one: they are all there are.
bool IsWhole(const Shape& shape, int64_t axis) {
  for (size_t d = 0; d < shape.size(); ++d) {
    if (static_cast<int64_t>(d) != axis && shape[d] != 1) return false;
  }
  return true;
}

// The axis that a node's number means; shape.size() where there is none.
size_t AxisOf(int64_t axis, const Shape& shape) {
  const auto rank = static_cast<int64_t>(shape.size());
  if (axis < -rank || axis >= rank) return shape.size();
  return static_cast<size_t>(axis < 0 ? axis + rank : axis);
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

// f of each, which never falls; `whatever`: where it lies when nothing is known of what goes in.
SmallNumbers Rising(const SmallContext& c, double (*f)(double), std::optional<Interval> whatever = {}) {
  const SmallNumbers x = c.Read();
  if (x.known() && c.known.Afford(kWorkOfFunction * x.at.kept()))
    return {x.at.Map([f](const Interval& i) { return Interval{f(i.low), f(i.high)}; })};
  return whatever ? SmallNumbers{Intervals(c.count(), *whatever)} : SmallNumbers();
}

using Join = Interval (*)(const Interval&, const Interval&);

SmallNumbers Joined(const SmallContext& c, Join join) {
  if (c.node.inputs.size() != 2) return {};
  const SmallNumbers a = c.Read(0), b = c.Read(1);
  if (!a.known() || !b.known()) return {};
  if (a.at.same() && b.at.same()) return {Intervals(c.count(), join(a.at[0], b.at[0]))};
  const Shape& shape = c.made();
  const Shape x = RepeatingStrides(c.shape(0), shape), y = RepeatingStrides(c.shape(1), shape);
  std::vector<Interval> each;
  for (int64_t i = 0; i < c.count(); ++i) {
    int64_t rest = i, at_x = 0, at_y = 0;
    for (size_t d = shape.size(); d-- > 0; rest /= shape[d]) {
      at_x += rest % shape[d] * x[d];
      at_y += rest % shape[d] * y[d];
    }
    each.push_back(join(a.at[at_x], b.at[at_y]));
  }
  return {Intervals(std::move(each))};
}

// The first operand's, when every number of every further one is at least what `least` says of it.
template <typename Least>
SmallNumbers::SumOf SumAndMore(const SmallContext& c, const Least& least) {
  const SmallNumbers::SumOf sum = c.Read().sum;
  if (sum.value == kNoValue) return {};
  for (size_t i = 1; i < c.node.inputs.size(); ++i) {
    const SmallNumbers more = c.Read(i);
    if (!more.known()) return {};
    for (int64_t k = 0; k < more.at.kept(); ++k) {
      if (more.at[k].low < least(i)) return {};
    }
  }
  return {sum.value, false};
}

// What a product of two matrices takes from its node.
struct Product {
  bool turn_a = false, turn_b = false;
  double alpha = 1, beta = 1;
  bool has_bias = false;
};

// Matrices as they lie, each an interval a number.
class Factors {
 public:
  // Nothing where they do not fit what the node makes.
  static std::optional<Factors> Of(const SmallContext& c, const Product& how) {
    Factors f{c.Read(0), c.Read(1), c.shape(0), c.shape(1), how};
    if (!f.a_.known() || !f.b_.known()) return std::nullopt;
    Shape &sa = f.shape_a_, &sb = f.shape_b_;
    if (sa.size() == 1) sa.insert(sa.begin(), 1);
    if (sb.size() == 1) sb.push_back(1);
    // Leading ones of a batch.
    while (sa.size() > 2 && sa[0] == 1) sa.erase(sa.begin());
    while (sb.size() > 2 && sb[0] == 1) sb.erase(sb.begin());
    if (sa.size() != 2 || sb.size() != 2) return std::nullopt;
    if (sb[how.turn_b ? 1 : 0] != f.inner() || f.rows() * f.columns() != c.count()) return std::nullopt;
    if (!c.known.Afford(f.inner() * (f.uniform() ? 1 : f.rows() * f.columns()))) return std::nullopt;
    return f;
  }

  int64_t rows() const { return shape_a_[how_.turn_a ? 1 : 0]; }
  int64_t inner() const { return shape_a_[how_.turn_a ? 0 : 1]; }
  int64_t columns() const { return shape_b_[how_.turn_b ? 0 : 1]; }
  bool uniform() const { return a_.at.same() && b_.at.same(); }

  Interval At(int64_t row, int64_t column) const {
    // A mean of the other's numbers.
    const bool mean_a = (a_.shares || a_.most) && rows() == 1;
    const bool mean_b = (b_.shares || b_.most) && columns() == 1;
    const bool with_zero = mean_a ? a_.most : b_.most;
    Interval sum;
    for (int64_t k = 0; k < inner(); ++k) {
      const Interval& p = a_.at[how_.turn_a ? k * shape_a_[1] + row : row * shape_a_[1] + k];
      const Interval& q = b_.at[how_.turn_b ? column * shape_b_[1] + k : k * shape_b_[1] + column];
      // Most weights at a corner are nothing.
      if (!mean_a && !mean_b && p == Interval{0, 0}) continue;
      const Interval& weighed = mean_a ? q : p;
      sum = !mean_a && !mean_b ? sum + p * q : k == 0 && !with_zero ? weighed : Hull(sum, weighed);
    }
    return sum;
  }

 private:
  Factors(SmallNumbers a, SmallNumbers b, Shape shape_a, Shape shape_b, const Product& how)
      : a_(std::move(a)),
        b_(std::move(b)),
        shape_a_(std::move(shape_a)),
        shape_b_(std::move(shape_b)),
        how_(how) {}

  SmallNumbers a_, b_;
  Shape shape_a_, shape_b_;
  Product how_;
};

SmallNumbers Multiplied(const SmallContext& c, const Product& how) {
  const std::optional<Factors> factors = Factors::Of(c, how);
  if (!factors) return {};
  const auto product = [&](int64_t row, int64_t column) {
    const Interval sum = factors->At(row, column);
    return how.alpha == 1 ? sum : sum * Interval{how.alpha, how.alpha};
  };
  const bool uniform = factors->uniform();
  const Interval all = uniform ? product(0, 0) : Interval();
  if (uniform && !how.has_bias) return {Intervals(c.count(), all)};
  const SmallNumbers bias = how.has_bias ? c.Read(2) : SmallNumbers();
  if (how.has_bias && !bias.known()) return {};
  const int64_t rows = factors->rows(), columns = factors->columns();
  const Shape steps = how.has_bias ? RepeatingStrides(c.shape(2), Shape{rows, columns}) : Shape{0, 0};
  std::vector<Interval> each;
  for (int64_t i = 0; i < rows * columns; ++i) {
    const int64_t row = i / columns, column = i % columns;
    each.push_back(uniform ? all : product(row, column));
    if (how.has_bias)
      each.back() = each.back() + bias.at[row * steps[0] + column * steps[1]] * Interval{how.beta, how.beta};
  }
  return {Intervals(std::move(each))};
}

SmallNumbers Summed(const SmallContext& c) {
  const SmallNumbers x = c.Read();
  const Shape& shape = c.shape();
  if (!x.known()) return {};
  std::vector<int64_t> axes = c.node.attributes.Ints("axes");
  const ValueId given = graph::InputOf(c.node, 1);
  if (axes.empty()) axes = graph::ConstantInts(c.graph, given);
  if (axes.empty() && (given != kNoValue || c.node.attributes.Int("noop_with_empty_axes", 0) != 0)) return {};
  std::vector<bool> reduced(shape.size(), axes.empty());
  for (int64_t axis : axes) {
    const size_t d = AxisOf(axis, shape);
    if (d == shape.size()) return {};
    reduced[d] = true;
  }
  std::vector<Interval> sums(static_cast<size_t>(c.count()));
  for (int64_t i = 0; i < x.at.count(); ++i) {
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
  return {Intervals(std::move(sums))};
}

// What lies in the first input from `begin` on.
SmallNumbers Part(const SmallContext& c, const Shape& begin) {
  const SmallNumbers x = c.Read();
  const Shape &from = c.shape(), &to = c.made();
  if (!x.known() || from.size() != to.size()) return {};
  const Shape strides = RepeatingStrides(from, from);
  std::vector<Interval> each;
  for (int64_t i = 0; i < c.count(); ++i) {
    int64_t rest = i, at = 0;
    for (size_t d = to.size(); d-- > 0; rest /= to[d]) at += (begin[d] + rest % to[d]) * strides[d];
    if (at < 0 || at >= x.at.count()) return {};
    each.push_back(x.at[at]);
  }
  return {Intervals(std::move(each))};
}

}  // namespace

SmallNumbers NumbersKept(const SmallContext& c) {
  return c.output == 0 ? c.Read() : SmallNumbers();  // a Dropout's mask
}

// Or in any order where all have one range.
SmallNumbers NumbersOfTranspose(const SmallContext& c) {
  const Shape& from = c.shape();
  const auto wide = std::count_if(from.begin(), from.end(), [](int64_t d) { return d != 1; });
  const SmallNumbers x = c.Read();
  return wide <= 1 || x.at.same() ? x : SmallNumbers();
}

SmallNumbers NumbersOfExpand(const SmallContext& c) {
  const SmallNumbers x = c.Read();
  if (x.at.count() == c.count()) return x;
  return x.at.same() ? SmallNumbers{Intervals(c.count(), x.at[0])} : SmallNumbers();
}

// Along the only axis that is not 1: one after the other.
SmallNumbers NumbersOfConcat(const SmallContext& c) {
  const size_t axis = AxisOf(c.node.attributes.Int("axis", 0), c.made());
  if (!IsWhole(c.made(), static_cast<int64_t>(axis))) return {};
  std::vector<Interval> all;
  for (size_t i = 0; i < c.node.inputs.size(); ++i) {
    const std::vector<Interval> part = c.Read(i).at.each();
    if (part.empty()) return {};
    all.insert(all.end(), part.begin(), part.end());
  }
  return {Intervals(std::move(all))};
}

// From constant places on, every one.
SmallNumbers NumbersOfSlice(const SmallContext& c) {
  const auto ints = [&](size_t i) { return graph::ConstantInts(c.graph, graph::InputOf(c.node, i)); };
  const std::vector<int64_t> starts = ints(1), steps = ints(4);
  std::vector<int64_t> axes = ints(3);
  const Shape& shape = c.shape();
  if (starts.empty() || std::any_of(steps.begin(), steps.end(), [](int64_t s) { return s != 1; })) return {};
  for (size_t i = 0; axes.size() < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  Shape begin(shape.size());
  for (size_t i = 0; i < starts.size(); ++i) {
    const size_t d = AxisOf(axes[i], shape);
    if (d == shape.size()) return {};
    begin[d] = std::clamp<int64_t>(starts[i] < 0 ? starts[i] + shape[d] : starts[i], 0, shape[d]);
  }
  return Part(c, begin);
}

SmallNumbers NumbersOfSplit(const SmallContext& c) {
  const Shape& shape = c.shape();
  const size_t axis = AxisOf(c.node.attributes.Int("axis", 0), shape);
  if (axis == shape.size() || !c.known.Knows(c.node.inputs[0])) return {};
  // Every part looks at the whole, and at the parts before it.
  if (!c.known.Afford(c.count_read() + static_cast<int64_t>(c.output))) return {};
  Shape begin(shape.size());
  for (size_t i = 0; i < c.output; ++i) {
    if (c.node.outputs[i] == kNoValue) return {};
    begin[axis] += c.graph.value(c.node.outputs[i]).info.shape[axis];
  }
  return Part(c, begin);
}

// Rows of a table: those that constants name, or any.
SmallNumbers NumbersOfGather(const SmallContext& c) {
  const SmallNumbers table = c.Read();
  const Shape& shape = c.shape();
  if (!table.known() || shape.empty() || c.node.attributes.Int("axis", 0) != 0) return {};
  const int64_t row = table.at.count() / shape[0];
  std::vector<Interval> hulls, each;
  const std::vector<int64_t> named = graph::ConstantInts(c.graph, graph::InputOf(c.node, 1));
  if (static_cast<int64_t>(named.size()) * row == c.count()) {
    for (const int64_t name : named) {
      const int64_t at = name < 0 ? name + shape[0] : name;
      if (at < 0 || at >= shape[0]) return {};
      for (int64_t i = 0; i < row; ++i) each.push_back(table.at[at * row + i]);
    }
    return {Intervals(std::move(each))};
  }
  for (int64_t i = 0; i < table.at.count(); ++i) {
    if (i < row) {
      hulls.push_back(table.at[i]);
    } else {
      Interval& hull = hulls[static_cast<size_t>(i % row)];
      hull = Hull(hull, table.at[i]);
    }
  }
  for (int64_t i = 0; i < c.count(); ++i) each.push_back(hulls[static_cast<size_t>(i % row)]);
  return {Intervals(std::move(each))};
}

SmallNumbers NumbersOfAdd(const SmallContext& c) {
  SmallNumbers made = Joined(c, [](const Interval& a, const Interval& b) { return a + b; });
  made.sum = SumAndMore(c, [](size_t) { return 0; });
  return made;
}

SmallNumbers NumbersOfSub(const SmallContext& c) {
  return Joined(c, [](const Interval& a, const Interval& b) { return a - b; });
}

SmallNumbers NumbersOfMul(const SmallContext& c) {
  return Joined(c, [](const Interval& a, const Interval& b) { return a * b; });
}

SmallNumbers NumbersOfDiv(const SmallContext& c) {
  const SmallNumbers a = c.Read(0);
  const SmallNumbers::SumOf sum = c.Read(1).sum;
  bool negative = false;
  for (int64_t i = 0; i < a.at.kept(); ++i) negative = negative || a.at[i].low < 0;
  // A share of the sum of all; what is added to the sum may have more numbers than what is divided, and the
  // quotient then repeats that.
  if (a.at.count() == c.count() && sum.value == c.node.inputs[0] && !negative)
    return {Intervals(c.count(), {0, 1}), sum.exactly, !sum.exactly};
  return Joined(c, [](const Interval& p, const Interval& q) { return p / q; });
}

SmallNumbers NumbersOfMax(const SmallContext& c) {
  SmallNumbers made = Joined(c, [](const Interval& a, const Interval& b) {
    return Interval{std::max(a.low, b.low), std::max(a.high, b.high)};
  });
  made.sum = {c.Read().sum.value, false};
  return made;
}

SmallNumbers NumbersOfMin(const SmallContext& c) {
  return Joined(c, [](const Interval& a, const Interval& b) {
    return Interval{std::min(a.low, b.low), std::min(a.high, b.high)};
  });
}

SmallNumbers NumbersOfMatMul(const SmallContext& c) { return Multiplied(c, {}); }

SmallNumbers NumbersOfGemm(const SmallContext& c) {
  const auto& a = c.node.attributes;
  return Multiplied(c, {a.Int("transA", 0) != 0, a.Int("transB", 0) != 0, a.Float("alpha", 1),
                        a.Float("beta", 1), graph::InputOf(c.node, 2) != kNoValue});
}

SmallNumbers NumbersOfReduceSum(const SmallContext& c) {
  SmallNumbers made = Summed(c);
  if (c.count() == 1) made.sum = {c.node.inputs[0], true};
  return made;
}

SmallNumbers NumbersOfReduceMean(const SmallContext& c) {
  const SmallNumbers sums = Summed(c);
  if (!sums.known()) return {};
  const double each = static_cast<double>(sums.at.count()) / static_cast<double>(c.Read().at.count());
  return {sums.at.Map([each](const Interval& i) { return i * Interval{each, each}; })};
}

SmallNumbers NumbersOfAffine(const SmallContext& c) {
  const SmallNumbers x = c.Read(0), scale = c.Read(1), shift = c.Read(2);
  const int64_t count = c.count();
  SmallNumbers made;
  if (scale.at.count() == count && shift.at.count() == count && x.at.count() == count) {
    std::vector<Interval> each;
    for (int64_t i = 0; i < count; ++i) each.push_back(x.at[i] * scale.at[i] + shift.at[i]);
    made.at = Intervals(std::move(each));
  }
  made.sum = SumAndMore(c, [](size_t input) { return input == 1 ? 1 : 0; });
  return made;
}

SmallNumbers NumbersOfSoftmax(const SmallContext& c) {
  const auto* fused = std::get_if<graph::FusedSoftmax>(&c.node.fused);
  const int64_t axis =
      fused != nullptr ? fused->axis : c.node.attributes.Int("axis", c.graph.opset < 13 ? 1 : -1);
  const bool whole = IsWhole(c.made(), static_cast<int64_t>(AxisOf(axis, c.made())));
  return {Intervals(c.count(), {0, 1}), whole};
}

SmallNumbers NumbersOfAbs(const SmallContext& c) {
  return {c.Read().at.Map([](const Interval& i) {
    const double least = i.low <= 0 && i.high >= 0 ? 0 : std::min(std::abs(i.low), std::abs(i.high));
    return Interval{least, std::max(std::abs(i.low), std::abs(i.high))};
  })};
}

SmallNumbers NumbersOfNeg(const SmallContext& c) {
  return {c.Read().at.Map([](const Interval& i) { return Interval{-i.high, -i.low}; })};
}

SmallNumbers NumbersOfClip(const SmallContext& c) {
  const SmallNumbers x = c.Read();
  const auto spec = graph::ReadActivation(c.graph, c.node);
  SmallNumbers made;
  if (spec && x.known()) {
    // As ONNX has it where the bounds cross: the upper one wins.
    const auto clip = [&](double v) { return std::min<double>(std::max<double>(v, spec->lo), spec->hi); };
    made.at = x.at.Map([&](const Interval& i) { return Interval{clip(i.low), clip(i.high)}; });
  } else if (spec && std::isfinite(spec->lo) && std::isfinite(spec->hi)) {
    made.at = Intervals(c.count(), {std::min(spec->lo, spec->hi), spec->hi});
  }
  const bool bounded = graph::InputOf(c.node, 2) != kNoValue || c.node.attributes.Has("max");
  if (!bounded) made.sum = {x.sum.value, false};
  return made;
}

SmallNumbers NumbersOfRelu(const SmallContext& c) {
  return Rising(c, [](double x) { return std::max(x, 0.0); });
}

SmallNumbers NumbersOfSqrt(const SmallContext& c) {
  return Rising(c, [](double x) { return std::sqrt(std::max(x, 0.0)); });
}

SmallNumbers NumbersOfExp(const SmallContext& c) {
  return Rising(c, [](double x) { return std::exp(x); });
}

SmallNumbers NumbersOfSoftplus(const SmallContext& c) {
  return Rising(c, [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); });
}

SmallNumbers NumbersOfSigmoid(const SmallContext& c) {
  return Rising(c, [](double x) { return 1 / (1 + std::exp(-x)); }, Interval{0, 1});
}

SmallNumbers NumbersOfTanh(const SmallContext& c) {
  return Rising(c, [](double x) { return std::tanh(x); }, Interval{-1, 1});
}

SmallNumbers NumbersOfHardSigmoid(const SmallContext& c) { return {Intervals(c.count(), {0, 1})}; }

}  // namespace tempera::engine
