// Files whose last nodes are keep_colors, brightness and contrast for runtimes that have no such parameters
// (src/onnx/adjust_tail.h): here the built-in ones do that, on the frame's bytes, at no cost.
#pragma once

#include <memory>

#include "src/graph/graph.h"
#include "src/metadata/model_metadata.h"

namespace tempera::metadata {

// Takes such a tail and its inputs out of a model that paints, whose metadata is settled, and gives it the
// built-in parameters instead; the lines of metadata stay. It must be exactly that tail, node for node and
// number for number, its inputs the graph's last, and its parameters like the built-in ones; anything else
// stays and runs as it is written.
void TakeOutAdjustTail(std::shared_ptr<const graph::Graph>* model, ModelMetadata* metadata);

}  // namespace tempera::metadata
