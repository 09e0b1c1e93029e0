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

}  // namespace

Status FoldPads(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    if (node.op_type != "tempera.Conv" || node.attributes.Int("transposed", 0) != 0) continue;
    const int64_t producer = uses.producer(node.inputs[0]);
    if (producer < 0) continue;
    const Node& pad = graph.nodes[static_cast<size_t>(producer)];
    Padding padding;
    if (pad.op_type != "Pad" || !ReadPadding(graph, pad, &padding)) continue;
    std::vector<int64_t> own = node.attributes.Ints("pads");
    const bool own_is_zero = std::all_of(own.begin(), own.end(), [](int64_t p) { return p == 0; });
    const bool both_zeros = padding.mode == "constant" && padding.value == 0;
    if (!own_is_zero && !both_zeros) continue;
    for (size_t i = 0; i < 4; ++i) own[i] += padding.pads[i];
    SetInts(node, "pads", own);
    SetString(node, "pad_mode", padding.mode);
    SetFloat(node, "pad_value", padding.value);
    node.inputs[0] = pad.inputs[0];
    Absorb(pad, node, /*before=*/true);
  }
  RemoveDeadNodes(graph);
  return OkStatus();
}

}  // namespace tempera::graph
