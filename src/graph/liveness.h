// How long values are needed when nodes run one after the other.
#pragma once

#include <vector>

#include "src/graph/graph.h"

namespace tempera::graph {

// For each node, in order: the values that nobody needs once it has run, each once, ascending. They are read
// there for the last time, or made there and read by nobody. Outputs of the graph, constants, and inputs that
// nobody reads are in none of the lists.
std::vector<std::vector<ValueId>> LastUses(const Graph& graph);

}  // namespace tempera::graph
