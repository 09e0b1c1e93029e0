// Pad before tempera.Conv -> the convolution's own padding: the padded picture is never written.
#include <algorithm>

#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

// What a Pad node does, when it pads height and width of fp32 pictures only.
bool ReadPadding(const Graph& graph, const Node& node, Padding* out) {
  if (graph.value(node.inputs[0]).info.dtype != DataType::kFloat32) return false;
  const size_t rank = graph.value(node.inputs[0]).info.shape.size();
  if (rank != 4) return false;
  std::vector<int64_t> pads;
  const std::string mode = node.attributes.String("mode", "constant");
  if (graph.opset < 11) {
    pads = node.attributes.Ints("pads");
    out->value = node.attributes.Float("value", 0);
  } else {
    if (InputOf(node, 3) != kNoValue) return false;  // an axes list
    pads = ConstantInts(graph, InputOf(node, 1));
    if (InputOf(node, 2) != kNoValue) {
      const Tensor* value = ConstantFloats(graph, node.inputs[2]);
      if (value == nullptr || value->element_count() != 1) return false;
      out->value = *value->data<float>();
    }
  }
  if (mode != "constant" && mode != "reflect" && mode != "edge") return false;
  out->kind = mode == "reflect" ? PadKind::kReflect : mode == "edge" ? PadKind::kEdge : PadKind::kConstant;
  if (pads.size() != 8 || pads[0] != 0 || pads[1] != 0 || pads[4] != 0 || pads[5] != 0) return false;
  if (*std::min_element(pads.begin(), pads.end()) < 0) return false;
  out->top = pads[2], out->left = pads[3], out->bottom = pads[6], out->right = pads[7];
  return true;
}

// Whether padding `first` and then `then` is one padding: of zeros or of edges throughout.
bool Joins(const Padding& first, const Padding& then) {
  if (then.empty()) return true;
  if (first.kind != then.kind) return false;
  return first.kind == PadKind::kEdge || (first.kind == PadKind::kConstant && first.value == then.value);
}

bool FoldOnePad(const Graph& graph, const Uses& uses, Node& conv) {
  const int64_t producer = uses.producer(conv.inputs[0]);
  if (producer < 0) return false;
  const Node& pad = graph.nodes[static_cast<size_t>(producer)];
  FusedConv& fused = *ConvOf(conv);
  Padding padding;
  if (pad.op_type != "Pad" || !ReadPadding(graph, pad, &padding)) return false;
  const Padding& own = fused.padding;
  if (!Joins(padding, own)) return false;
  padding.top += own.top, padding.left += own.left;
  padding.bottom += own.bottom, padding.right += own.right;
  fused.padding = padding;
  conv.inputs[0] = pad.inputs[0];
  Absorb(pad, conv, /*before=*/true);
  return true;
}

}  // namespace

Status FoldPads(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    if (ConvOf(node) == nullptr || ConvOf(node)->transposed) continue;
    while (FoldOnePad(graph, uses, node)) continue;
  }
  RemoveDeadNodes(graph);
  return OkStatus();
}

}  // namespace tempera::graph
