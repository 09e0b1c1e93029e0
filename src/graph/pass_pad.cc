// Pad before tempera.Conv -> the convolution's own padding: the padded picture is never written.
#include <algorithm>

#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

struct Padding {
  std::vector<int64_t> pads;  // top, left, bottom, right
  std::string mode;
  float value = 0;
};

// What a Pad node does, when it pads height and width of fp32 pictures only.
bool ReadPadding(const Graph& graph, const Node& node, Padding* out) {
  if (graph.value(node.inputs[0]).info.dtype != DataType::kFloat32) return false;
  const size_t rank = graph.value(node.inputs[0]).info.shape.size();
  if (rank != 4) return false;
  std::vector<int64_t> pads;
  out->mode = node.attributes.String("mode", "constant");
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
  if (out->mode != "constant" && out->mode != "reflect" && out->mode != "edge") return false;
  if (pads.size() != 8 || pads[0] != 0 || pads[1] != 0 || pads[4] != 0 || pads[5] != 0) return false;
  if (*std::min_element(pads.begin(), pads.end()) < 0) return false;
  out->pads = {pads[2], pads[3], pads[6], pads[7]};
  return true;
}

// Whether padding `first` and then `then` is one padding: of zeros or of edges throughout.
bool Joins(const Padding& first, const Padding& then) {
  if (std::all_of(then.pads.begin(), then.pads.end(), [](int64_t p) { return p == 0; })) return true;
  if (first.mode != then.mode) return false;
  return first.mode == "edge" || (first.mode == "constant" && first.value == then.value);
}

bool FoldOnePad(const Graph& graph, const Uses& uses, Node& conv) {
  const int64_t producer = uses.producer(conv.inputs[0]);
  if (producer < 0) return false;
  const Node& pad = graph.nodes[static_cast<size_t>(producer)];
  Padding padding;
  if (pad.op_type != "Pad" || !ReadPadding(graph, pad, &padding)) return false;
  const Padding own = {conv.attributes.Ints("pads"), conv.attributes.String("pad_mode", "constant"),
                       conv.attributes.Float("pad_value", 0)};
  if (!Joins(padding, own)) return false;
  for (size_t i = 0; i < 4; ++i) padding.pads[i] += own.pads[i];
  SetInts(conv, "pads", padding.pads);
  SetString(conv, "pad_mode", padding.mode);
  SetFloat(conv, "pad_value", padding.value);
  conv.inputs[0] = pad.inputs[0];
  Absorb(pad, conv, /*before=*/true);
  return true;
}

}  // namespace

Status FoldPads(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    if (node.op_type != "tempera.Conv" || node.attributes.Int("transposed", 0) != 0) continue;
    while (FoldOnePad(graph, uses, node)) continue;
  }
  RemoveDeadNodes(graph);
  return OkStatus();
}

}  // namespace tempera::graph
