// Which convolutions of a graph are worth computing in 8 bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "src/engine/types/precision.h"
#include "src/graph/graph.h"

namespace tempera::engine {

// What a graph's convolutions and what stands between them are estimated to take (kernels/nhwc/conv_cost.h),
// each in the layout that it has when some of them run in a lower precision: nanoseconds on one core of a
// usual processor of the target. Follows from the graph's shapes and the target's kernels, never from a
// stopwatch.
class PlanCosts {
 public:
  PlanCosts(const graph::Graph& graph, int64_t highway_bit);

  // `precisions`: one per tempera.Conv, in node order.
  double Total(std::span<const Precision> precisions) const;
  double TotalFp32() const;
  // Whether such a plan is worth it: clearly faster than fp32 alone by these estimates.
  bool Gains(std::span<const Precision> precisions) const;

  // One per tempera.Conv: what 8 bits save there; 0 where fp32 is better for the whole, layouts considered,
  // or no 8-bit kernel serves.
  std::vector<double> Int8Gains() const;
  // Gives up the lower precisions that cost more than they save where they stand: alone among planes, say.
  void DropLosses(std::vector<Precision>* precisions) const;

 private:
  struct Conv {
    size_t node = 0;
    double f32 = 0;
    double depthwise = 0;  // the same between interleaved pixels
    // Into interleaved pixels, into planes; empty: no kernel serves.
    std::vector<double> int8, bf16;
  };
  struct Add {
    graph::ValueId out;
    double planes, pixels;  // by how that lies
  };
  Conv CostsOf(size_t node) const;
  // Changes one convolution at a time between fp32 and 8 bits while the whole gains; returns what it takes
  // then.
  double Improve(std::vector<Precision>* chosen) const;
  const std::vector<double>& Lower(const Conv& conv, Precision precision) const {
    return precision == Precision::kBf16 ? conv.bf16 : conv.int8;
  }

  const graph::Graph& graph_;
  int64_t highway_bit_;
  std::vector<bool> depthwise_;  // by node index
  std::vector<Conv> convs_;
  std::vector<Add> adds_;  // both in node order
};

// By node index: the depthwise convolutions that kernels/nhwc/depthwise_nhwc.h serves.
std::vector<bool> DepthwiseOverPixels(const graph::Graph& graph);

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
