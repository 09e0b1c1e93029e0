// Which part of its input and of its output a convolution's task touches.
#pragma once

#include <cstdint>

#include "src/engine/ends/picture_ends.h"
#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/nhwc/conv_nhwc.h"

namespace tempera::engine {

// Of one image, as PictureSource takes it. Never less than the task reads, padding shows and whole vectors
// reach. No rows or no columns where it reads padding alone.
Region ReadRegion(const kernels::ConvPlan& plan, int64_t task);
Region ReadRegion(const kernels::ConvNhwcPlan& plan, int64_t task);

// Exactly what it writes, of every channel or of some (ConvPlan::parts).
Region WrittenRegion(const kernels::ConvPlan& plan, int64_t task);
Region WrittenRegion(const kernels::ConvNhwcPlan& plan, int64_t task);

}  // namespace tempera::engine
