// Plans a convolution with fewer multiplications: input tiles and weights are transformed, multiplied point
// by point, summed over input channels, and the sums transformed back.
//
// Error: on normal inputs behind a ReLU and He-scaled weights, 64 channels, the largest error over the
// output's range is 7e-7 for kF43 and 8e-7 for kF33 (a direct sum: 1.5e-7). An infinity or NaN spreads over
// its tile, not only over its window. Why these points: docs/decisions/0010-winograd-for-fp32.md.
#pragma once

#include <span>

#include "src/base/status.h"
#include "src/kernels/conv/conv_f32.h"

namespace tempera::kernels {

// Largest error, as a share of the largest sum of |weight * input| over a window: the bound that tests hold
// all kinds to. Seen: 0.34e-6 (kF33, 16 channels).
inline constexpr double kWinogradError = 1e-6;

// Which kind can compute this shape at all; kNone when there is none. Needs PlanWindow's fields.
WinogradKind WinogradKindOf(const ConvPlan& plan);

// Whether it is faster than the direct kernel: by shape and lanes only.
bool WinogradWins(const ConvPlan& plan, WinogradKind kind);

// Fills plan.winograd, tiles, tasks, scratch_bytes and weights, after PlanWindow and the blocks.
// weights: [out_channels, in_channels / group, kernel_h, kernel_w].
Status PlanWinograd(ConvPlan& plan, WinogradKind kind, std::span<const float> weights);

// Fills plan.winograd.points and the weights, when everything else is planned (not for strips).
Status TransformWeights(ConvPlan& plan, std::span<const float> weights);

// For a planned layout.
ConvTaskFunction ChooseWinogradTask(const WinogradLayout& layout, int64_t highway_bit);

}  // namespace tempera::kernels
