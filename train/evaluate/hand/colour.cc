#include "train/evaluate/hand/colour.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace tempera::evaluate {
namespace {

// Half a sphere's worth of even directions (a Fibonacci lattice): w and -w give the same distance.
std::array<float, 3> Direction(int i) {
  const double z = (i + 0.5) / ColourCloud::kDirections;
  const double r = std::sqrt(1 - z * z);
  const double angle = std::numbers::pi * (3 - std::sqrt(5.0)) * i;
  return {static_cast<float>(z), static_cast<float>(r * std::cos(angle)),
          static_cast<float>(r * std::sin(angle))};
}

const std::array<float, 256>& LinearOfCoded() {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> t{};
    for (int i = 0; i < 256; ++i) {
      const double v = i / 255.0;
      t[static_cast<size_t>(i)] =
          static_cast<float>(v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
    }
    return t;
  }();
  return table;
}

float LabCurve(float t) {
  constexpr float kBend = 216.0f / 24389.0f;  // (6/29)^3
  return t > kBend ? std::cbrt(t) : t * (841.0f / 108.0f) + 4.0f / 29.0f;
}

}  // namespace

std::array<float, 3> LabOfRgb(const uint8_t* rgb) {
  const std::array<float, 256>& linear = LinearOfCoded();
  const float r = linear[rgb[0]], g = linear[rgb[1]], b = linear[rgb[2]];
  // sRGB's primaries; each row divided by D65 white.
  const float x = LabCurve((0.4124564f * r + 0.3575761f * g + 0.1804375f * b) / 0.9504700f);
  const float y = LabCurve(0.2126729f * r + 0.7151522f * g + 0.0721750f * b);
  const float z = LabCurve((0.0193339f * r + 0.1191920f * g + 0.9503041f * b) / 1.0888300f);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

std::vector<float> LabPixels(const media::RgbImage& image) {
  std::vector<float> lab(image.pixels.size());
  for (size_t i = 0; i + 2 < image.pixels.size(); i += 3) {
    const std::array<float, 3> v = LabOfRgb(&image.pixels[i]);
    std::copy(v.begin(), v.end(), lab.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return lab;
}

ColourCloud::ColourCloud(const media::RgbImage& image) {
  const size_t pixels = image.pixels.size() / 3;
  if (pixels == 0) return;
  // At most this many, evenly spread by a stride that no row length shares: more change the third digit only.
  constexpr size_t kMostPixels = 1 << 16;
  const size_t count = std::min(pixels, kMostPixels);
  std::vector<float> lab(count * 3);
  for (size_t i = 0; i < count; ++i) {
    const size_t at = i * pixels / count;
    const std::array<float, 3> v = LabOfRgb(&image.pixels[3 * at]);
    std::copy(v.begin(), v.end(), lab.begin() + static_cast<std::ptrdiff_t>(3 * i));
  }
  std::vector<float> along(count);
  quantiles_.reserve(static_cast<size_t>(kDirections) * kQuantiles);
  for (int d = 0; d < kDirections; ++d) {
    const std::array<float, 3> w = Direction(d);
    for (size_t i = 0; i < count; ++i) {
      along[i] = w[0] * lab[3 * i] + w[1] * lab[3 * i + 1] + w[2] * lab[3 * i + 2];
    }
    std::sort(along.begin(), along.end());
    for (int q = 0; q < kQuantiles; ++q) {
      quantiles_.push_back(along[(2 * static_cast<size_t>(q) + 1) * count / (2 * kQuantiles)]);
    }
  }
}

double ColourCloud::DistanceTo(const ColourCloud& other) const {
  if (quantiles_.empty() || other.quantiles_.empty()) return 0;
  double sum = 0;
  for (size_t i = 0; i < quantiles_.size(); ++i) sum += std::abs(quantiles_[i] - other.quantiles_[i]);
  return sum / static_cast<double>(quantiles_.size());
}

}  // namespace tempera::evaluate
