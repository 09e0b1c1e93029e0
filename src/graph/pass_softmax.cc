// Transpose, Softmax, Transpose back -> tempera.Softmax along the axis it was about: exporters that know
// softmax along the last axis only write channels so.
#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

// The axis of a softmax over exactly one axis of its input, or -1.
int64_t SoleAxis(const Graph& graph, const Node& node) {
  const Shape& shape = graph.value(node.inputs[0]).info.shape;
  const auto rank = static_cast<int64_t>(shape.size());
  const bool flat = graph.opset < 13;
  int64_t axis = node.attributes.Int("axis", flat ? 1 : -1);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return -1;
  for (int64_t d = axis + 1; flat && d < rank; ++d) {
    if (shape[static_cast<size_t>(d)] != 1) return -1;
  }
  return axis;
}

}  // namespace

Status FoldTransposedSoftmax(Graph& graph) {
  const Uses uses(graph);
  for (Node& last : graph.nodes) {
    if (last.op_type != "Transpose" || graph.value(last.outputs[0]).info.dtype != DataType::kFloat32)
      continue;
    const int64_t s = uses.producer(last.inputs[0]);
    if (s < 0 || graph.nodes[static_cast<size_t>(s)].op_type != "Softmax" || !uses.sole(last.inputs[0]))
      continue;
    const Node& softmax = graph.nodes[static_cast<size_t>(s)];
    const int64_t f = uses.producer(softmax.inputs[0]);
    if (f < 0 || graph.nodes[static_cast<size_t>(f)].op_type != "Transpose") continue;
    const Node& first = graph.nodes[static_cast<size_t>(f)];
    const std::vector<int64_t> there = first.attributes.Ints("perm"), back = last.attributes.Ints("perm");
    bool undone = there.size() == back.size() && !there.empty();
    for (size_t d = 0; undone && d < back.size(); ++d) {
      undone = back[d] >= 0 && back[d] < static_cast<int64_t>(there.size()) &&
               there[static_cast<size_t>(back[d])] == static_cast<int64_t>(d);
    }
    const int64_t axis = SoleAxis(graph, softmax);
    if (!undone || axis < 0) continue;
    Node fused;
    fused.name = softmax.name;
    fused.op_type = "tempera.Softmax";
    fused.inputs = {first.inputs[0]};
    fused.outputs = last.outputs;
    fused.fused = FusedSoftmax{there[static_cast<size_t>(axis)]};
    SetString(fused, "operators", "Transpose+Softmax+Transpose");
    last = std::move(fused);
  }
  RemoveDeadNodes(graph);
  return OkStatus();
}

}  // namespace tempera::graph
