// Nearest enlargement by two before tempera.Conv -> the convolution's `upsample`: the enlarged
// picture is never written.
#include <algorithm>
#include <tuple>

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

// v is [rows, 2 * length], each row of some [rows, length] written twice, one after the other: that one.
// Older exporters wrote the second copy as x + 0.
ValueId RepeatedRows(const Graph& graph, const Uses& uses, ValueId v) {
  const Node* concat = Maker(graph, uses, v, "Concat");
  if (concat == nullptr || concat->inputs.size() != 2 || graph.value(v).info.shape.size() != 2)
    return kNoValue;
  if (concat->attributes.Int("axis", 0) != 1 && concat->attributes.Int("axis", 0) != -1) return kNoValue;
  const ValueId x = concat->inputs[0];
  if (concat->inputs[1] == x) return x;
  const Node* add = Maker(graph, uses, concat->inputs[1], "Add");
  if (add == nullptr || add->inputs[0] != x) return kNoValue;
  const Tensor* zero = ConstantFloats(graph, add->inputs[1]);
  return zero != nullptr && zero->element_count() == 1 && *zero->data<float>() == 0 ? x : kNoValue;
}

// x [n, c, h, w] -> [n*c*h*w, 1], each number twice -> [n*c*h, 2*w], each row twice -> v [n, c, 2*h, 2*w].
ValueId DoubledByConcat(const Graph& graph, const Uses& uses, ValueId v) {
  const Node* last = Maker(graph, uses, v, "Reshape");
  if (last == nullptr) return kNoValue;
  const ValueId rows = RepeatedRows(graph, uses, last->inputs[0]);
  const Node* middle = Maker(graph, uses, rows, "Reshape");
  if (middle == nullptr) return kNoValue;
  const ValueId numbers = RepeatedRows(graph, uses, middle->inputs[0]);
  const Node* first = Maker(graph, uses, numbers, "Reshape");
  if (first == nullptr) return kNoValue;
  const TensorInfo& x = graph.value(first->inputs[0]).info;
  if (x.dtype != DataType::kFloat32 || x.shape.size() != 4) return kNoValue;
  const auto [n, c, h, w] = std::tie(x.shape[0], x.shape[1], x.shape[2], x.shape[3]);
  const bool fits = graph.value(numbers).info.shape == Shape{n * c * h * w, 1} &&
                    graph.value(rows).info.shape == Shape{n * c * h, 2 * w} &&
                    graph.value(v).info.shape == Shape{n, c, 2 * h, 2 * w};
  return fits ? first->inputs[0] : kNoValue;
}

// x [n, c, h, w] -> [n, c, h, 1, w, 1], repeated along the two ones by Expand, Tile or Concat with itself ->
// v [n, c, 2 * h, 2 * w].
ValueId DoubledByRepeat(const Graph& graph, const Uses& uses, ValueId v) {
  const Node* last = Maker(graph, uses, v, "Reshape");
  if (last == nullptr) return kNoValue;
  ValueId at = last->inputs[0];
  const Shape to = graph.value(at).info.shape;
  if (to.size() != 6 || to[3] != 2 || to[5] != 2) return kNoValue;
  const Shape from = {to[0], to[1], to[2], 1, to[4], 1};
  if (graph.value(v).info.shape != Shape{to[0], to[1], 2 * to[2], 2 * to[4]}) return kNoValue;
  for (int repeats = 0; repeats < 3 && graph.value(at).info.shape != from; ++repeats) {
    const Node* concat = Maker(graph, uses, at, "Concat");
    const bool twice =
        concat != nullptr && concat->inputs.size() == 2 && concat->inputs[0] == concat->inputs[1];
    const Node* repeat = twice ? concat : Maker(graph, uses, at, "Expand");
    if (repeat == nullptr) repeat = Maker(graph, uses, at, "Tile");
    if (repeat == nullptr || repeat->inputs[0] == kNoValue) return kNoValue;
    const Shape& before = graph.value(repeat->inputs[0]).info.shape;
    // Only ones may grow: then the repeats lie where a nearest enlargement has them.
    if (before.size() != 6) return kNoValue;
    for (size_t d = 0; d < 6; ++d) {
      if (before[d] != to[d] && !((d == 3 || d == 5) && before[d] == 1)) return kNoValue;
    }
    at = repeat->inputs[0];
  }
  if (graph.value(at).info.shape != from) return kNoValue;
  const Node* first = Maker(graph, uses, at, "Reshape");
  if (first == nullptr) first = Maker(graph, uses, at, "Unsqueeze");
  if (first == nullptr) return kNoValue;
  const TensorInfo& x = graph.value(first->inputs[0]).info;
  const bool fits = x.dtype == DataType::kFloat32 && x.shape == Shape{to[0], to[1], to[2], to[4]};
  return fits ? first->inputs[0] : kNoValue;
}

// What v enlarges twice, or kNoValue.
ValueId DoubledSource(const Graph& graph, const Uses& uses, ValueId v) {
  const int64_t producer = uses.producer(v);
  if (producer < 0) return kNoValue;
  const Node& node = graph.nodes[static_cast<size_t>(producer)];
  if (IsDoubling(graph, node)) return node.inputs[0];
  const ValueId source = DoubledByConcat(graph, uses, v);
  return source != kNoValue ? source : DoubledByRepeat(graph, uses, v);
}

}  // namespace

Status FoldUpsample(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    FusedConv* conv = ConvOf(node);
    if (conv == nullptr || conv->transposed) continue;
    const ValueId enlarged = node.inputs[0];
    const ValueId source = DoubledSource(graph, uses, enlarged);
    if (source == kNoValue) continue;
    // Where something else needs the enlarged picture in memory anyway, reading it is cheaper.
    const std::vector<size_t>& readers = uses.readers(enlarged);
    const bool only_convolutions = std::all_of(readers.begin(), readers.end(),
                                               [&](size_t r) { return ConvOf(graph.nodes[r]) != nullptr; });
    if (!only_convolutions || uses.is_output(enlarged)) continue;
    Absorb(graph.nodes[static_cast<size_t>(uses.producer(enlarged))], node, /*before=*/true);
    node.inputs[0] = source;
    conv->upsample = 2;
  }
  RemoveDeadNodes(graph);
  return OkStatus();
}

}  // namespace tempera::graph
