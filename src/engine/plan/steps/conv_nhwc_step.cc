#include "src/engine/plan/steps/conv_nhwc_step.h"

#include <algorithm>
#include <string>
#include <utility>

#include "src/engine/plan/steps/conv_step.h"

namespace tempera::engine {

using graph::Node;
using kernels::ConvNhwcOptions;
using kernels::ConvPrecision;
using kernels::PictureLayout;

ConvNhwcStep::ConvNhwcStep(kernels::ConvNhwcPlan plan, kernels::Pointwise read, kernels::Pointwise write,
                           StorageId from, StorageId to)
    : plan_(std::move(plan)), from_(from), to_(to) {
  args_.read = read;
  args_.write = write;
  reads = {from};
  writes = {to};
  scratch_bytes = plan_.scratch_bytes;
  weight_bytes = plan_.weight_bytes;
  info.macs = plan_.shape.macs();
}

void ConvNhwcStep::AddNorm(InstanceNorm* norm) {
  norm->stored_in_f16 = plan_.output == PictureLayout::kNhwcF16;
  args_.moments = Gather(norm, plan_.shape.n * plan_.shape.out_channels * plan_.tiles,
                         plan_.tiles * plan_.shape.pixels_a_channel());
}

void ConvNhwcStep::Bind(const Memory& memory) {
  args_.input = memory.at(from_);
  args_.output = memory.at(to_);
}

bool ConvNhwcStep::TakeSource(const PictureSource* source) {
  if (plan_.input != PictureLayout::kPlanarF32 || !ends_.TakeSource(plan_, source)) return false;
  scratch_bytes = ends_.ScratchBytes(plan_.scratch_bytes);
  return true;
}

bool ConvNhwcStep::TakeSink(const PictureSink* sink) {
  if (plan_.output != PictureLayout::kPlanarF32 || !ends_.TakeSink(plan_, sink)) return false;
  scratch_bytes = ends_.ScratchBytes(plan_.scratch_bytes);
  return true;
}

namespace {

ConvNhwcOptions OptionsOf(const PlanBuilder& builder, const ConvSetting& setting) {
  ConvNhwcOptions options;
  options.precision = setting.precision == Precision::kBf16 ? ConvPrecision::kBf16 : ConvPrecision::kInt8;
  if (setting.precision == Precision::kInt8) {
    options.low = setting.ranges.low;
    options.high = setting.ranges.high;
  }
  options.highway_bit = builder.highway_bit();
  return options;
}

}  // namespace

bool ConvNhwcNodeServes(const PlanBuilder& builder, const Node& node) {
  const ConvSetting* setting = builder.SettingOf(node);
  if (setting == nullptr || !builder.is_picture(node.inputs[0]) || !builder.is_picture(node.outputs[0]) ||
      builder.ConstantFloats(node.inputs[0]) != nullptr) {
    return false;
  }
  const kernels::ConvShape shape = ConvShapeOf(builder.graph(), node);
  ConvNhwcOptions options = OptionsOf(builder, *setting);
  if (setting->precision == Precision::kInt8 &&
      (options.low.size() != static_cast<size_t>(shape.in_channels) ||
       options.high.size() != options.low.size() ||
       // Numbers that are no numbers on the calibration frame, or endless: fp32 paints them too.
       !std::equal(options.low.begin(), options.low.end(), options.high.begin(), kernels::IsInt8Range)))
    return false;
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

Result<bool> PlanConvNhwcNode(PlanBuilder& builder, const Node& node) {
  if (!ConvNhwcNodeServes(builder, node)) return false;
  const Reading from = builder.reading(node.inputs[0]);
  const Tensor& weights = *builder.ConstantFloats(node.inputs[1]);
  const Tensor* bias = builder.ConstantFloats(node.inputs[2]);
  const ConvSetting& setting = *builder.SettingOf(node);
  ConvNhwcOptions options = OptionsOf(builder, setting);
  options.input = from.layout;
  options.output = builder.LayoutOf(node.outputs[0]);
  auto planned = kernels::PlanConvNhwc(ConvShapeOf(builder.graph(), node), weights.span<float>(),
                                       bias ? bias->span<float>() : std::span<const float>(), options);
  if (!planned.ok()) {
    return Status(planned.status().code(), "node '" + node.name + "': " + planned.status().message());
  }
  const std::string kernel = std::string(setting.precision == Precision::kInt8 ? "conv_int8" : "conv_bf16") +
                             ConvShapeName(planned->shape) +
                             (planned->shape.upsample == 2 ? " 4-phase" : "") + " nhwc " + planned->dot->name;
  const StorageId to = builder.NewStorage(node.outputs[0], options.output);
  auto step = std::make_unique<ConvNhwcStep>(std::move(planned).value(), from.pointwise,
                                             ConvActivationOf(builder.graph(), node), from.storage, to);
  step->info.kernel = kernel;
  builder.Add(std::move(step), node);
  builder.DropConstant(node.inputs[1]);
  builder.DropConstant(node.inputs[2]);
  return true;
}

}  // namespace tempera::engine
