// A node run by its operator's plain loop, on dense tensors in the arena.
#pragma once

#include <memory>
#include <span>

#include "src/engine/plan/step.h"
#include "src/graph/graph.h"
#include "src/ops/op.h"

namespace tempera::engine {

// `graph` must outlive the step. One storage per input and output of the node, -1 where it is absent or
// a constant.
Result<std::unique_ptr<Step>> MakeReferenceStep(const graph::Graph& graph, const graph::Node& node,
                                                std::span<const StorageId> inputs,
                                                std::span<const StorageId> outputs);

}  // namespace tempera::engine
