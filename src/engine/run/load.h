// Which operators a model may hold (load.cc).
#pragma once

#include <string_view>

namespace tempera::engine {

// Of ONNX's own domain: whether there is one of this name. What else must hold, opsets and attributes,
// loading and planning tell.
bool RunsOperator(std::string_view op_type);

}  // namespace tempera::engine
