// From a model to the graph that is planned, for sessions and for plans without one.
#pragma once

#include <vector>

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/engine/types/inputs.h"
#include "src/graph/graph.h"

namespace tempera::engine {

// Of the model's inputs, which get these shapes. kInvalidArgument when they are not as many.
Result<std::vector<TensorInfo>> InputInfosOf(const graph::Graph& model, std::vector<Shape> shapes);

// Specialised, and rewritten by the passes unless only plain loops are to run it. What `inputs` says of the
// picture, the states and of what other inputs begin with fits the graph: else kInvalidArgument.
Result<graph::Graph> GraphBehindPasses(const graph::Graph& model, const std::vector<TensorInfo>& infos,
                                       const KnownInputs& inputs, bool only_loops);

}  // namespace tempera::engine
