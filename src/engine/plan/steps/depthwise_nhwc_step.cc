// A depthwise convolution between interleaved pictures, in fp32 arithmetic whatever runs beside it.
#include <string>
#include <utility>

#include "src/engine/plan/steps/planned_conv_step.h"
#include "src/kernels/nhwc/depthwise_nhwc.h"

namespace tempera::engine {

MadeStep MakeDepthwiseNhwcStep(const ConvWork& work, StepMaker& maker) {
  const kernels::ConvShape shape = ConvShapeOf(work, maker);
  TEMPERA_ASSIGN_OR_RETURN(kernels::DepthwiseNhwcPlan planned,
                           kernels::PlanDepthwiseNhwc(shape, maker.Peek(work.weights), maker.Peek(work.bias),
                                                      maker.highway_bit()));
  const size_t weight_bytes = planned.weights.size_bytes() + planned.bias.size() * sizeof(float);
  using DepthwiseNhwcStep = PlannedConvStep<BandedStep, kernels::DepthwiseNhwcPlan, kernels::ConvNhwcArgs>;
  return NewConvStep<DepthwiseNhwcStep>(
      std::move(planned), weight_bytes,
      "depthwise_f16" + ConvShapeName(shape) + " nhwc " + maker.target_name(), work, maker);
}

}  // namespace tempera::engine
