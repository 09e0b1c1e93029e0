// Metadata of a model's file changed, and every other byte of it left as it is: operators that we do not run,
// functions, fields of later versions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"

namespace tempera::onnx {

struct Annotations {
  std::vector<std::pair<std::string, std::string>> set;  // in place of what stands there under the same keys
  std::vector<std::string> remove;                       // keys; kNotFound where one is not there
};

// The bytes of the model with these; what is set stands at the end. kCorruptModel for what is no ONNX model.
// `source` begins the messages.
Result<std::string> Annotate(std::span<const uint8_t> model, const Annotations& annotations,
                             const std::string& source);

}  // namespace tempera::onnx
