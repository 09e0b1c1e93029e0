#include "src/engine/facts/ranges.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "src/base/text/number_text.h"
#include "src/engine/facts/operators.h"
#include "src/graph/liveness.h"
#include "src/graph/rewrite.h"

namespace tempera::engine {
namespace {

using graph::Graph;
using graph::Node;
using graph::ValueId;

// More channels than any network has; a Reshape may make a channel of every pixel.
constexpr int64_t kMostChannels = 64 * 1024;
// 32 MiB, of all values that some later node reads: far more than networks keep at a time.
constexpr size_t kMostSpreads = size_t{1} << 20;

bool IsState(const KnownInputs& inputs, size_t input) {
  return std::any_of(inputs.states.begin(), inputs.states.end(),
                     [input](const StateLink& link) { return link.input == input; });
}

// Walks the graph in order, each node by its operator's rule (operators.h).
class Propagator {
 public:
  // `states`: of the values that come back, by link; may be empty.
  Propagator(const Graph& graph, const KnownInputs& inputs, const std::vector<Spreads>& states)
      : graph_(graph),
        small_(graph),
        spreads_(graph.values.size()),
        depends_(graph.values.size()),
        sees_(graph.values.size()),
        few_(graph.values.size()),
        whole_(graph.values.size()),
        last_uses_(graph::LastUses(graph)) {
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
      const ValueId v = graph.inputs[i];
      sees_[static_cast<size_t>(v)] = i == inputs.picture_input || IsState(inputs, i);
      few_[static_cast<size_t>(v)] = i != inputs.picture_input && IsOnePixel(v);
      whole_[static_cast<size_t>(v)] = few_[static_cast<size_t>(v)] && IsState(inputs, i);
      if (IsState(inputs, i)) continue;
      ValueRange range = inputs.picture;
      if (i != inputs.picture_input && i < inputs.values.size() && inputs.values[i]) {
        const InputValues& known = *inputs.values[i];
        range = known.shares ? ValueRange{0, 1} : ValueRange{known.low, known.high};
        small_.SetInput(v, known);
      } else if (const TensorInfo& info = graph.value(v).info;
                 !graph::IsPicture(info) ||
                 (i != inputs.picture_input && info.shape[2] * info.shape[3] == 1)) {
        depends_[static_cast<size_t>(v)] = true;
        continue;
      }
      if (!HasFewChannels(v)) continue;
      const auto channels = static_cast<size_t>(graph.value(v).info.shape[1]);
      Keep(v, Spreads(channels, {0.5 * (range.low + range.high), range.low, range.high, true}));
    }
    for (size_t i = 0; i < states.size(); ++i) {
      Keep(graph.inputs[inputs.states[i].input], states[i]);
    }
  }

  // Every node, in order.
  void Visit(const Node& node) {
    small_.Visit(node);
    FindRange(node);
    FindWhole(node);
    if (visited_ < last_uses_.size()) {
      for (const ValueId v : last_uses_[visited_]) Keep(v, {});
    }
    ++visited_;
  }
  const Spreads& of(ValueId v) const { return spreads_[static_cast<size_t>(v)]; }
  // Whether it follows from an input of which nothing is said, and is not known all the same.
  bool depends(ValueId v) const { return depends_[static_cast<size_t>(v)]; }
  // Whether it is one number a channel, or follows from such alone.
  bool few(ValueId v) const { return few_[static_cast<size_t>(v)]; }
  // Whether it follows from such that follow from the frame.
  bool whole(ValueId v) const { return whole_[static_cast<size_t>(v)]; }

 private:
  void FindRange(const Node& node) {
    if (node.outputs.empty() || node.outputs[0] == graph::kNoValue || node.inputs.empty() ||
        node.inputs[0] == graph::kNoValue) {
      return;
    }
    const RangeRule rule = FactsOf(node.op_type).range;
    if (rule != nullptr && HasFewChannels(node.outputs[0]))
      Keep(node.outputs[0], rule({graph_, node, spreads_, small_}));
    const bool depends = std::any_of(node.inputs.begin(), node.inputs.end(),
                                     [this](ValueId v) { return v != graph::kNoValue && this->depends(v); });
    for (ValueId v : node.outputs) {
      if (v == graph::kNoValue) continue;
      depends_[static_cast<size_t>(v)] = depends && of(v).empty() && !small_.Knows(v);
    }
  }
  bool IsOnePixel(ValueId v) const {
    const TensorInfo& info = graph_.value(v).info;
    return graph::IsPicture(info) && info.shape[2] * info.shape[3] == 1;
  }
  // To a number for each channel, or fewer, without the axes of a pixel.
  bool ReducesPicture(const Node& node) const {
    if (node.inputs[0] == graph::kNoValue || !node.op_type.starts_with("Reduce")) return false;
    return graph::IsPicture(graph_.value(node.inputs[0]).info) &&
           graph_.value(node.outputs[0]).info.shape.size() <= 2;
  }

