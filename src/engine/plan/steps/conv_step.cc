// A planned convolution with everything fused around it.
#include "src/engine/plan/steps/conv_step.h"

#include <memory>
#include <string>
#include <utility>

#include "src/engine/plan/shared_convs.h"
#include "src/engine/plan/steps/planned_conv_step.h"
#include "src/engine/precision/conv_shape.h"
#include "src/kernels/conv/conv_f32.h"

namespace tempera::engine {
namespace {

Result<std::shared_ptr<const kernels::ConvPlan>> PlanConvOf(const ConvWork& work, StepMaker& maker) {
  SharedConvs alone;
  SharedConvs& convs = maker.shared_convs() != nullptr ? *maker.shared_convs() : alone;
  return convs.Plan(ConvShapeOf(work, maker), maker.Peek(work.weights), maker.Peek(work.bias),
                    maker.highway_bit());
}

}  // namespace

kernels::ConvShape ConvShapeOf(const ConvWork& work, const StepMaker& maker) {
  return ConvShapeOf(work.conv, work.kernel_h, work.kernel_w, maker.read().shape, maker.written().shape);
}

kernels::Pointwise ActivationOf(const ConvWork& work, StepMaker& maker) {
  kernels::Pointwise write;
  write.activation = ActivationOf(work.conv.activation);
  if (work.conv.activation == graph::ActivationKind::kClamp) {
    write.lo = work.conv.lo;
    write.hi = work.conv.hi;
  }
  write.slope = maker.KeepFloats(work.slope);
  return write;
}

std::string ConvShapeName(const kernels::ConvShape& s) {
  std::string name =
      " " + std::to_string(s.kernel_h) + "x" + std::to_string(s.kernel_w) + " s" + std::to_string(s.stride_h);
  if (s.stride_w != s.stride_h) name += "x" + std::to_string(s.stride_w);
  if (s.dilation_h != 1 || s.dilation_w != 1) name += " d" + std::to_string(s.dilation_h);
  if (s.group > 1) name += " g" + std::to_string(s.group);
  if (s.transposed) name += " transposed";
  if (s.shuffle > 1) name += " shuffle" + std::to_string(s.shuffle);
  return name;
}

MadeStep MakeStep(const ConvWork& work, StepMaker& maker) {
  if (work.precision != Precision::kFp32) return MakeConvNhwcStep(work, maker);
  if (maker.ReadsInterleaved()) return MakeDepthwiseNhwcStep(work, maker);
  for (const auto& make : {MakeDepthwiseStep, MakeMixStep}) {
    TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<Step> planes, make(work, maker));
    if (planes != nullptr) return planes;
  }
  TEMPERA_ASSIGN_OR_RETURN(std::shared_ptr<const kernels::ConvPlan> planned, PlanConvOf(work, maker));
  const std::string kernel =
      "conv_f32" + ConvShapeName(planned->shape) + planned->form_name() + " planar " + maker.target_name();
  const size_t weight_bytes = planned->weights.size_bytes() + planned->bias.size() * sizeof(float);
  using ConvStep = ConvStepWithEnds<kernels::ConvPlan, kernels::ConvArgs>;
  return NewConvStep<ConvStep>(std::move(planned), weight_bytes, kernel, work, maker);
}

}  // namespace tempera::engine
