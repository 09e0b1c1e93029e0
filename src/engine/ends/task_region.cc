#include "src/engine/ends/task_region.h"

#include <algorithm>

#include "src/base/checked_math.h"
#include "src/kernels/pad_index.h"
#include "src/kernels/winograd/winograd_strip.h"

namespace tempera::engine {
namespace {

using kernels::ConvNhwcPlan;
using kernels::ConvPlan;
using kernels::PadMode;

// Kernels read rows in whole vectors; the widest has 16 numbers.
constexpr int64_t kVector = 16;

struct Span {
  int64_t first = 0, count = 0;
};

// Pixels of an axis of `size` that positions [first, first + count) of it, enlarged, show.
Span Shown(Span window, int64_t size, int64_t enlarged, PadMode mode) {
  int64_t least = size, most = -1;
  for (int64_t i = window.first; i < window.first + window.count; ++i) {
    const int64_t at = kernels::PadIndex(i, size * enlarged, mode);
    if (at < 0) continue;
    least = std::min(least, at / enlarged);
    most = std::max(most, at / enlarged);
  }
  return most < 0 ? Span{} : Span{least, most - least + 1};
}

Region Join(Span rows, Span columns, int64_t width) {
  Region r;
  r.y = rows.first, r.rows = rows.count;
  r.x = columns.first / PictureSource::kStep * PictureSource::kStep;
  if (columns.count > 0) r.columns = std::min(width, columns.first + columns.count + kVector) - r.x;
  return r;
}

// One axis of a plan that computes `outputs` outputs of a phase from `at` on.
Span Window(int64_t at, int64_t outputs, int64_t stride, int64_t before, int64_t window) {
  return {at * stride - before, (outputs - 1) * stride + window};
}

bool HasWinogradTiles(const ConvPlan& plan) {
  return plan.winograd.kind != kernels::WinogradKind::kNone && !kernels::IsStrip(plan.winograd.kind);
}

// Tile `index` of an axis whose tiles have `tile` outputs, out of `size`.
Span Outputs(int64_t index, int64_t tile, int64_t size) {
  return {index * tile, std::min(tile, size - index * tile)};
}

// The same where tiles begin at `origin`, which may lie before the picture.
Span WinogradOutputs(int64_t index, int64_t tile, int64_t origin, int64_t size) {
  const int64_t begin = index * tile + origin;
  return {begin, std::min(begin + tile, size) - begin};
}

// Axis of RunWinogradTask (winograd_task.cc): `tiles` of them in a task, `pixels` outputs of this one.
Span WinogradWindow(const kernels::WinogradLayout& w, int64_t index, int64_t tiles, int64_t pixels,
                    int64_t origin) {
  const int64_t used = CeilDiv(pixels, w.axis.outputs * w.out_phases);
  return {index * tiles * w.axis.step * w.in_phases + origin,
          ((used + w.blocks - 2) * w.axis.step + w.axis.inputs) * w.in_phases};
}

Span Clipped(Span s, int64_t scale, int64_t size) {
  const int64_t begin = std::clamp<int64_t>(s.first * scale, 0, size);
  return {begin, std::clamp<int64_t>((s.first + s.count) * scale, begin, size) - begin};
}

}  // namespace

Region ReadRegion(const ConvPlan& plan, int64_t task) {
  const kernels::ConvShape& s = plan.shape;
  const int64_t index = task % plan.tiles, down = index / plan.tiles_x, across = index % plan.tiles_x;
  Span rows, columns;
  if (HasWinogradTiles(plan)) {
    const kernels::WinogradLayout& w = plan.winograd;
    const Span y = WinogradOutputs(down, plan.tile_h, w.origin_y.output, s.out_h);
    const Span x = WinogradOutputs(across, plan.tile_w, w.origin_x.output, s.out_w);
    rows = WinogradWindow(w, down, w.rows, y.count, w.origin_y.input);
    columns = WinogradWindow(w, across, w.columns, x.count, w.origin_x.input);
  } else {
    const Span y = Outputs(down, plan.tile_h, plan.phase_h), x = Outputs(across, plan.tile_w, plan.phase_w);
    // Strips are made in units of four rows.
    const int64_t made = kernels::IsStrip(plan.winograd.kind) ? RoundUp(y.count, 4) : y.count;
    rows = Window(y.first, made, plan.read_stride_h, plan.window_top, plan.window_h);
    columns = Window(x.first, x.count, plan.read_stride_w, plan.window_left, plan.window_w);
  }
  return Join(Shown(rows, s.in_h, plan.read_upsample, plan.pad_mode),
              Shown(columns, s.in_w, plan.read_upsample, plan.pad_mode), s.in_w);
}

Region WrittenRegion(const ConvPlan& plan, int64_t task) {
  const kernels::ConvShape& s = plan.shape;
  const int64_t index = task % plan.tiles, down = index / plan.tiles_x, across = index % plan.tiles_x;
  const bool winograd = HasWinogradTiles(plan);
  const kernels::WinogradLayout& w = plan.winograd;
  const Span y = winograd ? WinogradOutputs(down, plan.tile_h, w.origin_y.output, s.out_h)
                          : Outputs(down, plan.tile_h, plan.phase_h);
  const Span x = winograd ? WinogradOutputs(across, plan.tile_w, w.origin_x.output, s.out_w)
                          : Outputs(across, plan.tile_w, plan.phase_w);
  const int64_t scale = (winograd ? 1 : plan.scale) * s.shuffle;
  const Span rows = Clipped(y, scale, s.out_h * s.shuffle), columns = Clipped(x, scale, s.out_w * s.shuffle);
  return {rows.first, columns.first, rows.count, columns.count};
}

Region ReadRegion(const ConvNhwcPlan& plan, int64_t task) {
  const kernels::ConvShape& s = plan.shape;
  const ConvPlan& g = plan.geometry;
  const int64_t index = task % plan.tiles;
  const Span y = Outputs(index / plan.tiles_x, plan.tile_h, g.phase_h);
  const Span x = Outputs(index % plan.tiles_x, plan.tile_w, g.phase_w);
  // Winograd's tiles have four outputs along each axis.
  const int64_t unit = plan.winograd.tiles > 0 ? 4 : 1;
  return Join(Shown(Window(y.first, RoundUp(y.count, unit), g.read_stride_h, g.window_top, g.window_h),
                    s.in_h, 1, g.pad_mode),
              Shown(Window(x.first, RoundUp(x.count, unit), g.read_stride_w, g.window_left, g.window_w),
                    s.in_w, 1, g.pad_mode),
              s.in_w);
}

Region WrittenRegion(const ConvNhwcPlan& plan, int64_t task) {
  const kernels::ConvShape& s = plan.shape;
  const ConvPlan& g = plan.geometry;
  const int64_t index = task % plan.tiles;
  const int64_t scale = g.scale * s.shuffle, height = s.out_h * s.shuffle, width = s.out_w * s.shuffle;
  const Span rows = Clipped(Outputs(index / plan.tiles_x, plan.tile_h, g.phase_h), scale, height);
  const Span columns = Clipped(Outputs(index % plan.tiles_x, plan.tile_w, g.phase_w), scale, width);
  return {rows.first, columns.first, rows.count, columns.count};
}

}  // namespace tempera::engine
