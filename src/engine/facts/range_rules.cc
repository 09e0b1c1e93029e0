#include "src/engine/facts/range_rules.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "src/engine/facts/ranges.h"
#include "src/graph/activation.h"
#include "src/graph/rewrite.h"

namespace tempera::engine {
namespace {

// steep: how steep f is at most.
Spread Map(const Spread& s, double (*f)(double, double, double), double a, double b, double steep) {
  const double low = f(s.low, a, b), high = f(s.high, a, b);
  return {f(s.mean, a, b), std::min(low, high), std::max(low, high), s.sure, s.choice * steep};
}

double Affine(double x, double scale, double shift) { return x * scale + shift; }
double Clamp(double x, double lo, double hi) { return std::min(std::max(x, lo), hi); }
double Slope(double x, double slope, double) { return x < 0 ? slope * x : x; }

Spread Sum(const Spread& a, const Spread& b) {
  const double mean = a.mean + b.mean, choice = a.choice + b.choice;
  if (a.sure || b.sure) return {mean, a.low + b.low, a.high + b.high, a.sure && b.sure, choice};
  return {mean, mean - choice - std::hypot(a.below(), b.below()),
          mean + choice + std::hypot(a.above(), b.above()), false, choice};
}

int64_t CountOf(const Shape& shape) {
  int64_t count = 1;
  for (int64_t d : shape) count *= d;  // checked by Specialize
  return count;
}

void Hold(double number, Spreads* spreads) {
  for (Spread& s : *spreads)
    s = {s.mean, std::min(s.low, number), std::max(s.high, number), s.sure, s.choice};
}

// Where a list that speaks of `axes` (empty: of all) of a picture speaks of its channels; -1: nowhere.
int64_t PlaceOfChannels(const std::vector<int64_t>& axes) {
  if (axes.empty()) return 1;
  for (size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] == 1 || axes[i] == -3) return static_cast<int64_t>(i);
  }
  return -1;
}

bool Crops(const graph::Node& resize) {
  return resize.attributes.String("coordinate_transformation_mode", "") == "tf_crop_and_resize";
}

// Whether each channel of what a Resize or Upsample makes is of that channel alone: not resampled, not even
// to the same count, and not cropped.
bool ChannelsStay(const RangeContext& c) {
  const graph::Node& node = c.node;
  if (!c.same_channels()) return false;
  const int64_t at = PlaceOfChannels(node.attributes.Ints("axes"));
  if (at < 0) return true;
  const auto floats = [&](size_t input) {
    const Tensor* t = graph::ConstantFloats(c.graph, graph::InputOf(node, input));
    const auto numbers = t == nullptr ? std::span<const float>() : t->span<float>();
    return std::vector<float>(numbers.begin(), numbers.end());
  };
  const auto place = static_cast<size_t>(at);
  if (Crops(node)) {
    const std::vector<float> roi = floats(1);
    const size_t axes = roi.size() / 2;
    // Where there is one channel it is the only one to be had.
    if (c.channels() > 1 && (place >= axes || roi[place] != 0 || roi[place + axes] != 1)) return false;
  }
  const bool early = c.graph.opset < 11;
  const std::vector<float> scales = early && node.op_type == "Upsample" && node.attributes.Has("scales")
                                        ? node.attributes.Floats("scales")
                                        : floats(early ? 1 : 2);
  // Sizes: as many as there were is a scale of one, unless one scale serves all axes.
  if (scales.empty()) return node.attributes.String("keep_aspect_ratio_policy", "stretch") == "stretch";
  return place < scales.size() && scales[place] == 1.0f;
}

}  // namespace

size_t RangeContext::channels() const {
  return static_cast<size_t>(graph.value(node.outputs[0]).info.shape[1]);
}

bool RangeContext::same_channels() const {
  const Shape& in = graph.value(node.inputs[0]).info.shape;
  return in.size() == 4 && static_cast<size_t>(in[1]) == channels();
}

// Each channel anything that one of the input's is, or between two of them.
Spreads RangeOfAllChannels(const RangeContext& c) {
  const Spreads& in = c.of(0);
  if (in.empty()) return {};
  Spread all = in[0];
  all.sure = true;  // which one is a choice, no deviation
  for (const Spread& s : in) all.low = std::min(all.low, s.low), all.high = std::max(all.high, s.high);
  all.mean = 0.5 * (all.low + all.high);
  return Spreads(c.channels(), all);
}

