#include "src/engine/precision/conv_shape.h"

#include <variant>

namespace tempera::engine {

using graph::Node;
using kernels::ConvShape;
using kernels::PadMode;

namespace {

PadMode PadModeOf(graph::PadKind kind) {
  return kind == graph::PadKind::kReflect ? PadMode::kReflect
         : kind == graph::PadKind::kEdge  ? PadMode::kEdge
                                          : PadMode::kConstant;
}

}  // namespace

ConvShape ConvShapeOf(const graph::Graph& graph, const Node& node) {
  const Shape& in = graph.value(node.inputs[0]).info.shape;
  const Shape& weights = graph.value(node.inputs[1]).info.shape;
  const Shape& out = graph.value(node.outputs[0]).info.shape;
  const auto& conv = std::get<graph::FusedConv>(node.fused);
  ConvShape s;
  s.n = in[0], s.in_channels = in[1], s.in_h = in[2], s.in_w = in[3];
  s.out_channels = out[1], s.out_h = out[2], s.out_w = out[3];
  s.kernel_h = weights[2], s.kernel_w = weights[3];
  s.stride_h = conv.stride_h, s.stride_w = conv.stride_w;
  s.dilation_h = conv.dilation_h, s.dilation_w = conv.dilation_w;
  s.pad_top = conv.padding.top, s.pad_left = conv.padding.left;
  s.group = conv.group;
  s.pad_mode = PadModeOf(conv.padding.kind);
  s.pad_value = conv.padding.value;
  s.upsample = conv.upsample;
  s.transposed = conv.transposed;
  s.shuffle = conv.shuffle;
  s.out_channels *= s.shuffle * s.shuffle, s.out_h /= s.shuffle, s.out_w /= s.shuffle;
  return s;
}

}  // namespace tempera::engine
