// Conv and ConvTranspose with constant weights over two spatial dimensions -> tempera.Conv.
#include <algorithm>

#include "src/graph/auto_pad.h"
#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

std::vector<int64_t> TwoInts(const Node& node, const char* name) {
  std::vector<int64_t> v = node.attributes.Ints(name, {1, 1});
  return v.size() == 2 ? v : std::vector<int64_t>{1, 1};
}

// [top, left, bottom, right], whatever auto_pad says.
std::vector<int64_t> ResolvedPads(const Node& node, const Shape& in, const Shape& weights,
                                  const std::vector<int64_t>& strides,
                                  const std::vector<int64_t>& dilations) {
  const std::string auto_pad = node.attributes.String("auto_pad", "NOTSET");
  std::vector<int64_t> pads(4, 0);
  if (auto_pad == "NOTSET") {
    const std::vector<int64_t> given = node.attributes.Ints("pads");
    return given.size() == 4 ? given : pads;
  }
  if (auto_pad == "VALID") return pads;
  for (size_t d = 0; d < 2; ++d) {
    const int64_t reach = (weights[d + 2] - 1) * dilations[d] + 1;
    const SamePad same = SamePadOf(auto_pad, in[d + 2], strides[d], reach);
    pads[d] = same.before, pads[d + 2] = same.after;
  }
  return pads;
}

// ConvTranspose's [in_channels, out_channels / group, h, w] as [out_channels, in_channels / group, h, w].
Result<Tensor> SwapChannels(const Tensor& weights, int64_t group) {
  const Shape& s = weights.shape();
  const int64_t group_in = s[0] / group, group_out = s[1], taps = s[2] * s[3];
  TEMPERA_ASSIGN_OR_RETURN(Tensor swapped,
                           Tensor::Create(DataType::kFloat32, {group_out * group, group_in, s[2], s[3]}));
  for (int64_t g = 0; g < group; ++g) {
    for (int64_t o = 0; o < group_out; ++o) {
      for (int64_t i = 0; i < group_in; ++i) {
        std::copy_n(weights.data<float>() + ((g * group_in + i) * group_out + o) * taps, taps,
                    swapped.data<float>() + ((g * group_out + o) * group_in + i) * taps);
      }
    }
  }
  return swapped;
}

// Whether the kernels take this ConvTranspose: both strides alike, 1 or 2, and pads as stated.
bool PlainTranspose(const Node& node) {
  const auto strides = TwoInts(node, "strides");
  const std::string auto_pad = node.attributes.String("auto_pad", "NOTSET");
  const std::vector<int64_t> pads = node.attributes.Ints("pads", {0, 0, 0, 0});
  return strides[0] == strides[1] && strides[0] <= 2 && !node.attributes.Has("output_shape") &&
         (auto_pad == "NOTSET" || auto_pad == "VALID") && pads.size() == 4 &&
         *std::min_element(pads.begin(), pads.end()) >= 0;
}

}  // namespace

Status LowerConv(Graph& graph) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& node = graph.nodes[n];
    const bool transposed = node.op_type == "ConvTranspose";
    if (node.op_type != "Conv" && !(transposed && PlainTranspose(node))) continue;
    const Tensor* weights = ConstantFloats(graph, node.inputs[1]);
    const ValueId bias = InputOf(node, 2);
    const TensorInfo& in = graph.value(node.inputs[0]).info;
    if (weights == nullptr || weights->shape().size() != 4 || in.dtype != DataType::kFloat32) continue;
    if (bias != kNoValue && ConstantFloats(graph, bias) == nullptr) continue;
    Node fused;
    fused.name = node.name;
    fused.op_type = "tempera.Conv";
    fused.inputs = {node.inputs[0], node.inputs[1], bias, kNoValue};
    fused.outputs = node.outputs;
    const auto strides = TwoInts(node, "strides"), dilations = TwoInts(node, "dilations");
    const auto pads = ResolvedPads(node, in.shape, weights->shape(), strides, dilations);
    FusedConv conv;
    conv.group = node.attributes.Int("group", 1);
    conv.stride_h = strides[0], conv.stride_w = strides[1];
    conv.dilation_h = dilations[0], conv.dilation_w = dilations[1];
    conv.padding = {pads[0], pads[1], pads[2], pads[3]};
    conv.transposed = transposed;
    fused.fused = conv;
    SetString(fused, "operators", node.op_type);
    if (transposed) {
      TEMPERA_ASSIGN_OR_RETURN(Tensor swapped, SwapChannels(*weights, node.attributes.Int("group", 1)));
      fused.inputs[1] = AddConstant(graph, node.name + ".weights", std::move(swapped));
    }
    node = std::move(fused);
  }
  return OkStatus();
}

}  // namespace tempera::graph
