#include "src/engine/plan/steps/conv_step.h"

#include <algorithm>
#include <string>
#include <utility>

#include "src/engine/plan/plan_builder.h"
#include "src/engine/plan/steps/conv_nhwc_step.h"

namespace tempera::engine {

using graph::Node;
using kernels::Activation;
using kernels::ConvShape;
using kernels::Pointwise;

ConvStep::ConvStep(kernels::ConvPlan plan, Pointwise read, Pointwise write, StorageId from, StorageId to)
    : plan_(std::move(plan)), from_(from), to_(to) {
  args_.read = read;
  args_.write = write;
  reads = {from};
  writes = {to};
  scratch_bytes = plan_.scratch_bytes;
  weight_bytes = plan_.weights.size_bytes() + plan_.bias.size() * sizeof(float);
  info.macs = plan_.shape.macs();
}

void ConvStep::AddNorm(InstanceNorm* norm) {
  args_.moments = Gather(norm, plan_.shape.n * plan_.shape.out_channels * plan_.tiles,
                         plan_.tiles * plan_.shape.pixels_a_channel());
}

void ConvStep::Bind(const Memory& memory) {
  args_.input = memory.floats(from_);
  args_.output = memory.floats(to_);
}

bool ConvStep::TakeSource(const PictureSource* source) {
  if (!ends_.TakeSource(plan_, source)) return false;
  scratch_bytes = ends_.ScratchBytes(plan_.scratch_bytes);
  return true;
}

bool ConvStep::TakeSink(const PictureSink* sink) {
  if (!ends_.TakeSink(plan_, sink)) return false;
  scratch_bytes = ends_.ScratchBytes(plan_.scratch_bytes);
  return true;
}

Pointwise ConvActivationOf(const graph::Graph& graph, const Node& node) {
  Pointwise write;
  const auto& conv = std::get<graph::FusedConv>(node.fused);
  switch (conv.activation) {
    case graph::ActivationKind::kNone:
      break;
    case graph::ActivationKind::kClamp:
      write.activation = Activation::kClamp;
      write.lo = conv.lo;
      write.hi = conv.hi;
      break;
    case graph::ActivationKind::kHardSwish:
      write.activation = Activation::kHardSwish;
      break;
    case graph::ActivationKind::kSlope:
      write.activation = Activation::kSlope;
      write.slope = graph.value(node.inputs[3]).constant->data<float>();
      break;
  }
  return write;
}

std::string ConvShapeName(const ConvShape& s) {
  std::string name =
      " " + std::to_string(s.kernel_h) + "x" + std::to_string(s.kernel_w) + " s" + std::to_string(s.stride_h);
  if (s.stride_w != s.stride_h) name += "x" + std::to_string(s.stride_w);
  if (s.dilation_h != 1 || s.dilation_w != 1) name += " d" + std::to_string(s.dilation_h);
  if (s.group > 1) name += " g" + std::to_string(s.group);
  if (s.transposed) name += " transposed";
  if (s.shuffle > 1) name += " shuffle" + std::to_string(s.shuffle);
  return name;
}

Result<bool> PlanConvNode(PlanBuilder& builder, const Node& node) {
  const graph::ValueId x = node.inputs[0];
  for (graph::ValueId v : {x, node.outputs[0]}) {
    const Shape& shape = builder.info(v).shape;
    if (std::count(shape.begin(), shape.end(), 0) > 0)
      return false;  // empty: the plain loop has nothing to do
  }
  if (!builder.is_picture(x) || !builder.is_picture(node.outputs[0]) || builder.reading(x).storage < 0) {
    return Unsupported("node '" + node.name + "' convolves a picture of too many planes; use another size");
  }
  builder.Observe(node);
  TEMPERA_ASSIGN_OR_RETURN(const bool low_precision, PlanConvNhwcNode(builder, node));
  if (low_precision) return true;
  TEMPERA_ASSIGN_OR_RETURN(const bool interleaved, PlanDepthwiseNhwcNode(builder, node));
  if (interleaved) return true;
  TEMPERA_ASSIGN_OR_RETURN(const bool depthwise, PlanDepthwiseNode(builder, node));
  if (depthwise) return true;
  TEMPERA_ASSIGN_OR_RETURN(const bool mix, PlanMixNode(builder, node));
  if (mix) return true;
  const Tensor& weights = *builder.ConstantFloats(node.inputs[1]);
  const Tensor* bias = builder.ConstantFloats(node.inputs[2]);
  auto planned =
      kernels::PlanConv(ConvShapeOf(builder.graph(), node), weights.span<float>(),
                        bias ? bias->span<float>() : std::span<const float>(), builder.highway_bit());
  if (!planned.ok()) {
    return Status(planned.status().code(), "node '" + node.name + "': " + planned.status().message());
  }
  const Pointwise write = ConvActivationOf(builder.graph(), node);
  const std::string kernel =
      "conv_f32" + ConvShapeName(planned->shape) + planned->form_name() + " planar " + builder.target_name();
  const Reading from = builder.PlanarReading(x);
  const StorageId to = builder.NewStorage(node.outputs[0]);
  auto step = std::make_unique<ConvStep>(std::move(planned).value(), from.pointwise, write, from.storage, to);
  step->info.kernel = kernel;
  builder.Add(std::move(step), node);
  builder.DropConstant(node.inputs[1]);
  builder.DropConstant(node.inputs[2]);
  return true;
}

}  // namespace tempera::engine
