#include "src/engine/plan/bands.h"

#include <algorithm>

#include "src/base/checked_math.h"
#include "src/kernels/winograd/winograd_strip.h"

namespace tempera::engine {
namespace {

using kernels::ConvShape;
using kernels::PadMode;

// Image rows that rows [top, top + count) of an image `enlarged` times as high show, padding included.
Rows ShownRows(int64_t top, int64_t count, int64_t in_h, int64_t enlarged, PadMode mode) {
  const int64_t height = in_h * enlarged, end = top + count;
  Rows r = {std::clamp<int64_t>(top, 0, height), std::clamp<int64_t>(end, 0, height)};
  if (mode != PadMode::kConstant) {
    // Edges repeat the first and the last row. Reflection begins beside them, and where it would reach past
    // the image (in rows that are thrown away) it shows the far edge.
    const bool reflects = mode == PadMode::kReflect;
    if (top < 0) {
      r.first = 0;
      r.last = std::max(r.last, std::min(height, reflects ? 1 - top : 1));
    }
    if (end > height) {
      r.first = std::min(r.first, std::max<int64_t>(0, reflects ? 2 * (height - 1) - (end - 1) : height - 1));
      r.last = height;
    }
  }
  return {r.first / enlarged, CeilDiv(r.last, enlarged)};
}

Rows OfImage(const Rows& rows, int64_t image, int64_t height) {
  return {image * height + rows.first, image * height + rows.last};
}

// Rows of a convolution's output, in rows of the picture that a shuffle makes of it.
Rows Shuffled(const Rows& rows, const ConvShape& s) {
  return {rows.first * s.shuffle, rows.last * s.shuffle};
}

// Output rows [y0, y0 + rows) of a phase, in rows of the picture.
Rows WrittenRows(const kernels::ConvPlan& geometry, int64_t y0, int64_t rows, int64_t out_h) {
  return {std::min(out_h, y0 * geometry.scale), std::min(out_h, (y0 + rows) * geometry.scale)};
}

// What output rows [y0, y0 + rows) of a phase read.
Rows WindowRows(const kernels::ConvPlan& geometry, const ConvShape& s, int64_t y0, int64_t rows) {
  return ShownRows(y0 * geometry.read_stride_h - geometry.window_top,
                   (rows - 1) * geometry.read_stride_h + geometry.window_h, s.in_h, geometry.read_upsample,
                   geometry.pad_mode);
}

// Tiles of F(4x4,3x3) and its kin: as RunWinogradTask in winograd_task.cc has it.
TaskRows WinogradRows(const kernels::ConvPlan& plan, int64_t down) {
  const ConvShape& s = plan.shape;
  const kernels::WinogradLayout& w = plan.winograd;
  const int64_t y0 = down * plan.tile_h + w.origin_y.output;
  const int64_t y1 = std::min(y0 + plan.tile_h, s.out_h);
  const int64_t tile_rows = CeilDiv(y1 - y0, w.axis.outputs * w.out_phases);
  const int64_t count = ((tile_rows + w.blocks - 2) * w.axis.step + w.axis.inputs) * w.in_phases;
  const int64_t top = down * w.rows * w.axis.step * w.in_phases + w.origin_y.input;
  return {ShownRows(top, count, s.in_h, plan.read_upsample, plan.pad_mode), {std::max<int64_t>(y0, 0), y1}};
}

}  // namespace

bool IsPicture(const TensorInfo& info) {
  if (info.dtype != DataType::kFloat32 || info.shape.size() != 4) return false;
  // Tasks are counted by planes, in an int.
  constexpr int64_t kMostPlanes = int64_t{1} << 24;
  for (int64_t d : info.shape) {
    if (d < 1 || d > kMostPlanes) return false;
  }
  return info.shape[0] * info.shape[1] <= kMostPlanes;
}

Planes PictureOf(const TensorInfo& info) {
  const Shape& s = info.shape;
  if (IsPicture(info)) return {s[0], s[1], s[2], s[3]};
  Planes p;
  for (int64_t d : s) p.w *= d;
  return p;
}

Status BandedStep::Run(const RunContext& context) {
  context.pool.ParallelFor(static_cast<int>(tasks()),
                           [&](int task, int thread) { RunTask(task, context.ScratchOf(thread)); });
  Finish();
  return OkStatus();
}

Rows RowsOfPixels(int64_t image, int64_t begin, int64_t end, int64_t width, int64_t height) {
  const int64_t w = std::max<int64_t>(1, width);
  return OfImage({begin / w, CeilDiv(end, w)}, image, height);
}

TaskRows RowsOfTask(const kernels::ConvPlan& plan, int64_t task) {
  const ConvShape& s = plan.shape;
  const int64_t down = task % plan.tiles / plan.tiles_x, image = task / plan.tiles / plan.parts;
  TaskRows r;
  if (plan.winograd.kind != kernels::WinogradKind::kNone && !kernels::IsStrip(plan.winograd.kind)) {
    r = WinogradRows(plan, down);
  } else {
    const int64_t y0 = down * plan.tile_h, rows = std::min(plan.tile_h, plan.phase_h - y0);
    // Strips have four output rows.
    const int64_t read = kernels::IsStrip(plan.winograd.kind) ? RoundUp(rows, 4) : rows;
    r = {WindowRows(plan, s, y0, read), WrittenRows(plan, y0, rows, s.out_h)};
  }
  return {OfImage(r.reads, image, s.in_h), OfImage(Shuffled(r.writes, s), image, s.out_h * s.shuffle)};
}

TaskRows RowsOfTask(const kernels::ConvNhwcPlan& plan, int64_t task) {
  const ConvShape& s = plan.shape;
  const int64_t image = task / plan.tiles, y0 = task % plan.tiles / plan.tiles_x * plan.tile_h;
  const int64_t rows = std::min(plan.tile_h, plan.geometry.phase_h - y0);
  // Winograd's tiles have four output rows.
  const int64_t read = plan.winograd.tiles > 0 ? RoundUp(rows, 4) : rows;
  return {OfImage(WindowRows(plan.geometry, s, y0, read), image, s.in_h),
          OfImage(Shuffled(WrittenRows(plan.geometry, y0, rows, s.out_h), s), image, s.out_h * s.shuffle)};
}

TaskRows RowsOfTask(const kernels::DepthwisePlan& plan, int64_t task) {
  const ConvShape& s = plan.shape;
  const int64_t y0 = task % plan.tiles / plan.tiles_x * plan.tile_h;
  const int64_t image = task / plan.tiles / plan.channel_tasks;
  const int64_t rows = std::min(plan.tile_h, s.out_h - y0);
  const int64_t count = (rows - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1;
  return {
      OfImage(ShownRows(y0 * s.stride_h - s.pad_top, count, s.in_h, s.upsample, s.pad_mode), image, s.in_h),
      OfImage({y0, y0 + rows}, image, s.out_h)};
}

TaskRows RowsOfTask(const kernels::MixPlan& plan, int64_t task) {
  const ConvShape& s = plan.shape;
  const int64_t begin = task % plan.tiles * plan.tile, end = std::min(plan.pixels, begin + plan.tile);
  const int64_t image = task / plan.tiles / plan.parts;
  // Pixels computed are those of the output, or of the input where that is enlarged.
  const Rows r = RowsOfPixels(0, begin, end, plan.enlarged() ? s.in_w : s.out_w, 0);
  const Rows reads = {r.first * s.stride_h, std::min(s.in_h, (r.last - 1) * s.stride_h + 1)};
  const int64_t out = s.upsample * s.shuffle;
  return {OfImage(reads, image, s.in_h), OfImage({r.first * out, r.last * out}, image, s.out_h * s.shuffle)};
}

}  // namespace tempera::engine
