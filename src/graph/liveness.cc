#include "src/graph/liveness.h"

#include <cstddef>

namespace tempera::graph {

std::vector<std::vector<ValueId>> LastUses(const Graph& graph) {
  constexpr size_t kNever = static_cast<size_t>(-1);
  std::vector<size_t> last(graph.values.size(), kNever);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const auto* list : {&graph.nodes[n].inputs, &graph.nodes[n].outputs}) {
      for (const ValueId v : *list) {
        if (v != kNoValue) last[static_cast<size_t>(v)] = n;
      }
    }
  }
  for (const ValueId v : graph.outputs) last[static_cast<size_t>(v)] = kNever;
  std::vector<std::vector<ValueId>> uses(graph.nodes.size());
  for (size_t v = 0; v < last.size(); ++v) {
    if (last[v] != kNever && !graph.values[v].constant) uses[last[v]].push_back(static_cast<ValueId>(v));
  }
  return uses;
}

}  // namespace tempera::graph
