// How pixels meet a network (docs/model-format.md): what its numbers mean, and the texts that say so.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/engine/types/precision.h"

namespace tempera::metadata {

// How the network's numbers mean colours: between which two each of red, green and blue lies.
struct ValueFormat {
  std::array<float, 3> low = {0, 0, 0};         // black
  std::array<float, 3> high = {255, 255, 255};  // white
  bool bgr = false;                             // plane 0 is blue

  // The least range that holds all three.
  engine::ValueRange range() const;
  // What a colour's level 0..255 is multiplied with before `low` is added.
  float scale(size_t colour) const { return (high[colour] - low[colour]) / 255.0f; }
  bool operator==(const ValueFormat&) const = default;
};

// Where in a tensor the channels lie.
enum class Channels { kFirst, kLast };

// What is said of a network's ends, in a file or beside it. Nothing where nobody said anything.
struct SaidOfPicture {
  std::optional<engine::ValueRange> in, out;            // black..white, before mean and deviation
  bool out_alone = false;                               // `out` was said of the painting itself, not of both
  std::optional<std::array<float, 3>> mean, deviation;  // by the network's own order of channels
  std::optional<Channels> channels_in, channels_out;
  std::optional<bool> bgr_in, bgr_out;
};

// "0..1", or "0..255, -1..1" where the painting's numbers differ.
bool ParseValueRanges(const std::string& text, SaidOfPicture* out);
// One number for all channels, or three.
std::optional<std::array<float, 3>> ParseThreeNumbers(const std::string& text);
// "NCHW RGB", "nhwc,bgr", "bgr": words of the layout and of the colours' order, once for both ends, or once
// for each.
bool ParseLayout(const std::string& text, SaidOfPicture* out);

// The layout said by `over`, and what it leaves open by `under`; `over` itself where that is all or no
// layout.
std::string LayoutOver(const std::string& over, const std::string& under);

// What the input's planes hold: (value - mean) / deviation of values in `base`.
ValueFormat InputFormat(const SaidOfPicture& said, const engine::ValueRange& base);

// Values before mean and deviation, where nobody said between which they lie: means of 0..1 are below 1.
engine::ValueRange BaseOfMean(const SaidOfPicture& said);

// What integers of 8 and 16 bits can be; nothing of other types.
std::optional<engine::ValueRange> RangeOfType(DataType dtype);

// "-1..1"
std::string RangeText(const engine::ValueRange& range);

}  // namespace tempera::metadata
