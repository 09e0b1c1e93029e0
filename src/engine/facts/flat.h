// A picture of one colour (a black frame, a fade's end) through an instance norm: every channel is one
// number, its variance zero, the result beta. But the sums that make the channel round differently from place
// to place (Winograd's tiles, the quantised weights of the four phases of an enlargement), and normalising
// divides by the deviation: each norm makes these differences some hundred times larger, until they are a
// weave across the whole painting. So where the graph says that a flat picture stays flat, nothing is
// measured.
#pragma once

#include <vector>

#include "src/base/tensor.h"
#include "src/graph/graph.h"

namespace tempera::engine {

// By ValueId: each channel of the value is one number whenever each channel of each of the graph's inputs is.
// `graph` is specialised. Never true of values that are not pictures [n, c, h, w].
std::vector<bool> StaysFlat(const graph::Graph& graph);

// Whether every plane of [n, c, h, w] holds one number; false for anything but fp32 of rank 4. Costs nothing
// where the second number already differs.
bool IsFlat(const Tensor& picture);

}  // namespace tempera::engine
