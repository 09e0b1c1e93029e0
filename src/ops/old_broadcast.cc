#include "src/ops/old_broadcast.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace tempera::ops {

Status ModernizeBroadcast(graph::Node* node, graph::Graph* graph) {
  constexpr std::string_view kOperators[] = {"Add", "Div", "Mul", "PRelu", "Pow", "Sub"};
  if (graph->opset >= 7 ||
      std::find(std::begin(kOperators), std::end(kOperators), node->op_type) == std::end(kOperators)) {
    return OkStatus();
  }
  if (node->inputs.size() != 2 || node->inputs[0] == graph::kNoValue || node->inputs[1] == graph::kNoValue) {
    return OkStatus();  // the operator says what is wrong
  }
  const Shape a = graph->value(node->inputs[0]).info.shape;
  const graph::Value second = graph->value(node->inputs[1]);
  const Shape& b = second.info.shape;
  const auto rank = static_cast<int64_t>(a.size()), used = static_cast<int64_t>(b.size());
  // Where b's first dimension stands among a's: by default they end together. PRelu's slope has
  // one number per channel.
  int64_t axis = rank - used;
  if (node->op_type == "PRelu" && used == 1 && b[0] != 1) axis = 1;
  if (node->attributes.Has("axis")) axis = node->attributes.Int("axis", axis);
  if (axis < 0) axis += rank;
  const int64_t trailing = rank - axis - used;
  if (axis < 0 || trailing <= 0) return OkStatus();
  if (!second.constant) {
    return Unsupported("broadcasting along axis " + std::to_string(axis) +
                       " as before opset 7 is not supported; export the model again with opset_version=17");
  }
  Shape shape = b;
  shape.insert(shape.end(), static_cast<size_t>(trailing), 1);
  graph::Value reshaped;
  reshaped.name = second.name + "/aligned/" + node->name;
  TEMPERA_ASSIGN_OR_RETURN(reshaped.constant, second.constant->Reshaped(shape));
  reshaped.info = reshaped.constant->info();
  node->inputs[1] = static_cast<graph::ValueId>(graph->values.size());
  graph->values.push_back(std::move(reshaped));
  return OkStatus();
}

}  // namespace tempera::ops
