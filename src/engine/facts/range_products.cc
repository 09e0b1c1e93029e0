// Range rules of arithmetic beyond sums: products, differences, curves with a least value, bounded functions.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "src/engine/facts/range_rules.h"
#include "src/graph/rewrite.h"

namespace tempera::engine {
namespace {

// Of the curves below, none of which is steeper than SELU (1.76) and Mish (1.09) times their slopes at the
// right.
constexpr double kMostSlope = 1.8;

// Numbers that multiply or take away from a picture of `channels`, channel by channel where they lie so.
std::vector<Interval> ByChannel(const std::vector<Interval>& numbers, const Shape& shape, size_t channels) {
  if (numbers.empty()) return {};
  const auto rank = static_cast<int64_t>(shape.size());
  if (numbers.size() == channels && rank >= 3 &&
      shape[static_cast<size_t>(rank - 3)] == static_cast<int64_t>(channels))
    return numbers;
  Interval all = numbers[0];
  for (const Interval& i : numbers) all = Hull(all, i);
  return std::vector<Interval>(channels, all);
}

// What one of the two operands is, as bounds of each of the result's channels; empty: not known.
Spreads OperandOf(const RangeContext& c, size_t input) {
  const graph::ValueId v = c.node.inputs[input];
  if (v == graph::kNoValue) return {};
  Spreads known = c.of(input);
  if (known.size() == 1) known.resize(c.channels(), known.front());  // one plane for all
  if (known.size() == c.channels()) return known;
  Spreads out;
  for (const Interval& i : ByChannel(c.small.Of(v), c.graph.value(v).info.shape, c.channels())) {
    if (!i.finite()) return {};
    out.push_back({0.5 * (i.low + i.high), i.low, i.high, true});
  }
  return out;
}

// Of a curve that is never above the positive part of what it reads times `slope`, and never below `least`,
// nor below zero where that is not.
Spreads RangeOfCurve(const RangeContext& c, double least, double slope, double offset = 0) {
  if (!c.same_channels()) return {};
  Spreads out = c.of(0);
  for (Spread& s : out) {
    s.sure = s.sure || s.low < 0;  // the least value is reached often, however seldom the low end was
    s.low = s.low < 0 ? least : 0;
    s.high = std::max(s.high, 0.0) * slope + offset;
    s.mean = std::clamp(s.mean, s.low, s.high);
    s.choice *= kMostSlope * slope;
  }
  return out;
}

Spreads Between(const RangeContext& c, double low, double high) {
  return Spreads(c.channels(), {0.5 * (low + high), low, high, true});
}

}  // namespace

Spreads RangeOfProduct(const RangeContext& c) {
  if (c.node.inputs.size() != 2) return {};
  const Spreads a = OperandOf(c, 0), b = OperandOf(c, 1);
  Spreads out;
  if (a.empty() || b.empty()) return out;
  for (size_t i = 0; i < a.size(); ++i) {
    const Interval product = Interval{a[i].low, a[i].high} * Interval{b[i].low, b[i].high};
    // Deviations of a product are those of the one where the other is a number that does not change.
    const bool scaled = a[i].low == a[i].high || b[i].low == b[i].high;
    out.push_back({a[i].mean * b[i].mean, product.low, product.high, !scaled || (a[i].sure && b[i].sure),
                   a[i].choice * std::max(std::abs(b[i].low), std::abs(b[i].high)) +
                       b[i].choice * std::max(std::abs(a[i].low), std::abs(a[i].high))});
  }
  return out;
}

Spreads RangeOfDifference(const RangeContext& c) {
  if (c.node.inputs.size() != 2) return {};
  const Spreads a = OperandOf(c, 0), b = OperandOf(c, 1);
  Spreads out;
  if (a.empty() || b.empty()) return out;
  for (size_t i = 0; i < a.size(); ++i) {
    out.push_back(
        {a[i].mean - b[i].mean, a[i].low - b[i].high, a[i].high - b[i].low, true, a[i].choice + b[i].choice});
  }
  return out;
}

// The least values of these curves, a little below: -0.375 of x hard-sigmoid(x), -0.2785 of x sigmoid(x),
// -0.3089 of Mish, -0.1701 of both forms of GELU.
Spreads RangeOfHardSwish(const RangeContext& c) { return RangeOfCurve(c, -0.3751, 1); }
Spreads RangeOfSilu(const RangeContext& c) { return RangeOfCurve(c, -0.2786, 1); }
Spreads RangeOfMish(const RangeContext& c) { return RangeOfCurve(c, -0.3090, 1); }
Spreads RangeOfGelu(const RangeContext& c) { return RangeOfCurve(c, -0.1702, 1); }

Spreads RangeOfElu(const RangeContext& c) {
  const double alpha = c.node.attributes.Float("alpha", 1);
  return alpha >= 0 ? RangeOfCurve(c, -alpha, 1) : Spreads();
}
Spreads RangeOfSelu(const RangeContext& c) {
  const double alpha = c.node.attributes.Float("alpha", 1.67326319f),
               gamma = c.node.attributes.Float("gamma", 1.05070102f);
  return alpha >= 0 && gamma >= 0 ? RangeOfCurve(c, -alpha * gamma, gamma) : Spreads();
}
Spreads RangeOfSoftplus(const RangeContext& c) { return RangeOfCurve(c, 0, 1, std::log(2.0)); }

Spreads RangeOfAbs(const RangeContext& c) {
  if (!c.same_channels()) return {};
  Spreads out = c.of(0);
  for (Spread& s : out) {
    const bool both_signs = s.low < 0 && s.high > 0;
    const double a = std::abs(s.low), b = std::abs(s.high);
    s = {std::abs(s.mean), both_signs ? 0 : std::min(a, b), std::max(a, b), true, s.choice};
  }
  return out;
}

Spreads RangeOfNegative(const RangeContext& c) {
  if (!c.same_channels()) return {};
  Spreads out = c.of(0);
  for (Spread& s : out) s = {-s.mean, -s.high, -s.low, s.sure, s.choice};
  return out;
}

Spreads RangeOfShares(const RangeContext& c) { return Between(c, 0, 1); }
Spreads RangeOfUnits(const RangeContext& c) { return Between(c, -1, 1); }

}  // namespace tempera::engine
