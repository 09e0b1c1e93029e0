// Which convolutions of a graph are worth computing in 8 bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/graph/graph.h"

namespace tempera::engine {

// One per tempera.Conv, in node order: the nanoseconds that 8 bits are estimated (kernels/nhwc/conv_cost.h)
// to save there; 0 where fp32 is better for the whole, layouts considered, or no 8-bit kernel serves. Follows
// from the graph's shapes and the target's kernels, never from a stopwatch.
std::vector<double> Int8Gains(const graph::Graph& graph, int64_t highway_bit);

// Some convolutions, and what 8 bits there do alone.
struct LayerNoise {
  std::vector<size_t> convs;
  double gain = 0;   // nanoseconds
  double noise = 0;  // mean square, peak 1
};

// Those with the most gain for their noise, as long as their noise together stays below `most`: errors of
// different layers add up like independent ones.
std::vector<LayerNoise> MostGain(std::vector<LayerNoise> layers, double most);

}  // namespace tempera::engine