Spreads RangeOfNorm(const RangeContext& c) {
  const std::vector<Interval> gamma = c.small.Of(c.node.inputs[1]), beta = c.small.Of(c.node.inputs[2]);
  if (gamma.size() != c.channels() || beta.size() != c.channels()) return {};
  Spreads out;
  for (size_t i = 0; i < c.channels(); ++i) {
    const double reach = kNormSigmas * std::max(std::abs(gamma[i].low), std::abs(gamma[i].high));
    out.push_back({0.5 * (beta[i].low + beta[i].high), beta[i].low - reach, beta[i].high + reach, false,
                   0.5 * (beta[i].high - beta[i].low)});
  }
  // The style of the largest scale need not be that of the largest shift. What is convex in both is greatest
  // at a corner.
  Spreads exact = out;
  for (Spread& s : exact) s.low = HUGE_VAL, s.high = -HUGE_VAL;
  const auto reach = [&](std::span<const double> scale, std::span<const double> shift) {
    for (size_t i = 0; i < exact.size(); ++i) {
      const double far = kNormSigmas * std::abs(scale[i]);
      exact[i].low = std::min(exact[i].low, shift[i] - far);
      exact[i].high = std::max(exact[i].high, shift[i] + far);
    }
  };
  return c.small.VisitCorners(c.node.inputs[1], c.node.inputs[2], reach) ? exact : out;
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
    out.push_back({mean, least, most, x[i].sure || a < b || lowest < highest,
                   x[i].choice * std::max(std::abs(a), std::abs(b))});
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
    // What is cut on both sides is often at either.
    if (spec->clamp && out[i].low < spec->lo && out[i].high > spec->hi) out[i].sure = true;
    out[i] = spec->clamp ? Map(out[i], Clamp, spec->lo, spec->hi, 1)
                         : Map(out[i], Slope, spec->slope[i], 0, std::max(1.0f, std::abs(spec->slope[i])));
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

Spreads RangeOfSum(const RangeContext& c) {
  Spreads out;
  const Spreads &a = c.of(0), &b = c.of(1);
  if (!c.same_channels() || a.size() != b.size()) return out;
  for (size_t i = 0; i < a.size(); ++i) out.push_back(Sum(a[i], b[i]));
  return out;
}

Spreads RangeKept(const RangeContext& c) { return c.same_channels() ? c.of(0) : Spreads(); }

Spreads RangeOfPad(const RangeContext& c) {
  const graph::Node& node = c.node;
  const bool early = c.graph.opset < 11;
  Interval padded = {0, 0};
  if (const graph::ValueId value = graph::InputOf(node, 2); early) {
    padded.low = padded.high = node.attributes.Float("value", 0);
  } else if (value != graph::kNoValue && CountOf(c.graph.value(value).info.shape) > 0) {
    const std::vector<Interval> known = c.small.Of(value);
    if (known.empty()) return {};
    padded = known[0];
  }
  const std::vector<int64_t> pads =
      early ? node.attributes.Ints("pads") : graph::ConstantInts(c.graph, graph::InputOf(node, 1));
  const int64_t at =
      PlaceOfChannels(early ? std::vector<int64_t>() : graph::ConstantInts(c.graph, graph::InputOf(node, 3)));
  const auto axes = static_cast<int64_t>(pads.size() / 2);
  const bool moves = at >= 0 && (at >= axes || pads[static_cast<size_t>(at)] != 0 ||
                                 pads[static_cast<size_t>(at + axes)] != 0);
  Spreads out = moves ? RangeOfAllChannels(c) : RangeKept(c);
  if (node.attributes.String("mode", "constant") != "constant") return out;
  Hold(padded.low, &out);
  Hold(padded.high, &out);
  return out;
}

Spreads RangeOfAveragePool(const RangeContext& c) {
  Spreads out = RangeKept(c);
  const graph::Attributes& attributes = c.node.attributes;
  const std::vector<int64_t> pads = attributes.Ints("pads");
  const bool padded =
      attributes.Has("auto_pad") || std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p != 0; });
  // A window of padding alone is a zero too.
  if ((padded && attributes.Int("count_include_pad", 0) != 0) || MayMissThePicture(c.node)) Hold(0, &out);
  return out;
}

// A window of padding alone gives the lowest number there is.
Spreads RangeOfMaxPool(const RangeContext& c) { return MayMissThePicture(c.node) ? Spreads() : RangeKept(c); }

Spreads RangeOfResize(const RangeContext& c) {
  if (c.node.attributes.String("mode", "nearest") == "cubic") return {};
  Spreads out = ChannelsStay(c) ? RangeKept(c) : RangeOfAllChannels(c);
  if (Crops(c.node)) Hold(c.node.attributes.Float("extrapolation_value", 0), &out);
  return out;
}

bool MayMissThePicture(const graph::Node& pool) {
  const std::vector<int64_t> kernel = pool.attributes.Ints("kernel_shape"),
                             pads = pool.attributes.Ints("pads"),
                             dilations = pool.attributes.Ints("dilations");
  const std::string auto_pad = pool.attributes.String("auto_pad", "NOTSET");
  const bool padded = (auto_pad != "NOTSET" && auto_pad != "VALID") ||
                      std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p != 0; });
  const bool dilated = std::any_of(dilations.begin(), dilations.end(), [](int64_t d) { return d != 1; });
  for (size_t i = 0; i < pads.size(); ++i) {
    if (kernel.empty() || pads[i] >= kernel[i % kernel.size()]) return true;
  }
  return padded && dilated;
}

}  // namespace tempera::engine
