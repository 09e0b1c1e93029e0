#include "live/window/pixels.h"

#include <algorithm>
#include <cmath>

namespace tempera::live {
namespace {

// R = y * luma + v * r_v and so on, in sixteenths: 16-bit products of which the upper half is kept, so that
// compilers find one instruction for eight of them. Luma goes in times 64 and its factor is times 16384
// (below 2), chroma times 128 with 8192 (below 4): either way sixteenths come out.
struct Factors {
  int16_t black, luma, r_v, g_u, g_v, b_u;
};

Factors FactorsOf(media::ColorMatrix matrix, bool full_range) {
  double kr = 0.2126, kb = 0.0722;  // of ITU-R BT.709
  if (matrix == media::ColorMatrix::kBt601) kr = 0.299, kb = 0.114;
  if (matrix == media::ColorMatrix::kBt2020) kr = 0.2627, kb = 0.0593;
  const double kg = 1 - kr - kb;
  const double luma = full_range ? 1 : 255.0 / 219, chroma = full_range ? 1 : 255.0 / 224;
  const auto factor = [](double value, double unit) {
    return static_cast<int16_t>(std::lround(value * unit));
  };
  return {static_cast<int16_t>(full_range ? 0 : 16),
          factor(luma, 16384),
          factor(2 * (1 - kr) * chroma, 8192),
          factor(-2 * (1 - kb) * kb / kg * chroma, 8192),
          factor(-2 * (1 - kr) * kr / kg * chroma, 8192),
          factor(2 * (1 - kb) * chroma, 8192)};
}

int16_t Upper(int16_t a, int16_t b) { return static_cast<int16_t>((int32_t{a} * b) >> 16); }

uint32_t Byte(int16_t sixteenths) {
  return static_cast<uint32_t>(std::clamp<int16_t>(static_cast<int16_t>((sixteenths + 8) >> 4), 0, 255));
}

// Chroma's share of the three colours, for a stretch of pixels: one value for every two of them.
constexpr int kStretch = 256;
struct Shares {
  int16_t r[kStretch], g[kStretch], b[kStretch];
};

void ChromaOf(const Factors& f, const uint8_t* u, const uint8_t* v, int step, int count, Shares* out) {
  int16_t us[kStretch / 2], vs[kStretch / 2];
  for (int i = 0; i < count; ++i) {
    us[i] = static_cast<int16_t>((u[i * step] - 128) * 128);
    vs[i] = static_cast<int16_t>((v[i * step] - 128) * 128);
  }
  for (int i = 0; i < count; ++i) {
    const int16_t r = Upper(vs[i], f.r_v);
    const auto g = static_cast<int16_t>(Upper(us[i], f.g_u) + Upper(vs[i], f.g_v));
    const int16_t b = Upper(us[i], f.b_u);
    out->r[2 * i] = out->r[2 * i + 1] = r;
    out->g[2 * i] = out->g[2 * i + 1] = g;
    out->b[2 * i] = out->b[2 * i + 1] = b;
  }
}

void RowOf(const Factors& f, const uint8_t* y, const Shares& chroma, int count, uint32_t* out) {
  for (int i = 0; i < count; ++i) {
    const int16_t luma = Upper(static_cast<int16_t>((y[i] - f.black) * 64), f.luma);
    const uint32_t r = Byte(static_cast<int16_t>(luma + chroma.r[i]));
    const uint32_t g = Byte(static_cast<int16_t>(luma + chroma.g[i]));
    const uint32_t b = Byte(static_cast<int16_t>(luma + chroma.b[i]));
    out[i] = 0xff000000u | r << 16 | g << 8 | b;
  }
}

void HalvePlane(const uint8_t* in, int stride, int step, int width, int height, uint8_t* out) {
  const int half_width = (width + 1) / 2, half_height = (height + 1) / 2;
  for (int y = 0; y < half_height; ++y) {
    const uint8_t* a = in + ptrdiff_t{2 * y} * stride;
    const uint8_t* b = 2 * y + 1 < height ? a + stride : a;
    uint8_t* row = out + ptrdiff_t{y} * half_width;
    for (int x = 0; x < width / 2; ++x) {
      const int left = 2 * x * step, right = left + step;
      row[x] = static_cast<uint8_t>((a[left] + a[right] + b[left] + b[right] + 2) >> 2);
    }
    if (width % 2)
      row[width / 2] = static_cast<uint8_t>((a[(width - 1) * step] + b[(width - 1) * step] + 1) >> 1);
  }
}

YuvView Halved(const YuvView& view, std::vector<uint8_t>* storage) {
  const int width = (view.width + 1) / 2, height = (view.height + 1) / 2;
  const int chroma_width = (width + 1) / 2, chroma_height = (height + 1) / 2;
  const size_t luma = size_t(width) * height, chroma = size_t(chroma_width) * chroma_height;
  std::vector<uint8_t> next(luma + 2 * chroma);
  uint8_t* const y = next.data();
  HalvePlane(view.y, view.y_stride, 1, view.width, view.height, y);
  HalvePlane(view.u, view.u_stride, view.chroma_step, width, height, y + luma);
  HalvePlane(view.v, view.v_stride, view.chroma_step, width, height, y + luma + chroma);
  storage->swap(next);
  YuvView half = view;
  half.width = width;
  half.height = height;
  half.y = storage->data();
  half.u = half.y + luma;
  half.v = half.u + chroma;
  half.y_stride = width;
  half.u_stride = half.v_stride = chroma_width;
  half.chroma_step = 1;
  return half;
}

}  // namespace

bool ViewOf(const media::Frame& frame, YuvView* view) {
  const bool nv12 = frame.format == media::PixelFormat::kNv12;
  if ((!nv12 && frame.format != media::PixelFormat::kI420) || frame.width < 1 || frame.height < 1)
    return false;
  if (!frame.planes[0] || !frame.planes[1] || (!nv12 && !frame.planes[2])) return false;
  view->width = frame.width;
  view->height = frame.height;
  view->y = frame.planes[0];
  view->u = frame.planes[1];
  view->v = nv12 ? frame.planes[1] + 1 : frame.planes[2];
  view->y_stride = frame.stride_bytes[0];
  view->u_stride = frame.stride_bytes[1];
  view->v_stride = nv12 ? frame.stride_bytes[1] : frame.stride_bytes[2];
  view->chroma_step = nv12 ? 2 : 1;
  view->matrix = frame.matrix;
  view->full_range = frame.full_range;
  return true;
}

YuvView Reduced(const YuvView& view, int target_width, int target_height, std::vector<uint8_t>* storage) {
  YuvView now = view;
  while (now.width >= 2 * std::max(1, target_width) && now.height >= 2 * std::max(1, target_height))
    now = Halved(now, storage);
  return now;
}

void ToRgb(const YuvView& view, int x0, int x1, uint32_t* out, int out_stride_words) {
  const Factors f = FactorsOf(view.matrix, view.full_range);
  Shares chroma;
  for (int x = x0; x < x1; x += kStretch) {
    const int count = std::min(kStretch, x1 - x);
    for (int y = 0; y < view.height; ++y) {
      if (y % 2 == 0) {
        const ptrdiff_t at = ptrdiff_t{x / 2} * view.chroma_step;
        ChromaOf(f, view.u + ptrdiff_t{y / 2} * view.u_stride + at,
                 view.v + ptrdiff_t{y / 2} * view.v_stride + at, view.chroma_step, (count + 1) / 2, &chroma);
      }
      RowOf(f, view.y + ptrdiff_t{y} * view.y_stride + x, chroma, count,
            out + ptrdiff_t{y} * out_stride_words + x);
    }
  }
}

}  // namespace tempera::live
