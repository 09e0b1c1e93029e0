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
  // Only YCbCr leaves the range of bytes.
  const bool bytes = !IsSubsampled(in_.format);
  float* const planes[] = {out.r, out.g, out.b};
  for (size_t colour = 0; colour < 3; ++colour) {
    const float scale = values_.scale(colour), low = values_.low[colour];
    if (bytes && scale == 1 && low == 0) continue;
    kernels_->clamp_affine(planes[colour], static_cast<int>(columns), scale, low, planes[colour]);
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

void FrameSink::Write(const void* self, const engine::Region& region, int64_t row_step, int64_t plane_step,
                      float* from) {
  const auto& sink = *static_cast<const FrameSink*>(self);
  const int64_t rows = std::min(region.rows, sink.frame_.height - region.y);
  const int64_t columns = std::min(region.columns, sink.frame_.width - region.x);
  if (columns <= 0) return;
  for (int64_t i = 0; i < rows; i += 2) {
    const int count = static_cast<int>(std::min<int64_t>(2, rows - i));
    RgbRow painted[2] = {};
    for (int k = 0; k < count; ++k) {
      painted[k] = Colours(from, plane_step, (i + k) * row_step, sink.values_.bgr);
      float* const planes[] = {painted[k].r, painted[k].g, painted[k].b};
      for (size_t colour = 0; colour < 3; ++colour) {
        const float low = sink.values_.low[colour], scale = 255.0f / (sink.values_.high[colour] - low);
        if (sink.look_ != nullptr) sink.look_->Add(planes[colour], columns, colour);
        sink.kernels_->affine_clamp(planes[colour], static_cast<int>(columns), scale, low, planes[colour]);
      }
    }
    sink.blender_->Write(static_cast<int>(region.y + i), count, static_cast<int>(region.x),
                         static_cast<int>(columns), painted);
  }
}

}  // namespace tempera::stylize
