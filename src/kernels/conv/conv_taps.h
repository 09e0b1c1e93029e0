// What a convolution reads: which kernel tap looks at which input pixel, for each output phase.
#pragma once

#include <cstdint>
#include <vector>

#include "src/kernels/conv/conv_f32.h"

namespace tempera::kernels {

// One of the two spatial dimensions; `in` counts enlarged pixels.
struct ConvAxis {
  int64_t in, out, kernel, stride, dilation, before;
  // Bottom (or right) padding that the output size implies; negative when rows are left over.
  int64_t after() const { return (out - 1) * stride + (kernel - 1) * dilation + 1 - in - before; }
};
ConvAxis AxisH(const ConvShape& shape);
ConvAxis AxisW(const ConvShape& shape);

struct AxisTap {
  int64_t offset;                // in pixels of the scratch, from the window's start
  std::vector<int64_t> kernels;  // kernel indices whose weights are summed
};

// Fills scale, read_upsample, pad_mode, the phases' size and the window.
void PlanWindow(ConvPlan& plan);

// The taps of one phase (0 .. plan.scale - 1) along one axis, after PlanWindow. May be empty (a
// transposed convolution whose kernel is shorter than its stride).
std::vector<AxisTap> TapsH(const ConvPlan& plan, int64_t phase);
std::vector<AxisTap> TapsW(const ConvPlan& plan, int64_t phase);

}  // namespace tempera::kernels
