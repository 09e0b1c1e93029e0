#include "src/engine/plan/steps/conv_node.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "src/engine/plan/steps/conv_step.h"
#include "src/engine/precision/conv_shape.h"
#include "src/kernels/nhwc/depthwise_nhwc.h"

namespace tempera::engine {

using graph::Node;
using graph::ValueId;
using kernels::PictureLayout;

namespace {

ConvWork WorkOf(const PlanBuilder& builder, const Node& node) {
  const Shape &x = builder.shape(node.inputs[0]), &w = builder.shape(node.inputs[1]);
  ConvWork work;
  work.conv = std::get<graph::FusedConv>(node.fused);
  work.kernel_h = w[2], work.kernel_w = w[3];
  work.in_channels = x[1], work.out_channels = w[0];
  work.weights = builder.NameOf(node.inputs[1]);
  work.bias = builder.NameOf(node.inputs[2]);
  if (node.inputs.size() > 3) work.slope = builder.NameOf(node.inputs[3]);
  return work;
}

void SetPrecision(const ConvSetting& setting, ConvWork* work) {
  work->precision = setting.precision;
  if (setting.precision != Precision::kInt8) return;
  work->range_low = setting.ranges.low;
  work->range_high = setting.ranges.high;
}

bool AllFinite(const ConvWork& work) {
  return work.range_low.size() == static_cast<size_t>(work.in_channels) &&
         work.range_high.size() == work.range_low.size() &&
         // Numbers that are no numbers on the calibration frame, or endless: fp32 paints them too.
         std::equal(work.range_low.begin(), work.range_low.end(), work.range_high.begin(),
                    kernels::IsInt8Range);
}

}  // namespace

bool LowPrecisionServes(const PlanBuilder& builder, const Node& node) {
  const ConvSetting* setting = builder.SettingOf(node);
  if (setting == nullptr || !builder.is_picture(node.inputs[0]) || !builder.is_picture(node.outputs[0]) ||
      builder.ConstantFloats(node.inputs[0]) != nullptr) {
    return false;
  }
  ConvWork work = WorkOf(builder, node);
  SetPrecision(*setting, &work);
  if (work.precision == Precision::kInt8 && !AllFinite(work)) return false;
  const kernels::ConvShape shape = ConvShapeOf(builder.graph(), node);
  kernels::ConvNhwcOptions options = NhwcOptionsOf(work, builder.highway_bit());
  for (PictureLayout input : {PictureLayout::kNhwcF16, PictureLayout::kPlanarF32}) {
    for (PictureLayout output : {PictureLayout::kNhwcF16, PictureLayout::kPlanarF32}) {
      options.input = input;
      options.output = output;
      // layouts.cc never asks a shuffle for pixels of other numbers of channels.
      const bool pixels = output == PictureLayout::kNhwcF16;
      if (pixels && shape.shuffle > 1 && shape.out_channels / shape.pixels_a_channel() % 8 != 0) continue;
      if (!ConvNhwcServes(shape, options)) return false;
    }
  }
  return true;
}

Result<bool> PlanConvNode(PlanBuilder& builder, const Node& node) {
  const ValueId x = node.inputs[0], out = node.outputs[0];
  for (ValueId v : {x, out}) {
    const Shape& shape = builder.shape(v);
    if (std::count(shape.begin(), shape.end(), 0) > 0)
      return false;  // empty: the plain loop has nothing to do
  }
  if (!builder.is_picture(x) || !builder.is_picture(out) || !builder.is_computed(x)) {
    return Unsupported("node '" + node.name + "' convolves a picture of too many planes; use another size");
  }
  builder.Observe(node);
  ConvWork work = WorkOf(builder, node);
  const bool low_precision = builder.IsLowPrecision(node);
  if (low_precision) SetPrecision(*builder.SettingOf(node), &work);
  // A depthwise one that stands between interleaved pictures reads and writes pixels too, in fp32 arithmetic.
  const bool over_pixels = !low_precision && !builder.reading(x).dense() &&
                           builder.LayoutOf(out) == StorageLayout::kInterleavedF16 &&
                           kernels::DepthwiseNhwcServes(ConvShapeOf(builder.graph(), node));
  const bool as_it_lies = low_precision || over_pixels;
  const ReadData from = as_it_lies ? builder.ReadOf(x) : builder.DenseRead(x);
  const StorageId to = builder.NewStorage(out, as_it_lies ? builder.LayoutOf(out) : StorageLayout::kDense);
  builder.Add(node, std::move(work), {from}, {to});
  return true;
}

}  // namespace tempera::engine
