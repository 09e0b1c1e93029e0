// What an ONNX file says of itself, without its weights.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"

namespace tempera::onnx {

// metadata_props of a model file, in the file's order; the graph and all else is stepped over, so that the
// cost does not grow with the weights. kNotFound, kIo; kCorruptModel for what is no ONNX model, is cut off,
// or says more of itself than a megabyte. Messages name the path.
Result<std::vector<std::pair<std::string, std::string>>> ReadMetadataFile(const std::string& path);

}  // namespace tempera::onnx
