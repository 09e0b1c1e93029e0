// Activations that kernels apply as they read or write.
#pragma once

#include <optional>
#include <vector>

#include "src/graph/graph.h"

namespace tempera::graph {

struct ActivationSpec {
  bool clamp = false;        // min(max(x, lo), hi); otherwise x < 0 ? slope * x : x
  float lo = 0, hi = 0;      // of a clamp
  std::vector<float> slope;  // one per channel
};

// What Relu, Clip, LeakyRelu and PRelu with constant parameters do to fp32; nothing for other nodes.
// Slopes need rank 4.
std::optional<ActivationSpec> ReadActivation(const Graph& graph, const Node& node);

}  // namespace tempera::graph
