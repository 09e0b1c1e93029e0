// onnx.TensorProto -> Tensor. Private to the reader.
#pragma once

#include <protozero/data_view.hpp>
#include <string>

#include "src/base/status.h"
#include "src/onnx/external_data.h"
#include "src/onnx/reader.h"

namespace tempera::onnx {

// `source` opens every message: the file's path, or "the model"; external: where values may be that the
// tensor does not hold itself, or nullptr. Throws protozero's exceptions on malformed protobuf: callers
// inside the reader catch them once, at the top.
Result<NamedTensor> ParseTensor(protozero::data_view bytes, const std::string& source,
                                ExternalData* external);

}  // namespace tempera::onnx
