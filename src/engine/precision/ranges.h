// Between which numbers the channels of a convolution's input lie, found from the graph alone: an instance
// norm leaves mean beta and deviation |gamma| in each channel whatever the picture, and what follows it until
// the next convolution (activations, residual adds, pads, enlargements) moves these bounds in a known way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/session.h"
#include "src/graph/graph.h"

namespace tempera::engine {

// One number a channel each, low < high. Empty: not known.
struct ChannelRanges {
  std::vector<float> low, high;
  bool known() const { return !low.empty(); }
};

// How many deviations either side of its mean a normalised channel is given. Numbers farther out are
// clamped; a wider range makes coarser steps for all the others. Style networks have long tails (an edge is a
// rare, large number): measured on the bundled and the public styles, see precision/calibrate.h.
inline constexpr double kNormSigmas = 6;

// For each tempera.Conv of `graph` (passes done), in node order: the ranges of its input. `input` is what the
// graph's pictures hold. Metadata `tempera.range.<node>` (docs/model-format.md) goes before what is found.
// kCorruptModel when such metadata is not as it should be.
Result<std::vector<ChannelRanges>> PropagateRanges(const graph::Graph& graph, const ValueRange& input);

// Makes measured ranges serve for pictures that were not measured: a quarter wider each way, except
// at a bound of exactly zero, which an activation has set. Widens what would be empty.
void AddMargin(ChannelRanges* ranges);

// "0..255" and "-1..1" -> two numbers; false when the text is not so.
bool ParseValueRange(const std::string& text, ValueRange* range);

// What the graph's pictures hold: `tempera.value_range`, or 0..255 (docs/model-format.md).
ValueRange DeclaredValueRange(const graph::Graph& graph);

}  // namespace tempera::engine
