// Names from a model go into error messages, and a hostile name must not break
// the promise that a message is one short line.
#pragma once

#include <string>
#include <string_view>

namespace tempera::onnx {

// 'conv1.weight': control characters become '?', long names lose their middle.
std::string Quote(std::string_view name);

}  // namespace tempera::onnx
