// What a graph's own arithmetic tells of the numbers that it takes and gives: a network that begins by
// dividing by 255 takes 0..255, one that ends in Tanh gives -1..1.
#pragma once

#include <optional>
#include <string>

#include "src/engine/types/precision.h"
#include "src/graph/graph.h"

namespace tempera::metadata {

// Of one end.
struct RecognisedValues {
  std::optional<engine::ValueRange> range;  // 0..255, 0..1 or -1..1; unset: the graph does not tell
  std::string why;                          // "it ends in Tanh"
  // Beyond which no number can lie, whatever is said of them; unset: nothing keeps them.
  std::optional<engine::ValueRange> bounds = {};
  // What numbers of its type can be, where these are no bytes.
  bool by_type = false;
};

// `input`: the graph input that is the picture. Follows what only moves numbers about, and adds, subtracts,
// multiplies and divides by constants, up to what tells.
RecognisedValues RecogniseInput(const graph::Graph& model, size_t input);
// Of output 0.
RecognisedValues RecogniseOutput(const graph::Graph& model);
// Of its last channel, where that is joined to the others; nothing else.
RecognisedValues RecogniseAlpha(const graph::Graph& model);

// "Softmax", "LogSoftmax" or "ArgMax" where output 0 is that, only moved about: classes, no colours.
std::optional<std::string> EndsInClasses(const graph::Graph& model);

}  // namespace tempera::metadata
