// A tempera.Conv in the words of the kernels.
#pragma once

#include "src/graph/graph.h"
#include "src/kernels/conv/conv_f32.h"

namespace tempera::engine {

// Of a specialised graph.
kernels::ConvShape ConvShapeOf(const graph::Graph& graph, const graph::Node& node);

}  // namespace tempera::engine
