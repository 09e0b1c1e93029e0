// ONNX Runtime's own quantised operators (domain com.microsoft), which its quantisation tool writes beside
// ONNX's QLinearConv and QLinearMatMul.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/onnx/model.h"

namespace tempera::onnx {

// QLinearAdd, QLinearMul, QLinearSigmoid, QLinearLeakyRelu, QLinearAveragePool, QLinearGlobalAveragePool and
// QLinearConcat of com.microsoft.
bool IsQuantizedLinear(std::string_view domain, std::string_view op_type);

// Such a node as what it is defined to be: the operator of real numbers between DequantizeLinear and
// QuantizeLinear. Names in between begin with `prefix`. The nodes have the guards of `node`. kCorruptModel:
// it has other inputs than it needs. kUnsupported: its channels come last.
Result<std::vector<Node>> WriteQuantizedLinearOut(const Node& node, const std::string& prefix);

}  // namespace tempera::onnx
