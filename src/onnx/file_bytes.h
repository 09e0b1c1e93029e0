// A model's file in memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::onnx {

// kNotFound, kIo; kUnsupported above 2 GiB, the limit of an ONNX file. Messages name the path.
Result<std::vector<uint8_t>> ReadFileBytes(const std::string& path);

}  // namespace tempera::onnx
