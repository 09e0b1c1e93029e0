// Nearest enlargement by two before tempera.Conv -> the convolution's `upsample`: the enlarged
// picture is never written.
#include <algorithm>

#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

// Whether output pixel x shows input pixel x / 2 (rounded down) for a scale of exactly two.
bool MapsToHalf(const Graph& graph, const Node& node) {
  if (node.attributes.String("mode", "nearest") != "nearest") return false;
  // Upsample and Resize-10 round down when they enlarge.
  if (node.op_type == "Upsample" || graph.opset < 11) return true;
  const std::string where = node.attributes.String("coordinate_transformation_mode", "half_pixel");
  const std::string round = node.attributes.String("nearest_mode", "round_prefer_floor");
  // x / 2 is 0, 0.5, 1, 1.5: down is right, and ties go down with round_prefer_floor.
  if (where == "asymmetric") return round == "floor" || round == "round_prefer_floor";
  // (x + 0.5) / 2 - 0.5 is -0.25, 0.25, 0.75, 1.25: no ties.
  if (where == "half_pixel" || where == "pytorch_half_pixel" || where == "half_pixel_symmetric") {
    return round == "round_prefer_floor" || round == "round_prefer_ceil";
  }
  // (x + 0.5) / 2 is 0.25, 0.75, 1.25.
  if (where == "tf_half_pixel_for_nn") return round == "floor";
  return false;
}

// Scales, when the node states them, must be 1, 1, 2, 2: a scale of 2.1 can give the same size.
bool StatesOtherScales(const Graph& graph, const Node& node) {
  std::vector<float> scales = node.attributes.Floats("scales");
  const size_t index = graph.opset < 11 ? 1 : 2;
  const ValueId v = node.op_type == "Upsample" && graph.opset < 9 ? kNoValue : InputOf(node, index);
  if (v != kNoValue) {
    const Tensor* t = ConstantFloats(graph, v);
    if (t == nullptr) return true;
    scales.assign(t->span<float>().begin(), t->span<float>().end());
  }
  return !scales.empty() && scales != std::vector<float>{1, 1, 2, 2};
}

bool IsDoubling(const Graph& graph, const Node& node) {
  if (node.op_type != "Resize" && node.op_type != "Upsample") return false;
  const TensorInfo& in = graph.value(node.inputs[0]).info;
  const Shape& out = graph.value(node.outputs[0]).info.shape;
  if (in.dtype != DataType::kFloat32 || in.shape.size() != 4 || node.attributes.Has("axes")) return false;
  return out == Shape{in.shape[0], in.shape[1], 2 * in.shape[2], 2 * in.shape[3]} &&
         MapsToHalf(graph, node) && !StatesOtherScales(graph, node);
}

}  // namespace

Status FoldUpsample(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    if (node.op_type != "tempera.Conv" || node.attributes.Int("upsample", 1) != 1) continue;
    const int64_t producer = uses.producer(node.inputs[0]);
    if (producer < 0) continue;
    const Node& enlarge = graph.nodes[static_cast<size_t>(producer)];
    if (!IsDoubling(graph, enlarge)) continue;
    // Where something else needs the enlarged picture in memory anyway, reading it is cheaper.
    const std::vector<size_t>& readers = uses.readers(node.inputs[0]);
    const bool only_convolutions = std::all_of(readers.begin(), readers.end(), [&](size_t r) {
      return graph.nodes[r].op_type == "tempera.Conv" && graph.nodes[r].inputs[0] == enlarge.outputs[0];
    });
    if (!only_convolutions || uses.is_output(enlarge.outputs[0])) continue;
    node.inputs[0] = enlarge.inputs[0];
    SetInt(node, "upsample", 2);
    Absorb(enlarge, node, /*before=*/true);
  }
  RemoveDeadNodes(graph);
  return OkStatus();
}

}  // namespace tempera::graph
