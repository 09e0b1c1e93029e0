#include "src/stylize/memory.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace tempera::stylize {

int64_t PeakActivationBytes(const graph::Graph& graph) {
  // Index of the last node that reads each value; outputs live to the end.
  const size_t count = graph.values.size();
  std::vector<size_t> last(count, 0);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (graph::ValueId id : graph.nodes[n].inputs) {
      if (id != graph::kNoValue) last[static_cast<size_t>(id)] = n;
    }
  }
  for (graph::ValueId id : graph.outputs) last[static_cast<size_t>(id)] = graph.nodes.size();
  const auto bytes = [&](graph::ValueId id) -> int64_t {
    const graph::Value& v = graph.value(id);
    if (v.constant) return 0;
    const Result<int64_t> n = ElementCount(v.info.shape, v.info.dtype);
    return n.ok() ? *n * static_cast<int64_t>(DataTypeSize(v.info.dtype)) : 0;
  };
  int64_t live = 0, peak = 0;
  std::vector<std::vector<graph::ValueId>> dies(graph.nodes.size() + 1);
  const auto born = [&](graph::ValueId id) {
    live += bytes(id);
    dies[last[static_cast<size_t>(id)]].push_back(id);
  };
  for (graph::ValueId id : graph.inputs) born(id);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (graph::ValueId id : graph.nodes[n].outputs) {
      if (id != graph::kNoValue) {
        last[static_cast<size_t>(id)] = std::max(last[static_cast<size_t>(id)], n);
        born(id);
      }
    }
    peak = std::max(peak, live);
    for (graph::ValueId id : dies[n]) live -= bytes(id);
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
