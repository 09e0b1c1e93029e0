#include "src/engine/precision/conv_shape.h"

#include <string>

namespace tempera::engine {

using graph::Node;
using kernels::ConvShape;
using kernels::PadMode;

namespace {

PadMode PadModeOf(const Node& node) {
  const std::string mode = node.attributes.String("pad_mode", "constant");
  return mode == "reflect" ? PadMode::kReflect : mode == "edge" ? PadMode::kEdge : PadMode::kConstant;
}

}  // namespace

ConvShape ConvShapeOf(const graph::Graph& graph, const Node& node) {
  const Shape& in = graph.value(node.inputs[0]).info.shape;
  const Shape& weights = graph.value(node.inputs[1]).info.shape;
  const Shape& out = graph.value(node.outputs[0]).info.shape;
  const auto strides = node.attributes.Ints("strides"), dilations = node.attributes.Ints("dilations"),
             pads = node.attributes.Ints("pads");
  ConvShape s;
  s.n = in[0], s.in_channels = in[1], s.in_h = in[2], s.in_w = in[3];
  s.out_channels = out[1], s.out_h = out[2], s.out_w = out[3];
  s.kernel_h = weights[2], s.kernel_w = weights[3];
  s.stride_h = strides[0], s.stride_w = strides[1];
  s.dilation_h = dilations[0], s.dilation_w = dilations[1];
  s.pad_top = pads[0], s.pad_left = pads[1];
  s.group = node.attributes.Int("group", 1);
  s.pad_mode = PadModeOf(node);
  s.pad_value = node.attributes.Float("pad_value", 0);
  s.upsample = node.attributes.Int("upsample", 1);
  s.transposed = node.attributes.Int("transposed", 0) != 0;
  s.shuffle = node.attributes.Int("shuffle", 1);
  s.out_channels *= s.shuffle * s.shuffle, s.out_h /= s.shuffle, s.out_w /= s.shuffle;
  return s;
}

}  // namespace tempera::engine
