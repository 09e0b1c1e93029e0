#include "src/engine/facts/ranges.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "src/base/number_text.h"
#include "src/graph/activation.h"
#include "src/graph/rewrite.h"

namespace tempera::engine {
namespace {

using graph::Graph;
using graph::Node;
using graph::ValueId;

// What is known of one channel: its mean, and bounds that it hardly leaves, or (sure) never, and then may
// often reach.
struct Spread {
  double mean = 0, low = 0, high = 0;
  bool sure = false;
};
using Spreads = std::vector<Spread>;  // one per channel; empty: not known

bool IsPicture(const TensorInfo& info) { return info.dtype == DataType::kFloat32 && info.shape.size() == 4; }

Spread Map(const Spread& s, double (*f)(double, double, double), double a, double b) {
  const double low = f(s.low, a, b), high = f(s.high, a, b);
  return {f(s.mean, a, b), std::min(low, high), std::max(low, high), s.sure};
}

double Affine(double x, double scale, double shift) { return x * scale + shift; }
double Clamp(double x, double lo, double hi) { return std::min(std::max(x, lo), hi); }
double Slope(double x, double slope, double) { return x < 0 ? slope * x : x; }

// Of a sum of two values that do not know of each other: deviations add as squares do, sure bounds as they
// are.
Spread Sum(const Spread& a, const Spread& b) {
  const double mean = a.mean + b.mean;
  if (a.sure || b.sure) return {mean, a.low + b.low, a.high + b.high, a.sure && b.sure};
  return {mean, mean - std::hypot(a.mean - a.low, b.mean - b.low),
          mean + std::hypot(a.high - a.mean, b.high - b.mean)};
}

class Propagator {
 public:
  Propagator(const Graph& graph, const ValueRange& input) : graph_(graph), spreads_(graph.values.size()) {
    for (ValueId v : graph.inputs) {
      if (!IsPicture(graph.value(v).info)) continue;
      of(v).assign(Channels(v), {0.5 * (input.low + input.high), input.low, input.high, true});
    }
  }

  void Visit(const Node& node);
  const Spreads& of(ValueId v) const { return spreads_[static_cast<size_t>(v)]; }

 private:
  Spreads& of(ValueId v) { return spreads_[static_cast<size_t>(v)]; }
  size_t Channels(ValueId v) const { return static_cast<size_t>(graph_.value(v).info.shape[1]); }
  const float* Numbers(const Node& node, size_t input) const {
    const Tensor* t = graph::ConstantFloats(graph_, graph::InputOf(node, input));
    return t == nullptr ? nullptr : t->data<float>();
  }

  Spreads OfNorm(const Node& node) const;
  Spreads OfActivation(const Node& node) const;
  Spreads OfConv(const Node& node) const;
  Spreads OfConcat(const Node& node) const;
  Spreads OfPad(const Node& node) const;

