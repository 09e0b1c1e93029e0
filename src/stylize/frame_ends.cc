#include "src/stylize/frame_ends.h"

#include <algorithm>

namespace tempera::stylize {
namespace {

// Planes of [3, h, w] as colours, `at` numbers behind their first.
RgbRow Colours(float* planes, int64_t plane_step, int64_t at, bool bgr) {
  float* const p = planes + at;
  return bgr ? RgbRow{p + 2 * plane_step, p + plane_step, p} : RgbRow{p, p + plane_step, p + 2 * plane_step};
}

}  // namespace

// Columns [x, x + columns), x even, all inside the frame.
void FrameSource::ReadInside(int64_t y, int64_t x, int64_t columns, RgbRow out) const {
  ReadPixels(*kernels_, in_, static_cast<int>(y), static_cast<int>(x), static_cast<int>(columns), out);
  const float scale = (values_.high - values_.low) / 255.0f;
  // Only YCbCr leaves the range of bytes.
  if (!IsSubsampled(in_.format) && scale == 1 && values_.low == 0) return;
  for (float* plane : {out.r, out.g, out.b}) {
    kernels_->clamp_affine(plane, static_cast<int>(columns), scale, values_.low, plane);
  }
}

void FrameSource::ReadRow(int64_t y, int64_t x, int64_t columns, RgbRow out) const {
  const int64_t inside = std::clamp<int64_t>(frame_.width - x, 0, columns);
  if (inside > 0) ReadInside(y, x, inside, out);
  for (int64_t i = inside; i < columns; ++i) {
    const int64_t from = ReflectIndex(static_cast<int>(x + i), frame_.width);
    if (from >= x) {
      for (float* plane : {out.r, out.g, out.b}) plane[i] = plane[from - x];
      continue;
    }
    // A tile in the margin alone: the pixel itself, and the one it shares its chroma with.
    float pair[3][2];
    const int64_t first = from / 2 * 2;
    ReadInside(y, first, std::min<int64_t>(2, frame_.width - first), {pair[0], pair[1], pair[2]});
    out.r[i] = pair[0][from - first], out.g[i] = pair[1][from - first], out.b[i] = pair[2][from - first];
  }
}

void FrameSource::Read(const void* self, const engine::Region& region, int64_t row_step, int64_t plane_step,
                       float* to) {
  const auto& source = *static_cast<const FrameSource*>(self);
  for (int64_t i = 0; i < region.rows; ++i) {
    const int y = ReflectIndex(static_cast<int>(region.y + i), source.frame_.height);
    source.ReadRow(y, region.x, region.columns, Colours(to, plane_step, i * row_step, source.values_.bgr));
  }
}

// Columns [x, x + columns) of rows [y, y + rows), at most two; `painted` is scribbled on.
void FrameSink::WritePair(int y, int rows, int x, int columns, const RgbRow painted[2]) const {
  constexpr int kPart = 256;  // columns: two rows of painting and source stay in L1
  const float scale = 255.0f / (values_.high - values_.low);
  const bool reads_source = sliders_.strength < 1 || sliders_.keep_colors;
  const kernels::RgbToYuv luma = RgbToYuvOf(source_);
  float numbers[2][3][kPart];
  for (int begin = 0; begin < columns; begin += kPart) {
    const int n = std::min(kPart, columns - begin);
    RgbRow part[2] = {};
    // Both rows of a pair are read before either is written: out may be the source.
    for (int i = 0; i < rows; ++i) {
      part[i] = {painted[i].r + begin, painted[i].g + begin, painted[i].b + begin};
      for (float* plane : {part[i].r, part[i].g, part[i].b}) {
        kernels_->affine_clamp(plane, n, scale, values_.low, plane);
      }
      if (!reads_source) continue;
      const RgbRow original = {numbers[i][0], numbers[i][1], numbers[i][2]};
      ReadPixels(*kernels_, source_, y + i, x + begin, n, original);
      if (sliders_.keep_colors) kernels_->keep_colors(part[i], original, luma, n);
      kernels_->blend(part[i].r, original.r, sliders_.strength, n);
      kernels_->blend(part[i].g, original.g, sliders_.strength, n);
      kernels_->blend(part[i].b, original.b, sliders_.strength, n);
    }
    WritePixels(*kernels_, out_, y, rows, x + begin, n, part);
    for (int i = 0; HasAlpha(out_.format) && i < rows; ++i) WriteAlpha(source_, out_, y + i, x + begin, n);
  }
}

void FrameSink::Write(const void* self, const engine::Region& region, int64_t row_step, int64_t plane_step,
                      float* from) {
  const auto& sink = *static_cast<const FrameSink*>(self);
  const int64_t rows = std::min(region.rows, sink.frame_.height - region.y);
  const int64_t columns = std::min(region.columns, sink.frame_.width - region.x);
  if (columns <= 0) return;
  for (int64_t i = 0; i < rows; i += 2) {
    const RgbRow painted[2] = {Colours(from, plane_step, i * row_step, sink.values_.bgr),
                               Colours(from, plane_step, (i + 1) * row_step, sink.values_.bgr)};
    sink.WritePair(static_cast<int>(region.y + i), static_cast<int>(std::min<int64_t>(2, rows - i)),
                   static_cast<int>(region.x), static_cast<int>(columns), painted);
  }
}

}  // namespace tempera::stylize
