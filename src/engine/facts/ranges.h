// Between which numbers the channels of a convolution's input lie, found from the graph alone: an instance
// norm leaves mean beta and deviation |gamma| in each channel whatever the picture, and what follows it until
// the next convolution (activations, residual adds, pads, enlargements) moves these bounds in a known way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/types/inputs.h"
#include "src/engine/types/precision.h"
#include "src/graph/graph.h"

namespace tempera::engine {

// One number a channel each, low < high. Empty: not known.
struct ChannelRanges {
  std::vector<float> low, high;
  bool known() const { return !low.empty(); }
};

// Of one convolution's input.
struct ConvInput {
  ChannelRanges ranges;
  // Where they are not known: frames tell them, at some settings of the other inputs for all. Not so where
  // nothing is said of an input that decides them; nor where the input is one pixel, or follows from such
  // alone: a frame tells one number a channel, and the next frame has another.
  bool measurable = true;
  // It follows from one number a channel that is made of the whole frame (a gate, a pooled feature): a small
  // error there is one everywhere, and the next frame has another. Where an output alone does so: all of
  // them.
  bool follows_whole = false;
};

// How many deviations either side of its mean a normalised channel is given. Numbers farther out are
// clamped; a wider range makes coarser steps for all the others. Style networks have long tails (an edge is a
// rare, large number). PSNR against fp32 of four photographs painted by the four bundled and three public
// styles, the worst and the median, by 4, 5, 6, 8 and 11: 23.9 / 34.6, 26.6 / 38.6, 28.0 / 41.3, 29.4 / 43.9,
// 29.2 / 44.9 dB. At 11 five of the seven styles lose again on most photographs.
inline constexpr double kNormSigmas = 8;

// For each tempera.Conv of `graph` (passes done), in node order: the ranges of its input, for every value
// that the graph's inputs may have. Metadata `tempera.range.<node>` (docs/model-format.md) goes before what
// is found. kCorruptModel when such metadata is not as it should be.
Result<std::vector<ConvInput>> PropagateRanges(const graph::Graph& graph, const KnownInputs& inputs);

// Makes measured ranges serve for pictures that were not measured: a quarter wider each way, except
// at a bound of exactly zero, which an activation has set. Widens what would be empty.
void AddMargin(ChannelRanges* ranges);

// "0..255" and "-1..1" -> two numbers; false when the text is not so.
bool ParseValueRange(const std::string& text, ValueRange* range);

// What the graph's pictures hold: `tempera.value_range`, or 0..255 (docs/model-format.md).
ValueRange DeclaredValueRange(const graph::Graph& graph);

}  // namespace tempera::engine
