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

ConvShape ConvShapeOf(const graph::FusedConv& conv, int64_t kernel_h, int64_t kernel_w, const Shape& in,
                      const Shape& out) {
  ConvShape s;
  s.n = in[0], s.in_channels = in[1], s.in_h = in[2], s.in_w = in[3];
  s.out_channels = out[1], s.out_h = out[2], s.out_w = out[3];
  s.kernel_h = kernel_h, s.kernel_w = kernel_w;
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

ConvShape ConvShapeOf(const graph::Graph& graph, const Node& node) {
  const auto shape = [&graph](graph::ValueId v) -> const Shape& { return graph.value(v).info.shape; };
  const Shape& weights = shape(node.inputs[1]);
  return ConvShapeOf(std::get<graph::FusedConv>(node.fused), weights[2], weights[3], shape(node.inputs[0]),
                     shape(node.outputs[0]));
}

}  // namespace tempera::engine
