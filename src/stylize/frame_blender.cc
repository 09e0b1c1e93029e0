#include "src/stylize/frame_blender.h"

#include <algorithm>

#include "src/stylize/steady/steadier.h"

namespace tempera::stylize {
namespace {

// Contrast is about the middle of 0..255; a brightness of 1 is half of that range.
constexpr float kMidGrey = 127.5f, kBrightnessLevels = 128;

}  // namespace

void FrameBlender::Adjust(int columns, RgbRow row) const {
  const float scale = blending_.contrast;
  const float offset = kMidGrey * (1 - scale) + kBrightnessLevels * blending_.brightness;
  for (float* plane : {row.r, row.g, row.b}) kernels_->clamp_affine(plane, columns, scale, offset, plane);
}

void FrameBlender::WritePart(int y, int rows, int x, int columns, const RgbRow painted[2]) const {
  const Blending& b = blending_;
  if (b.steadier != nullptr) {
    for (int i = 0; i < rows; ++i) b.steadier->Keep(y + i, x, columns, painted[i]);
    return;
  }
  const bool blends = b.mask != nullptr || b.strength < 1;
  float numbers[3][kPart], weights[2][kPart], shares[kPart];
  const RgbRow other = {numbers[0], numbers[1], numbers[2]};
  for (int i = 0; i < rows; ++i) {
    if (b.keep_colors) {
      ReadPixels(*kernels_, b.source, y + i, x, columns, other);
      kernels_->keep_colors(painted[i], other, luma_, columns);
    }
    if (!blends) continue;
    if (!b.keep_colors || !b.under_is_source) ReadPixels(*kernels_, b.under, y + i, x, columns, other);
    float* const planes[3][2] = {{painted[i].r, other.r}, {painted[i].g, other.g}, {painted[i].b, other.b}};
    if (b.mask != nullptr) b.mask->Weights(y + i, x, columns, b.strength, weights[i]);
    if (b.alpha != nullptr) {
      if (b.mask == nullptr) std::fill_n(weights[i], columns, b.strength);
      WeighByAlpha(b.alpha + static_cast<ptrdiff_t>(y + i) * b.out.width + x, b.under, weights[i], y + i, x,
                   columns, shares);
    }
    for (const auto& [to, from] : planes) {
      if (b.alpha != nullptr || b.mask != nullptr) {
        kernels_->blend_by(to, from, b.alpha != nullptr ? shares : weights[i], columns);
      } else {
        kernels_->blend(to, from, b.strength, columns);
      }
    }
  }
  for (int i = 0; b.adjusts() && i < rows; ++i) Adjust(columns, painted[i]);
  WritePixels(*kernels_, b.out, y, rows, x, columns, painted);
  if (!HasAlpha(b.out.format)) return;
  for (int i = 0; i < rows; ++i) {
    if (b.alpha != nullptr) {
      BlendAlphaPlane(b.alpha + static_cast<ptrdiff_t>(y + i) * b.out.width + x, b.under,
                      blends ? weights[i] : nullptr, b.out, y + i, x, columns);
      continue;
    }
    if (b.under_is_source || !blends) {
      WriteAlpha(b.source, b.out, y + i, x, columns);
      continue;
    }
    if (b.mask == nullptr) std::fill_n(weights[i], columns, b.strength);
    BlendAlpha(b.source, b.under, weights[i], b.out, y + i, x, columns);
  }
}

void FrameBlender::Write(int y, int rows, int x, int columns, const RgbRow painted[2]) const {
  for (int begin = 0; begin < columns; begin += kPart) {
    const auto part = [&](const RgbRow& row) { return RgbRow{row.r + begin, row.g + begin, row.b + begin}; };
    const RgbRow rows_of_part[2] = {part(painted[0]), part(painted[rows - 1])};
    WritePart(y, rows, x + begin, std::min(kPart, columns - begin), rows_of_part);
  }
}

}  // namespace tempera::stylize
