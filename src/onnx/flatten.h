// Functions and branches written out, so that a model is one list of nodes.
#pragma once

#include <string>

#include "src/base/status.h"
#include "src/onnx/model.h"

namespace tempera::onnx {

// Calls of the model's own functions become the functions' nodes, and none are left. The branches of an If
// become nodes with guards, in front of it; it then reads its condition, what the first branch gives, and
// what the second does, and has no attributes. Values in functions and branches get names of their own.
// ONNX Runtime's own quantised operators become ONNX's (quantized_linear.h). Sub-graphs of other operators
// (Loop, Scan) stay. kUnsupported: functions that call each other without end, or are of another opset than
// the model. kCorruptModel: a call or a branch that does not fit, an attribute that refers to a call where
// there is none, or more nodes than a model may have.
Status Flatten(Model* model, const std::string& source);

}  // namespace tempera::onnx
