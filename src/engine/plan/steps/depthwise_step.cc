// Depthwise convolutions, and those of single pixels, with everything fused around them.
#include <string>
#include <utility>

#include "src/engine/plan/steps/planned_conv_step.h"
#include "src/kernels/planes/depthwise_f32.h"
#include "src/kernels/planes/mix_f32.h"

namespace tempera::engine {
namespace {

template <typename ConvPlan>
MadeStep StepOf(ConvPlan planned, const std::string& kernel, const ConvWork& work, StepMaker& maker) {
  const kernels::ConvShape shape = planned.shape;
  const size_t numbers = maker.Peek(work.weights).size() + static_cast<size_t>(shape.out_channels);
  return NewConvStep<GatheringConvStep<ConvPlan, kernels::ConvArgs>>(
      std::move(planned), numbers * sizeof(float),
      kernel + ConvShapeName(shape) + (shape.upsample == 2 ? " x2" : "") + " planar " + maker.target_name(),
      work, maker);
}

}  // namespace

MadeStep MakePlaneConvStep(const ConvWork& work, StepMaker& maker) {
  const kernels::ConvShape shape = ConvShapeOf(work, maker);
  const auto weights = maker.Peek(work.weights), bias = maker.Peek(work.bias);
  // One channel to several is a convolution like any other.
  const bool one_to_several = shape.group == 1 && shape.out_channels > 1;
  if (!one_to_several && kernels::DepthwiseServes(shape)) {
    TEMPERA_ASSIGN_OR_RETURN(kernels::DepthwisePlan planned,
                             kernels::PlanDepthwise(shape, weights, bias, maker.highway_bit()));
    return StepOf(std::move(planned), "depthwise_f32", work, maker);
  }
  if (kernels::MixServes(shape)) {
    const bool pending = !maker.read().pending.empty();
    TEMPERA_ASSIGN_OR_RETURN(kernels::MixPlan planned,
                             kernels::PlanMix(shape, weights, bias, pending, maker.highway_bit()));
    return StepOf(std::move(planned), "mix_f32", work, maker);
  }
  return std::unique_ptr<Step>();
}

}  // namespace tempera::engine
