// Files whose last nodes are keep_colors, brightness and contrast for runtimes that have no such parameters
// (src/onnx/adjust_tail.h): here the built-in ones do that, on the frame's bytes, at no cost.
#pragma once

#include <memory>
#include <string>

#include "src/base/status.h"
#include "src/graph/graph.h"
#include "src/metadata/model_metadata.h"

namespace tempera::metadata {

// Takes such a tail, with its inputs and what metadata says of them, out of a model that paints, whose
// metadata is settled: what is left is the model as it were without. It must be exactly that tail, node for
// node and number for number, and its parameters the built-in ones' like; anything else stays and runs as it
// is written.
Status TakeOutAdjustTail(const std::string& name, std::shared_ptr<const graph::Graph>* model,
                         ModelMetadata* metadata);

}  // namespace tempera::metadata
