// Shapes of all inputs from the picture's alone.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "src/base/host.h"
#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/engine/types/inputs.h"
#include "src/graph/graph.h"

namespace tempera::engine {

// Shapes for all inputs of a model whose picture has shape `picture` [1, c, h, w], for Session::Create: what
// the file declares; where it leaves a size open, a state's is that of its output, another input's is 1.
// kUnsupported when no shape of a state is also its output's, or none was found in as many tries as it gets.
// kCancelled between tries when the host says so; what the operator says where the model does not take the
// picture itself.
Result<std::vector<Shape>> InputShapesFor(const graph::Graph& model, const Shape& picture,
                                          size_t picture_input = 0, std::span<const StateLink> states = {},
                                          const Host* host = nullptr);

}  // namespace tempera::engine
