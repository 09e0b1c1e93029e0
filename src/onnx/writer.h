// Writes an onnx::Model as ONNX bytes. Weights go out as raw_data.
#pragma once

#include <string>

#include "src/base/status.h"
#include "src/onnx/model.h"

namespace tempera::onnx {

Result<std::string> WriteModel(const Model& model);

// Whole or not at all (AtomicFile).
Status WriteModelFile(const Model& model, const std::string& path);

}  // namespace tempera::onnx
