// A tempera.Conv in the words of the kernels.
#pragma once

#include <cstdint>

#include "src/base/tensor.h"
#include "src/graph/graph.h"
#include "src/kernels/conv/conv_f32.h"

namespace tempera::engine {

// `in` and `out`: shapes of what it reads and writes, the latter shuffled.
kernels::ConvShape ConvShapeOf(const graph::FusedConv& conv, int64_t kernel_h, int64_t kernel_w,
                               const Shape& in, const Shape& out);
// Of a specialised graph.
kernels::ConvShape ConvShapeOf(const graph::Graph& graph, const graph::Node& node);

}  // namespace tempera::engine
