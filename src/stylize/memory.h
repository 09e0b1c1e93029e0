// How much memory painting takes, roughly, and which size takes less.
#pragma once

#include <cstdint>

#include "src/graph/graph.h"

namespace tempera::stylize {

// Bytes of activations a graph with concrete shapes holds at its fullest moment, every operator
// written out on its own. An upper estimate: the engine folds several operators into one.
int64_t PeakActivationBytes(const graph::Graph& specialized);

// The largest usual video height below `height` whose picture would take at most half of
// `available` bytes, when one of `height` takes `needed`.
int HeightThatFits(int height, double needed, double available);

}  // namespace tempera::stylize
