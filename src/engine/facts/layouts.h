// Which pictures of a graph lie interleaved in fp16 (kernels::PictureLayout::kNhwcF16) and which in fp32
// planes.
#pragma once

#include <vector>

#include "src/graph/graph.h"

namespace tempera::engine {

// `low_precision`: by node index, the convolutions that run in 8-bit or bf16; `depthwise`: those that a
// kernel can also take from interleaved pixels to such. Returns, by ValueId, whether the value lies
// interleaved: made by such a convolution, by an Add of two interleaved pictures or a depthwise convolution
// of one, and read (also with what stays pending on it) by nobody who needs planes.
std::vector<bool> ChooseInterleaved(const graph::Graph& graph, const std::vector<bool>& low_precision,
                                    const std::vector<bool>& depthwise);

}  // namespace tempera::engine
