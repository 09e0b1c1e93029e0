// What goes into a graph besides the picture.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "src/engine/types/precision.h"

namespace tempera::engine {

// What the caller says of an input that is not the picture (a style's weights, a stroke width): of every
// number it will ever write there.
struct InputValues {
  float low = 0, high = 1;
  // None is below 0, and together they are 1: shares of a blend. Ranges for 8 bits are then tighter.
  bool shares = false;
  // What the tensor holds until somebody writes to it; one number stands for all of them. Empty: zeros.
  std::vector<float> initial = {};
};

// An output that comes back as an input of the next run; indices into the graph's. Shape and type agree.
struct StateLink {
  size_t output = 0, input = 0;
};

// All that is known of a graph's inputs; SessionOptions has the fields.
struct KnownInputs {
  ValueRange picture = {};
  size_t picture_input = 0;
  std::vector<std::optional<InputValues>> values = {};
  std::vector<StateLink> states = {};
};

}  // namespace tempera::engine
