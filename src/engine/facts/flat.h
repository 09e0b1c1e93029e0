// A picture of one colour (a black frame, a fade's end) through an instance norm: every channel is one
// number, its variance zero, the result beta. But the sums that make the channel round differently from place
// to place (Winograd's tiles, the quantised weights of the four phases of an enlargement), and normalising
// divides by the deviation: each norm makes these differences some hundred times larger, until they are a
// weave across the whole painting. So where the graph says that a flat picture stays flat, nothing is
// measured. The same goes for a state that is still zero, and for whatever follows from it alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/base/tensor.h"
#include "src/graph/graph.h"

namespace tempera::engine {

// The graph's inputs, a bit each, that must be flat for a value to be.
using FlatInputs = uint64_t;
inline constexpr size_t kMostFlatInputs = 63;  // inputs behind these are never known to be
inline constexpr FlatInputs kNeverFlat = FlatInputs{1} << kMostFlatInputs;
constexpr FlatInputs FlatInput(size_t input) {
  return FlatInputs{1} << (input < kMostFlatInputs ? input : kMostFlatInputs);
}

// By ValueId: each channel of the picture [n, c, h, w] is one number whenever each channel of each of these
// inputs is; kNeverFlat of other values. Reshapes, transpositions and other ranks on the way are followed.
// `graph` is specialised.
std::vector<FlatInputs> FlatWhenInputsAre(const graph::Graph& graph);

// Whether every plane of [n, c, h, w] holds one number; false for anything but fp32 of rank 4. Costs nothing
// where the second number already differs.
bool IsFlat(const Tensor& picture);

}  // namespace tempera::engine
