#include "src/onnx/quantized_linear.h"

#include <algorithm>
#include <utility>

namespace tempera::onnx {
namespace {

struct Kind {
  std::string_view op_type;  // of com.microsoft
  const char* of_reals;      // the operator between
  size_t operands;           // 0: any number, behind scale and zero point of the result
};
constexpr Kind kKinds[] = {{"QLinearAdd", "Add", 2},
                           {"QLinearAveragePool", "AveragePool", 1},
                           {"QLinearConcat", "Concat", 0},
                           {"QLinearGlobalAveragePool", "GlobalAveragePool", 1},
                           {"QLinearLeakyRelu", "LeakyRelu", 1},
                           {"QLinearMul", "Mul", 2},
                           {"QLinearSigmoid", "Sigmoid", 1}};

const Kind* Find(std::string_view domain, std::string_view op_type) {
  if (domain != "com.microsoft") return nullptr;
  const auto* found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [&](const Kind& kind) { return kind.op_type == op_type; });
  return found == std::end(kKinds) ? nullptr : found;
}

}  // namespace

bool IsQuantizedLinear(std::string_view domain, std::string_view op_type) {
  return Find(domain, op_type) != nullptr;
}

Result<std::vector<Node>> WriteQuantizedLinearOut(const Node& node, const std::string& prefix) {
  const Kind& kind = *Find(node.domain, node.op_type);
  const std::vector<std::string>& in = node.inputs;
  // Triples of numbers, scale and zero point, and scale and zero point of the result, whose zero point and
  // that of the last triple may be left out.
  const bool result_first = kind.operands == 0;
  const size_t begin = result_first ? 2 : 0, at = result_first ? 0 : 3 * kind.operands;
  const size_t operands = result_first ? (std::max(in.size(), begin) - begin) / 3 : kind.operands;
  const bool fits =
      result_first ? in.size() == begin + 3 * operands : in.size() == at + 1 || in.size() == at + 2;
  if (!fits || operands == 0 || node.outputs.size() != 1)
    return CorruptModel("it has " + std::to_string(in.size()) + " inputs, which are not those that it needs");

  std::vector<Node> nodes;
  const auto add = [&](const char* op_type, std::vector<std::string> inputs, std::string output) {
    while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();
    Node& made = nodes.emplace_back();
    made.name = prefix + op_type + std::to_string(nodes.size());
    made.op_type = op_type;
    made.inputs = std::move(inputs);
    made.outputs = {std::move(output)};
    made.guards = node.guards;
  };
  std::vector<std::string> reals;
  for (size_t i = 0; i < operands; ++i) {
    const size_t first = begin + 3 * i;
    reals.push_back(prefix + "real" + std::to_string(i));
    add("DequantizeLinear", {in[first], in[first + 1], in[first + 2]}, reals.back());
  }
  add(kind.of_reals, reals, prefix + "result");
  for (const Attribute& a : node.attributes) {
    if (a.name != "channels_last") {
      nodes.back().attributes.push_back(a);
    } else if (a.i != 0) {
      return Unsupported("its channels come last (channels_last); export the model with channels first");
    }
  }
  add("QuantizeLinear", {prefix + "result", in[at], at + 1 < in.size() ? in[at + 1] : std::string()},
      node.outputs[0]);
  return nodes;
}

}  // namespace tempera::onnx