  const Graph& graph_;
  std::vector<Spreads> spreads_;
};

Spreads Propagator::OfNorm(const Node& node) const {
  const float *gamma = Numbers(node, 1), *beta = Numbers(node, 2);
  if (gamma == nullptr || beta == nullptr) return {};
  Spreads out;
  for (size_t c = 0; c < Channels(node.outputs[0]); ++c) {
    const double reach = kNormSigmas * std::abs(gamma[c]);
    out.push_back({beta[c], beta[c] - reach, beta[c] + reach});
  }
  return out;
}

Spreads Propagator::OfActivation(const Node& node) const {
  const auto spec = graph::ReadActivation(graph_, node);
  if (!spec) return {};
  Spreads out = of(node.inputs[0]);
  // A clamp bounds even what is not known.
  if (out.empty() && spec->clamp && std::isfinite(spec->lo) && std::isfinite(spec->hi)) {
    out.assign(Channels(node.outputs[0]), {0.5 * (spec->lo + spec->hi), spec->lo, spec->hi, true});
  }
  for (size_t c = 0; c < out.size(); ++c) {
    const bool both_signs = out[c].low < 0 && out[c].high > 0;
    out[c] = spec->clamp ? Map(out[c], Clamp, spec->lo, spec->hi) : Map(out[c], Slope, spec->slope[c], 0);
    if (spec->clamp || !both_signs) continue;
    out[c].low = std::min(out[c].low, 0.0);  // a negative slope turns around at 0
    out[c].high = std::max(out[c].high, 0.0);
  }
  return out;
}

// What a convolution makes is not known, unless it clamps on both sides.
Spreads Propagator::OfConv(const Node& node) const {
  if (node.attributes.String("activation", "none") != "clamp") return {};
  const double lo = node.attributes.Float("lo", -INFINITY), hi = node.attributes.Float("hi", INFINITY);
  if (!std::isfinite(lo) || !std::isfinite(hi)) return {};
  return Spreads(Channels(node.outputs[0]), {0.5 * (lo + hi), lo, hi, true});
}

Spreads Propagator::OfConcat(const Node& node) const {
  const int64_t axis = node.attributes.Int("axis", 0);
  if (axis != 1 && axis != -3) return {};
  Spreads out;
  for (ValueId v : node.inputs) {
    const Spreads& part = of(v);
    if (part.empty()) return {};
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

// Zeros (or whatever number) around the picture: the range must hold them.
Spreads Propagator::OfPad(const Node& node) const {
  Spreads out = of(node.inputs[0]);
  if (node.attributes.String("mode", "constant") != "constant") return out;
  const float* value = Numbers(node, 2);
  const double padded = value != nullptr ? *value : node.attributes.Float("value", 0);
  for (Spread& s : out) s = {s.mean, std::min(s.low, padded), std::max(s.high, padded), s.sure};
  return out;
}

void Propagator::Visit(const Node& node) {
  if (node.outputs.empty() || node.outputs[0] == graph::kNoValue || node.inputs.empty() ||
      node.inputs[0] == graph::kNoValue || !IsPicture(graph_.value(node.outputs[0]).info)) {
    return;
  }
  const std::string& type = node.op_type;
  const bool same_channels = graph_.value(node.inputs[0]).info.shape.size() == 4 &&
                             Channels(node.inputs[0]) == Channels(node.outputs[0]);
  Spreads out;
  if (type == "InstanceNormalization") {
    out = OfNorm(node);
  } else if (type == "tempera.Affine") {
    const float *scale = Numbers(node, 1), *shift = Numbers(node, 2);
    for (size_t c = 0; c < of(node.inputs[0]).size(); ++c) {
      out.push_back(Map(of(node.inputs[0])[c], Affine, scale[c], shift[c]));
    }
  } else if (type == "Relu" || type == "Clip" || type == "LeakyRelu" || type == "PRelu") {
    out = OfActivation(node);
  } else if (type == "tempera.Conv") {
    out = OfConv(node);
  } else if (type == "Concat") {
    out = OfConcat(node);
  } else if (type == "Sigmoid") {
    out.assign(Channels(node.outputs[0]), {0.5, 0, 1, true});
  } else if (type == "Tanh") {
    out.assign(Channels(node.outputs[0]), {0, -1, 1, true});
  } else if (!same_channels) {
    return;
  } else if (type == "Add") {
    const Spreads &a = of(node.inputs[0]), &b = of(node.inputs[1]);
    for (size_t c = 0; c < a.size() && a.size() == b.size(); ++c) out.push_back(Sum(a[c], b[c]));
  } else if (type == "Pad") {
    out = OfPad(node);
  } else if (type == "Identity" || type == "Dropout" || type == "MaxPool" || type == "AveragePool" ||
             type == "GlobalAveragePool" || type == "GlobalMaxPool" || type == "Upsample" ||
             (type == "Resize" && node.attributes.String("mode", "nearest") != "cubic")) {
    out = of(node.inputs[0]);  // none of them makes a number larger than the largest it reads
  }
  of(node.outputs[0]) = std::move(out);
}

// Wide enough to divide by.
void KeepWide(float* low, float* high) {
  const float least = 1e-6f + 1e-4f * std::max(std::abs(*low), std::abs(*high));
  if (!(*high - *low >= least)) *high = *low + least;
}

// A range must hold the padding, and be wide enough to divide by.
ChannelRanges RangesOf(const Spreads& spreads, const Node& conv) {
  ChannelRanges r;
  const std::vector<int64_t> pads = conv.attributes.Ints("pads");
  const bool pads_a_number = conv.attributes.String("pad_mode", "constant") == "constant" &&
                             std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p != 0; });
  const auto padding = static_cast<double>(conv.attributes.Float("pad_value", 0));
  for (const Spread& s : spreads) {
    r.low.push_back(static_cast<float>(pads_a_number ? std::min(s.low, padding) : s.low));
    r.high.push_back(static_cast<float>(pads_a_number ? std::max(s.high, padding) : s.high));
    KeepWide(&r.low.back(), &r.high.back());
    if (!std::isfinite(r.low.back()) || !std::isfinite(r.high.back())) return {};
  }
  return r;
}

// `tempera.range.<node>` for a node that `names` ("pad+conv+relu") stands for.
const std::pair<std::string, std::string>* StatedRange(const Graph& graph, std::string_view names) {
  constexpr std::string_view kPrefix = "tempera.range.";
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find('+'));
    for (const auto& entry : graph.metadata) {
      if (entry.first.starts_with(kPrefix) && std::string_view(entry.first).substr(kPrefix.size()) == name)
        return &entry;
    }
    names.remove_prefix(std::min(names.size(), name.size() + 1));
  }
  return nullptr;
}

