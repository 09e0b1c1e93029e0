// Which pictures of a graph lie interleaved in fp16 (kernels::PictureLayout::kNhwcF16) and which in fp32
// planes.
#pragma once

#include <vector>

#include "src/graph/graph.h"

namespace tempera::engine {

// `low_precision`: by node index, the convolutions that run in 8-bit or bf16. Returns, by ValueId, whether
// the value lies interleaved: made by such a convolution, or by an Add of two interleaved pictures, and read
// (also with what stays pending on it) by nobody who needs planes.
std::vector<bool> ChooseInterleaved(const graph::Graph& graph, const std::vector<bool>& low_precision);

}  // namespace tempera::engine
