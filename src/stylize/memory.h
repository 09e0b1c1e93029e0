// Will it fit? Asked before a plan is made, because a system that overcommits memory says yes
// to every allocation and kills the process later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "src/graph/graph.h"

namespace tempera::stylize {

// Bytes this process can still take without swapping: the least of the system's estimate and the
// control group's limit. SIZE_MAX when neither is known.
size_t AvailableMemoryBytes();

// Bytes of activations a graph with concrete shapes holds at its fullest moment, every operator
// written out on its own. An upper estimate: the engine folds several operators into one.
int64_t PeakActivationBytes(const graph::Graph& specialized);

// "9.1 GiB", "35 MiB"
std::string BytesToString(double bytes);

}  // namespace tempera::stylize
