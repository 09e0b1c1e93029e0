#include "train/motion/flow.h"

#include <algorithm>
#include <cmath>

namespace tempera::train {
namespace {

bool Inside(const Flow& flow, float x, float y) {
  return x >= 0 && y >= 0 && x <= static_cast<float>(flow.width - 1) &&
         y <= static_cast<float>(flow.height - 1);
}

// RGB 0..255 between the pixels. (x, y) lies inside.
void Sample(const media::RgbImage& image, float x, float y, float* rgb) {
  const int x0 = std::min(static_cast<int>(x), image.width - 1),
            y0 = std::min(static_cast<int>(y), image.height - 1);
  const int x1 = std::min(x0 + 1, image.width - 1), y1 = std::min(y0 + 1, image.height - 1);
  const float wx = x - static_cast<float>(x0), wy = y - static_cast<float>(y0);
  auto pixel = [&](int px, int py) {
    return &image.pixels[(static_cast<size_t>(py) * static_cast<size_t>(image.width) +
                          static_cast<size_t>(px)) *
                         3];
  };
  const uint8_t *a = pixel(x0, y0), *b = pixel(x1, y0), *c = pixel(x0, y1), *d = pixel(x1, y1);
  for (int k = 0; k < 3; ++k) {
    const float top = static_cast<float>(a[k]) + wx * (static_cast<float>(b[k]) - static_cast<float>(a[k]));
    const float bottom =
        static_cast<float>(c[k]) + wx * (static_cast<float>(d[k]) - static_cast<float>(c[k]));
    rgb[k] = top + wy * (bottom - top);
  }
}

media::RgbImage Smooth3x3(const media::RgbImage& image) {
  media::RgbImage out = image;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      int sum[3] = {}, count = 0;
      for (int j = std::max(0, y - 1); j <= std::min(image.height - 1, y + 1); ++j) {
        for (int i = std::max(0, x - 1); i <= std::min(image.width - 1, x + 1); ++i, ++count) {
          const uint8_t* p = &image.pixels[(static_cast<size_t>(j) * static_cast<size_t>(image.width) +
                                            static_cast<size_t>(i)) *
                                           3];
          for (int k = 0; k < 3; ++k) sum[k] += p[k];
        }
      }
      uint8_t* to =
          &out.pixels[(static_cast<size_t>(y) * static_cast<size_t>(image.width) + static_cast<size_t>(x)) *
                      3];
      for (int k = 0; k < 3; ++k) to[k] = static_cast<uint8_t>((sum[k] + count / 2) / count);
    }
  }
  return out;
}

// Calls fn(index, x, y) for every valid pixel.
template <typename Fn>
void ForValid(const Flow& flow, Fn&& fn) {
  size_t i = 0;
  for (int y = 0; y < flow.height; ++y) {
    for (int x = 0; x < flow.width; ++x, ++i) {
      if (flow.valid[i]) fn(i, x, y);
    }
  }
}

}  // namespace

void MaskOutside(Flow* flow) {
  ForValid(*flow, [&](size_t i, int x, int y) {
    flow->valid[i] = Inside(*flow, static_cast<float>(x) + flow->dx[i], static_cast<float>(y) + flow->dy[i]);
  });
}

void MaskMotionEdges(Flow* flow) {
  const std::vector<uint8_t> before = flow->valid;
  const size_t w = static_cast<size_t>(flow->width);
  ForValid(*flow, [&](size_t i, int x, int y) {
    if (x + 1 >= flow->width || y + 1 >= flow->height) return;
    auto square = [](float v) { return v * v; };
    const float u = flow->dx[i], v = flow->dy[i];
    const float change = square(flow->dx[i + 1] - u) + square(flow->dx[i + w] - u) +
                         square(flow->dy[i + 1] - v) + square(flow->dy[i + w] - v);
    if (change > 0.01f * (u * u + v * v) + 0.002f) flow->valid[i] = 0;
  });
}

void MaskUnlike(const media::RgbImage& first, const media::RgbImage& second, double most, Flow* flow) {
  const media::RgbImage a = Smooth3x3(first), b = Smooth3x3(second);
  ForValid(*flow, [&](size_t i, int x, int y) {
    const float tx = static_cast<float>(x) + flow->dx[i], ty = static_cast<float>(y) + flow->dy[i];
    if (!Inside(*flow, tx, ty)) return;
    float there[3];
    Sample(b, tx, ty, there);
    for (size_t k = 0; k < 3; ++k) {
      if (std::abs(static_cast<float>(a.pixels[3 * i + k]) - there[k]) > 255 * most) flow->valid[i] = 0;
    }
  });
}

WarpDifference CompareAlong(const media::RgbImage& first, const media::RgbImage& second, const Flow& flow) {
  WarpDifference sum;
  ForValid(flow, [&](size_t i, int x, int y) {
    const float tx = static_cast<float>(x) + flow.dx[i], ty = static_cast<float>(y) + flow.dy[i];
    if (!Inside(flow, tx, ty)) return;
    float there[3];
    Sample(second, tx, ty, there);
    double squares = 0;
    for (size_t k = 0; k < 3; ++k) {
      const double d = (static_cast<double>(first.pixels[3 * i + k]) - static_cast<double>(there[k])) / 255;
      squares += d * d;
    }
    sum.squares += squares;
    sum.pixels += 1;
  });
  return sum;
}

double WarpError(const media::RgbImage& first, const media::RgbImage& second, const Flow& flow) {
  const WarpDifference d = CompareAlong(first, second, flow);
  return d.pixels > 0 ? d.squares / (3 * d.pixels) : 0;
}

}  // namespace tempera::train
