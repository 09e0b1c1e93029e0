// Depthwise convolutions, with everything fused around them.
#include <string>
#include <utility>

#include "src/engine/plan/steps/planned_conv_step.h"
#include "src/kernels/planes/depthwise_f32.h"

namespace tempera::engine {

MadeStep MakeDepthwiseStep(const ConvWork& work, StepMaker& maker) {
  const kernels::ConvShape shape = ConvShapeOf(work, maker);
  // One channel to several is a convolution like any other.
  const bool one_to_several = shape.group == 1 && shape.out_channels > 1;
  if (one_to_several || !kernels::DepthwiseServes(shape)) return std::unique_ptr<Step>();
  TEMPERA_ASSIGN_OR_RETURN(
      kernels::DepthwisePlan planned,
      kernels::PlanDepthwise(shape, maker.Peek(work.weights), maker.Peek(work.bias), maker.highway_bit()));
  return NewPlaneConvStep(std::move(planned), "depthwise_f32", work, maker);
}

}  // namespace tempera::engine
