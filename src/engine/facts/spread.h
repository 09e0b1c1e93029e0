// What is known of the numbers of a channel, and how an operator's rule comes by it.
#pragma once

#include <algorithm>
#include <vector>

#include "src/engine/facts/small_ranges.h"
#include "src/graph/graph.h"

namespace tempera::engine {

// Its mean, and bounds that it hardly leaves, or (sure) never, and then may often reach.
struct Spread {
  double mean = 0, low = 0, high = 0;
  bool sure = false;
  double choice = 0;  // how far from there the mean may be either way, for all numbers at once: what is
                      // turned decides it

  // How far numbers are from the mean, wherever that is.
  double below() const { return std::max(mean - choice - low, 0.0); }
  double above() const { return std::max(high - mean - choice, 0.0); }
};
using Spreads = std::vector<Spread>;  // one per channel of a picture; empty: not known

// A node whose first input is there and whose result is a picture.
struct RangeContext {
  const graph::Graph& graph;
  const graph::Node& node;
  const std::vector<Spreads>& spreads;  // by ValueId
  SmallRanges& small;                   // of what is no picture

  const Spreads& of(size_t input) const { return spreads[static_cast<size_t>(node.inputs[input])]; }
  size_t channels() const;     // of the result
  bool same_channels() const;  // the first input is a picture too, of as many
};
using RangeRule = Spreads (*)(const RangeContext& context);

}  // namespace tempera::engine