  void FindWhole(const Node& node) {
    if (node.inputs.empty() || node.outputs.empty() || node.outputs[0] == graph::kNoValue) return;
    bool all_few = true, computed = false, sees = false, whole = false;
    for (const ValueId v : node.inputs) {
      if (v == graph::kNoValue || graph_.value(v).constant) continue;
      computed = true;
      all_few = all_few && few(v);
      sees = sees || sees_[static_cast<size_t>(v)];
      whole = whole || this->whole(v);
    }
    const bool is_few = (computed && all_few) || IsOnePixel(node.outputs[0]) || ReducesPicture(node);
    for (const ValueId v : node.outputs) {
      if (v == graph::kNoValue) continue;
      sees_[static_cast<size_t>(v)] = sees;
      few_[static_cast<size_t>(v)] = is_few;
      whole_[static_cast<size_t>(v)] = whole || (is_few && sees);
    }
  }

  bool HasFewChannels(ValueId v) const {
    const TensorInfo& info = graph_.value(v).info;
    return graph::IsPicture(info) && info.shape[1] <= kMostChannels;
  }
  void Keep(ValueId v, Spreads spreads) {
    Spreads& kept = spreads_[static_cast<size_t>(v)];
    kept_ -= kept.size();
    kept = spreads.size() <= kMostSpreads - kept_ ? std::move(spreads) : Spreads();
    kept_ += kept.size();
  }

  const Graph& graph_;
  SmallRanges small_;
  std::vector<Spreads> spreads_;
  std::vector<bool> depends_, sees_, few_, whole_;
  std::vector<std::vector<ValueId>> last_uses_;
  size_t visited_ = 0, kept_ = 0;
};

// Wide enough to divide by.
void KeepWide(float* low, float* high) {
  const float least = 1e-6f + 1e-4f * std::max(std::abs(*low), std::abs(*high));
  if (!(*high - *low >= least)) *high = *low + least;
}

// A range must hold the padding, and be wide enough to divide by.
ChannelRanges RangesOf(const Spreads& spreads, const Node& conv) {
  ChannelRanges r;
  const graph::Padding& pads = graph::ConvOf(conv)->padding;
  const bool pads_a_number = pads.kind == graph::PadKind::kConstant && !pads.empty();
  const auto padding = static_cast<double>(pads.value);
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
  // Lists are written with a blank behind the comma.
  const auto parse = [](std::string_view number, float* out) {
    number.remove_prefix(std::min(number.find_first_not_of(' '), number.size()));
    return ParseNumber(number, out);
  };
  float a = 0, b = 0;
  if (!parse(std::string_view(text).substr(0, dots), &a) ||
      !parse(std::string_view(text).substr(dots + 2), &b)) {
    return false;
  }
  if (!std::isfinite(a) || !std::isfinite(b) || !(a < b)) return false;
  *range = {a, b};
  return true;
}

ValueRange DeclaredValueRange(const Graph& graph) {
  ValueRange range;
  for (const auto& [key, value] : graph.metadata) {
    // Of two, the first is of the pictures that go in.
    if (key == "tempera.value_range") ParseValueRange(value.substr(0, value.find(',')), &range);
  }
  return range;
}

namespace {

Result<std::vector<ConvInput>> Propagate(const Graph& graph, Propagator& propagator) {
  std::vector<ConvInput> found;
  for (const Node& node : graph.nodes) {
    if (graph::ConvOf(node) != nullptr) {
      const ValueId x = node.inputs[0];
      Spreads spreads = propagator.of(x);
      if (const auto* stated = StatedRange(graph, node.name)) {
        const auto channels = static_cast<size_t>(graph.value(x).info.shape[1]);
        TEMPERA_RETURN_IF_ERROR(ReadStated(*stated, channels, &spreads));
      }
      found.push_back(
          {RangesOf(spreads, node), !propagator.depends(x) && !propagator.few(x), propagator.whole(x)});
    }
    propagator.Visit(node);
  }
  // Where a gate stands in front of an output and of no convolution, it is made of what all of them give.
  const auto follows = [](const ConvInput& input) { return input.follows_whole; };
  const auto whole = [&](ValueId v) { return propagator.whole(v); };
  if (std::none_of(found.begin(), found.end(), follows) &&
      std::any_of(graph.outputs.begin(), graph.outputs.end(), whole)) {
    for (ConvInput& input : found) input.follows_whole = true;
  }
  return found;
}

}  // namespace

Result<std::vector<ConvInput>> PropagateRanges(const Graph& graph, const KnownInputs& inputs) {
  Propagator first(graph, inputs, {});
  auto found = Propagate(graph, first);
  if (!found.ok() || inputs.states.empty()) return found;
  // What comes back begins as zeros and is then what its output is known to be, if it is.
  std::vector<Spreads> states;
  for (const StateLink& link : inputs.states) {
    Spreads spreads = first.of(graph.outputs[link.output]);
    for (Spread& s : spreads) s = {s.mean, std::min(s.low, 0.0), std::max(s.high, 0.0), s.sure, s.choice};
    states.push_back(std::move(spreads));
  }
  Propagator second(graph, inputs, states);
  return Propagate(graph, second);
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
