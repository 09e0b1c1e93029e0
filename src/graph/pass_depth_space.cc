// DepthToSpace (pixel shuffle) behind tempera.Conv -> the convolution's own `shuffle`: its stores scatter.
// Before that, Reshape, Transpose, Reshape, as other exporters write it -> DepthToSpace.
#include <algorithm>
#include <optional>

#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

// Larger blocks are rare, and their rows short.
constexpr int64_t kMostBlock = 4;

// x [n, c * b * b, h, w] -> [n, c, b, b, h, w] or [n, b, b, c, h, w] -> [n, c, h, b, w, b] -> [n, c, h * b, w
// * b]: the DepthToSpace that `last` ends.
std::optional<Node> WrittenOut(const Graph& graph, const Uses& uses, const Node& last) {
  if (last.op_type != "Reshape") return std::nullopt;
  const Node* turn = SoleMaker(graph, uses, last.inputs[0], "Transpose");
  const Node* first = turn == nullptr ? nullptr : SoleMaker(graph, uses, turn->inputs[0], "Reshape");
  if (first == nullptr) return std::nullopt;
  const TensorInfo &x = graph.value(first->inputs[0]).info, &y = graph.value(last.outputs[0]).info;
  const Shape &open = graph.value(turn->inputs[0]).info.shape,
              &turned = graph.value(turn->outputs[0]).info.shape;
  if (!IsPicture(x) || y.shape.size() != 4 || open.size() != 6) return std::nullopt;
  const std::vector<int64_t> perm = turn->attributes.Ints("perm");
  const bool columns_first = perm == std::vector<int64_t>{0, 1, 4, 2, 5, 3};
  if (!columns_first && perm != std::vector<int64_t>{0, 3, 4, 1, 5, 2}) return std::nullopt;
  const int64_t b = turned[3];
  // `open` then follows from x, since `turned` is a transpose of it.
  if (b < 1 || turned[5] != b || turned[0] != x.shape[0] || turned[2] != x.shape[2] ||
      turned[4] != x.shape[3] || y.shape != Shape{turned[0], turned[1], turned[2] * b, turned[4] * b}) {
    return std::nullopt;
  }
  Node node;
  node.name = last.name;
  node.op_type = "DepthToSpace";
  node.inputs = {first->inputs[0]};
  node.outputs = last.outputs;
  SetInt(node, "blocksize", b);
  SetString(node, "mode", columns_first ? "CRD" : "DCR");
  SetString(node, "operators", "Reshape+Transpose+Reshape");
  return node;
}

// Rows of a constant [rows, ...] in another order: row `from` of each r * r block interleaved, so that
// channel (dy * r + dx) * c + i becomes i * r * r + dy * r + dx.
Result<Tensor> InColumnOrder(const Tensor& t, int64_t block) {
  const int64_t rows = t.shape()[0], taps = block * block, channels = rows / taps;
  const int64_t each = rows > 0 ? t.element_count() / rows : 0;
  TEMPERA_ASSIGN_OR_RETURN(Tensor turned, Tensor::Create(DataType::kFloat32, t.shape()));
  for (int64_t to = 0; to < rows; ++to) {
    const int64_t from = to % taps * channels + to / taps;
    std::copy_n(t.data<float>() + from * each, each, turned.data<float>() + to * each);
  }
  return turned;
}

// Whether the kernels store this convolution's channels as blocks of pixels.
bool Shuffles(const FusedConv* conv, int64_t block) {
  return conv != nullptr && block >= 2 && block <= kMostBlock && conv->group == 1 && conv->upsample == 1 &&
         !conv->transposed && conv->shuffle == 1;
}

}  // namespace

Status RecognizeDepthToSpace(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    if (std::optional<Node> found = WrittenOut(graph, uses, node)) node = std::move(*found);
  }
  RemoveDeadNodes(graph);
  return OkStatus();
}

Status FoldDepthToSpace(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    if (node.op_type != "DepthToSpace") continue;
    const int64_t producer = uses.producer(node.inputs[0]), block = node.attributes.Int("blocksize", 0);
    if (producer < 0 || !uses.sole(node.inputs[0])) continue;
    Node& conv = graph.nodes[static_cast<size_t>(producer)];
    if (!Shuffles(ConvOf(conv), block)) continue;
    if (node.attributes.String("mode", "DCR") == "DCR") {
      for (const size_t input : {1, 2, 3}) {
        if (conv.inputs[input] == kNoValue) continue;
        const Tensor old = *graph.value(conv.inputs[input]).constant;  // shares storage; values may move
        TEMPERA_ASSIGN_OR_RETURN(Tensor turned, InColumnOrder(old, block));
        conv.inputs[input] = AddConstant(graph, conv.name + ".shuffled", std::move(turned));
      }
    }
    ConvOf(conv)->shuffle = block;
    Absorb(node, conv, /*before=*/false);
    std::swap(conv.outputs[0], node.outputs[0]);
  }
  RemoveDeadNodes(graph);
  return OkStatus();
}

}  // namespace tempera::graph
