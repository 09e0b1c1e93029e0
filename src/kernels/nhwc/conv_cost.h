// What a convolution takes, roughly, in fp32 on planes and in 8 bits or bf16 over interleaved pixels: enough
// to choose between them by rule, the same at every start.
#pragma once

#include <cstdint>

#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/nhwc/conv_nhwc.h"

namespace tempera::kernels {

// Nanoseconds on one core of a usual processor of the target; within a quarter where it was measured (AVX2),
// an estimate elsewhere. Shapes that CheckConvShape takes.
double ConvCostF32(const ConvShape& shape, int64_t highway_bit);
// Shapes that ConvNhwcServes takes. options.low and high are not read.
double ConvCostNhwc(const ConvShape& shape, const ConvNhwcOptions& options);

// Between interleaved pixels (depthwise_nhwc.h).
double DepthwiseCostNhwc(const ConvShape& shape, int64_t highway_bit);

// The same for a pass over `numbers` numbers that reads two and writes one.
double AddCost(int64_t numbers, PictureLayout layout, int64_t highway_bit);

}  // namespace tempera::kernels
