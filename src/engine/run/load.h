// Which operators a model may hold, and a model that is not a file yet (load.cc).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "src/engine/run/session.h"

namespace tempera::engine {

// Of ONNX's own domain: whether there is one of this name. What else must hold, opsets and attributes,
// loading and planning tell.
bool RunsOperator(std::string_view op_type);

// LoadModelFile of bytes that were read already, or are to be written at `path`.
Result<ModelPtr> LoadModelAt(std::span<const uint8_t> bytes, const std::string& path);

}  // namespace tempera::engine
