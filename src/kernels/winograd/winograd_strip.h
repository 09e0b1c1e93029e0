// Winograd's products for layers of few channels: a strip of a few vectors of outputs is computed at a time,
// its products never leave the first-level cache, and the transform back stores the pixels at once.
//
// Interpolation along columns only, so that lanes are neighbouring pixels as in the direct kernel and each
// kernel column adds its own products; strides split rows into two images whose products add up.
#pragma once

#include <span>

#include "src/base/checked_math.h"
#include "src/base/status.h"
#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/conv/conv_tasks.h"

namespace tempera::kernels {

// How a kind cuts its kernel: phases = stride_h images, the first with `taps` taps, the second with one
// fewer (kernel_h is odd). Outputs are always four.
struct StripShape {
  int64_t phases, taps, points;  // points along columns
};
StripShape StripShapeOf(WinogradKind kind);

// The finite points along columns, and infinity after them.
std::span<const double> StripPoints(WinogradKind kind);

// Rows of input (times the stride) that a task keeps: those of two batches of four rows. A row is kept at its
// number modulo this until a later one takes its place.
inline constexpr int64_t kStripRing = 8;

// Rows of pixels in a row of units.
inline constexpr int64_t kStripUnitRows = 4;

bool IsStrip(WinogradKind kind);

// What a task reads for: whole units.
inline ConvTile StripTileOf(const ConvGeometry& g, int64_t index) {
  ConvTile tile = g.TileAt(index);
  tile.rows = RoundUp(tile.rows, kStripUnitRows);
  return tile;
}

// Fills plan.winograd.strip, tiles, tasks, scratch and weights, after PlanWindow and the blocks, once
// plan.winograd.kind is a strip kind. weights: [out_channels, in_channels, kernel_h, kernel_w].
Status PlanStrip(ConvPlan& plan, std::span<const float> weights);

// Floats of the products that a task keeps: what one thread's scratch holds after everything else.
int64_t StripProducts(const ConvPlan& plan);

ConvTaskFunction ChooseStripTask(WinogradKind kind, int64_t highway_bit);

}  // namespace tempera::kernels
