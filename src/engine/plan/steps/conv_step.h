// The steps of a convolution, and what they have in common: which of them a ConvWork gets follows from its
// precision, the layouts of what it reads and writes, and its shape.
#pragma once

#include <string>

#include "src/engine/plan/step_maker.h"
#include "src/kernels/conv/conv_geometry.h"
#include "src/kernels/nhwc/conv_nhwc.h"

namespace tempera::engine {

// Of the maker's node, a convolution.
kernels::ConvShape ConvShapeOf(const ConvWork& work, const StepMaker& maker);
// What it applies as it writes.
kernels::Pointwise ActivationOf(const ConvWork& work, StepMaker& maker);
// " 3x3 s2 g4": the part of a kernel's name that the shape gives.
std::string ConvShapeName(const kernels::ConvShape& shape);
// Without layouts. Not of fp32.
kernels::ConvNhwcOptions NhwcOptionsOf(const ConvWork& work, int64_t highway_bit);

// In 8 bits or bf16: conv_nhwc_step.cc.
MadeStep MakeConvNhwcStep(const ConvWork& work, StepMaker& maker);
// Depthwise between interleaved pictures: depthwise_nhwc_step.cc.
MadeStep MakeDepthwiseNhwcStep(const ConvWork& work, StepMaker& maker);
// Over planes, in forms of their own; nullptr where it is none such. Depthwise: depthwise_step.cc. Of single
// pixels: mix_step.cc.
MadeStep MakeDepthwiseStep(const ConvWork& work, StepMaker& maker);
MadeStep MakeMixStep(const ConvWork& work, StepMaker& maker);

}  // namespace tempera::engine
