// Makes a graph concrete for given input shapes: infers every shape, and computes
// at once whatever depends on constants and shapes alone (Shape, Gather, Concat of
// sizes, ...), with the operators' reference loops.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/graph/graph.h"

namespace tempera::ops {

// How far it came where it failed.
struct Unfinished {
  // The node at fault, by its index in the graph given. As many as it has: the fault is no node's, and shapes
  // are those of the inputs at most; or only memory is short, and all shapes are known.
  size_t node = 0;
  std::vector<Shape> shapes;  // by value; empty where not known
};

// The result holds only nodes that must run per frame; every value it uses has a
// concrete type and shape, or is a constant. An output that turned out constant keeps its
// value in `constant`. Errors name the node at fault. unfinished: written where it fails; may be nullptr.
Result<graph::Graph> Specialize(const graph::Graph& graph, std::span<const TensorInfo> inputs,
                                Unfinished* unfinished = nullptr);

// Runs a specialised graph, passes done or not, node by node with the reference loops: the truth everything
// fast is compared with. Allocates freely.
Result<std::vector<Tensor>> RunReference(const graph::Graph& specialized, std::span<const Tensor> inputs);

}  // namespace tempera::ops
