// Convolutions of single pixels, with everything fused around them.
#include <string>
#include <utility>

#include "src/engine/plan/steps/planned_conv_step.h"
#include "src/kernels/planes/mix_f32.h"
#include "src/kernels/planes/one_pixel_f32.h"

namespace tempera::engine {

MadeStep MakeMixStep(const ConvWork& work, StepMaker& maker) {
  const kernels::ConvShape shape = ConvShapeOf(work, maker);
  if (kernels::OnePixelServes(shape)) {
    TEMPERA_ASSIGN_OR_RETURN(
        kernels::OnePixelPlan planned,
        kernels::PlanOnePixel(shape, maker.Peek(work.weights), maker.Peek(work.bias), maker.highway_bit()));
    return NewPlaneConvStep(std::move(planned), "pixel_f32", work, maker);
  }
  if (!kernels::MixServes(shape)) return std::unique_ptr<Step>();
  const bool pending = !maker.read().pending.empty();
  TEMPERA_ASSIGN_OR_RETURN(
      kernels::MixPlan planned,
      kernels::PlanMix(shape, maker.Peek(work.weights), maker.Peek(work.bias), pending, maker.highway_bit()));
  return NewPlaneConvStep(std::move(planned), "mix_f32", work, maker);
}

}  // namespace tempera::engine
