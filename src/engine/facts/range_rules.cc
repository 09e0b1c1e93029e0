#include "src/engine/facts/range_rules.h"

#include <algorithm>
#include <cmath>

#include "src/engine/facts/ranges.h"
#include "src/graph/activation.h"
#include "src/graph/rewrite.h"

namespace tempera::engine {
namespace {

const float* Numbers(const RangeContext& c, size_t input) {
  const Tensor* t = graph::ConstantFloats(c.graph, graph::InputOf(c.node, input));
  return t == nullptr ? nullptr : t->data<float>();
}

Spread Map(const Spread& s, double (*f)(double, double, double), double a, double b) {
  const double low = f(s.low, a, b), high = f(s.high, a, b);
  return {f(s.mean, a, b), std::min(low, high), std::max(low, high), s.sure};
}

double Affine(double x, double scale, double shift) { return x * scale + shift; }
double Clamp(double x, double lo, double hi) { return std::min(std::max(x, lo), hi); }
double Slope(double x, double slope, double) { return x < 0 ? slope * x : x; }

Spread Sum(const Spread& a, const Spread& b) {
  const double mean = a.mean + b.mean;
  if (a.sure || b.sure) return {mean, a.low + b.low, a.high + b.high, a.sure && b.sure};
  return {mean, mean - std::hypot(a.mean - a.low, b.mean - b.low),
          mean + std::hypot(a.high - a.mean, b.high - b.mean)};
}

}  // namespace

size_t RangeContext::channels() const {
  return static_cast<size_t>(graph.value(node.outputs[0]).info.shape[1]);
}

bool RangeContext::same_channels() const {
  const Shape& in = graph.value(node.inputs[0]).info.shape;
  return in.size() == 4 && static_cast<size_t>(in[1]) == channels();
}

Spreads RangeOfNorm(const RangeContext& c) {
  const std::vector<Interval> gamma = c.small.Of(c.node.inputs[1]), beta = c.small.Of(c.node.inputs[2]);
  if (gamma.size() != c.channels() || beta.size() != c.channels()) return {};
  Spreads out;
  for (size_t i = 0; i < c.channels(); ++i) {
    const double reach = kNormSigmas * std::max(std::abs(gamma[i].low), std::abs(gamma[i].high));
    // Where beta lies between its bounds is a choice, no deviation: such bounds add as they are.
    out.push_back({0.5 * (beta[i].low + beta[i].high), beta[i].low - reach, beta[i].high + reach,
                   beta[i].low < beta[i].high});
  }
  return out;
}

Spreads RangeOfAffine(const RangeContext& c) {
  const std::vector<Interval> scale = c.small.Of(c.node.inputs[1]), shift = c.small.Of(c.node.inputs[2]);
  const Spreads& x = c.of(0);
  Spreads out;
  if (scale.size() != x.size() || shift.size() != x.size()) return {};
  for (size_t i = 0; i < x.size(); ++i) {
    const auto [a, b] = scale[i];
    const auto [lowest, highest] = shift[i];
    const auto least = std::min({Affine(x[i].low, a, lowest), Affine(x[i].high, a, lowest),
                                 Affine(x[i].low, b, lowest), Affine(x[i].high, b, lowest)}),
               most = std::max({Affine(x[i].low, a, highest), Affine(x[i].high, a, highest),
                                Affine(x[i].low, b, highest), Affine(x[i].high, b, highest)});
    const double mean = 0.5 * (Affine(x[i].mean, a, lowest) + Affine(x[i].mean, b, highest));
    out.push_back({mean, least, most, x[i].sure || a < b || lowest < highest});
  }
  return out;
}

Spreads RangeOfActivation(const RangeContext& c) {
  const auto spec = graph::ReadActivation(c.graph, c.node);
  if (!spec) return {};
  Spreads out = c.of(0);
  // A clamp bounds even what is not known.
  if (out.empty() && spec->clamp && std::isfinite(spec->lo) && std::isfinite(spec->hi)) {
    out.assign(c.channels(), {0.5 * (spec->lo + spec->hi), spec->lo, spec->hi, true});
  }
  for (size_t i = 0; i < out.size(); ++i) {
    const bool both_signs = out[i].low < 0 && out[i].high > 0;
    out[i] = spec->clamp ? Map(out[i], Clamp, spec->lo, spec->hi) : Map(out[i], Slope, spec->slope[i], 0);
    if (spec->clamp || !both_signs) continue;
    out[i].low = std::min(out[i].low, 0.0);  // a negative slope turns around at 0
    out[i].high = std::max(out[i].high, 0.0);
  }
  return out;
}

Spreads RangeOfConv(const RangeContext& c) {
  const graph::FusedConv& conv = *graph::ConvOf(c.node);
  if (conv.activation != graph::ActivationKind::kClamp) return {};
  const double lo = conv.lo, hi = conv.hi;
  if (!std::isfinite(lo) || !std::isfinite(hi)) return {};
  return Spreads(c.channels(), {0.5 * (lo + hi), lo, hi, true});
}

Spreads RangeOfConcat(const RangeContext& c) {
  const int64_t axis = c.node.attributes.Int("axis", 0);
  if (axis != 1 && axis != -3) return {};
  Spreads out;
  for (size_t i = 0; i < c.node.inputs.size(); ++i) {
    const Spreads& part = c.of(i);
    if (part.empty()) return {};
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

Spreads RangeOfSigmoid(const RangeContext& c) { return Spreads(c.channels(), {0.5, 0, 1, true}); }
Spreads RangeOfTanh(const RangeContext& c) { return Spreads(c.channels(), {0, -1, 1, true}); }

Spreads RangeOfSum(const RangeContext& c) {
  Spreads out;
  const Spreads &a = c.of(0), &b = c.of(1);
  if (!c.same_channels() || a.size() != b.size()) return out;
  for (size_t i = 0; i < a.size(); ++i) out.push_back(Sum(a[i], b[i]));
  return out;
}

Spreads RangeOfPad(const RangeContext& c) {
  Spreads out = RangeKept(c);
  if (c.node.attributes.String("mode", "constant") != "constant") return out;
  const float* value = Numbers(c, 2);
  const double padded = value != nullptr ? *value : c.node.attributes.Float("value", 0);
  for (Spread& s : out) s = {s.mean, std::min(s.low, padded), std::max(s.high, padded), s.sure};
  return out;
}

Spreads RangeKept(const RangeContext& c) { return c.same_channels() ? c.of(0) : Spreads(); }

Spreads RangeOfResize(const RangeContext& c) {
  return c.node.attributes.String("mode", "nearest") != "cubic" ? RangeKept(c) : Spreads();
}

}  // namespace tempera::engine
