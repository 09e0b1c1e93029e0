#include "src/stylize/memory.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "src/graph/liveness.h"

namespace tempera::stylize {

int64_t PeakActivationBytes(const graph::Graph& graph) {
  const auto bytes = [&](graph::ValueId id) -> int64_t {
    const graph::Value& v = graph.value(id);
    if (v.constant) return 0;
    const Result<int64_t> n = ElementCount(v.info.shape, v.info.dtype);
    return n.ok() ? *n * static_cast<int64_t>(DataTypeSize(v.info.dtype)) : 0;
  };
  const std::vector<std::vector<graph::ValueId>> last_uses = graph::LastUses(graph);
  int64_t live = 0, peak = 0;
  for (graph::ValueId id : graph.inputs) live += bytes(id);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (graph::ValueId id : graph.nodes[n].outputs) {
      if (id != graph::kNoValue) live += bytes(id);
    }
    peak = std::max(peak, live);
    for (graph::ValueId id : last_uses[n]) live -= bytes(id);
  }
  return std::max(peak, live);
}

int HeightThatFits(int height, double needed, double available) {
  // Half: `needed` is rough, and others want memory too. Memory goes with the square of the height.
  const double fits = height * std::sqrt(0.5 * available / needed);
  for (int usual : {4320, 2160, 1440, 1080, 720, 480, 360, 240}) {
    if (usual < height && usual <= fits) return usual;
  }
  return 144;
}

}  // namespace tempera::stylize
