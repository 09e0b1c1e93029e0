#include "train/evaluate/plane.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tempera::evaluate {
namespace {

// 0 1 2 | 2 1 0 ... for any index, however far out.
int Mirror(int i, int n) {
  const int period = 2 * n;
  i = ((i % period) + period) % period;
  return i < n ? i : period - 1 - i;
}

std::vector<float> GaussianTaps(double sigma) {
  const int radius = std::max(1, static_cast<int>(std::ceil(3 * sigma)));
  std::vector<float> taps(static_cast<size_t>(2 * radius + 1));
  double sum = 0;
  for (int i = -radius; i <= radius; ++i) sum += std::exp(-0.5 * i * i / (sigma * sigma));
  for (int i = -radius; i <= radius; ++i) {
    taps[static_cast<size_t>(i + radius)] =
        static_cast<float>(std::exp(-0.5 * i * i / (sigma * sigma)) / sum);
  }
  return taps;
}

}  // namespace

Plane Luma(const media::RgbImage& image) {
  Plane plane(image.width, image.height);
  for (size_t i = 0; i < plane.values.size(); ++i) {
    const uint8_t* p = &image.pixels[3 * i];
    plane.values[i] = (0.2126f * p[0] + 0.7152f * p[1] + 0.0722f * p[2]) / 255.0f;
  }
  return plane;
}

Plane Blur(const Plane& plane, double sigma) {
  const std::vector<float> taps = GaussianTaps(sigma);
  const int radius = static_cast<int>(taps.size() / 2), w = plane.width, h = plane.height;
  Plane rows(w, h), out(w, h);
  std::vector<float> line(static_cast<size_t>(w + 2 * radius));
  for (int y = 0; y < h; ++y) {
    for (int x = -radius; x < w + radius; ++x)
      line[static_cast<size_t>(x + radius)] = plane.at(Mirror(x, w), y);
    for (int x = 0; x < w; ++x) {
      float sum = 0;
      for (size_t k = 0; k < taps.size(); ++k) sum += taps[k] * line[static_cast<size_t>(x) + k];
      rows.at(x, y) = sum;
    }
  }
  for (int y = 0; y < h; ++y) {
    float* to = &out.at(0, y);
    for (int k = -radius; k <= radius; ++k) {
      const float tap = taps[static_cast<size_t>(k + radius)];
      const float* from = &rows.at(0, Mirror(y + k, h));
      for (int x = 0; x < w; ++x) to[x] += tap * from[x];
    }
  }
  return out;
}

double Mean(const std::vector<double>& values) {
  return values.empty()
             ? 0
             : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

}  // namespace tempera::evaluate