Status ReadStated(const std::pair<std::string, std::string>& entry, size_t channels, Spreads* out) {
  out->clear();
  for (size_t begin = 0; begin <= entry.second.size();) {
    const size_t comma = std::min(entry.second.find(',', begin), entry.second.size());
    ValueRange range;
    if (!ParseValueRange(entry.second.substr(begin, comma - begin), &range)) {
      return CorruptModel("metadata " + entry.first + " holds '" + entry.second.substr(begin, comma - begin) +
                          "', not two numbers like 0..6");
    }
    out->push_back({0.5 * (range.low + range.high), range.low, range.high});
    begin = comma + 1;
  }
  if (out->size() == 1) out->resize(channels, out->front());
  if (out->size() == channels) return OkStatus();
  return CorruptModel("metadata " + entry.first + " has " + std::to_string(out->size()) +
                      " ranges; the convolution reads " + std::to_string(channels) + " channels");
}

}  // namespace

bool ParseValueRange(const std::string& text, ValueRange* range) {
  const size_t dots = text.find("..");
  if (dots == std::string::npos) return false;
  float a = 0, b = 0;
  if (!ParseNumber(std::string_view(text).substr(0, dots), &a) ||
      !ParseNumber(std::string_view(text).substr(dots + 2), &b)) {
    return false;
  }
  if (!std::isfinite(a) || !std::isfinite(b) || !(a < b)) return false;
  *range = {a, b};
  return true;
}

ValueRange DeclaredValueRange(const Graph& graph) {
  ValueRange range;
  for (const auto& [key, value] : graph.metadata) {
    if (key == "tempera.value_range") ParseValueRange(value, &range);
  }
  return range;
}

Result<std::vector<ChannelRanges>> PropagateRanges(const Graph& graph, const ValueRange& input) {
  Propagator propagator(graph, input);
  std::vector<ChannelRanges> ranges;
  for (const Node& node : graph.nodes) {
    if (node.op_type == "tempera.Conv") {
      Spreads spreads = std::as_const(propagator).of(node.inputs[0]);
      if (const auto* stated = StatedRange(graph, node.name)) {
        const auto channels = static_cast<size_t>(graph.value(node.inputs[0]).info.shape[1]);
        TEMPERA_RETURN_IF_ERROR(ReadStated(*stated, channels, &spreads));
      }
      ranges.push_back(RangesOf(spreads, node));
    }
    propagator.Visit(node);
  }
  return ranges;
}

void AddMargin(ChannelRanges* ranges) {
  for (size_t c = 0; c < ranges->low.size(); ++c) {
    float &low = ranges->low[c], &high = ranges->high[c];
    const float margin = 0.25f * (high - low) + 1e-6f;
    if (low != 0) low -= margin;
    if (high != 0 || low == 0) high += margin;
    if (!(low < high)) KeepWide(&low, &high);  // one large number, as behind a global mean: rounded away
  }
}

}  // namespace tempera::engine
