#include "src/engine/precision/calibration_frame.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace tempera::engine {
namespace {

// 0..1 from a place and a seed, by integer arithmetic alone (the mixer of MurmurHash3): the same on every
// processor and library.
double Hash(int64_t x, int64_t y, int64_t seed) {
  uint64_t h = static_cast<uint64_t>(x) * 0x9E3779B97F4A7C15u ^
               static_cast<uint64_t>(y) * 0xC2B2AE3D27D4EB4Fu ^
               static_cast<uint64_t>(seed) * 0x165667B19E3779F9u;
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdu;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53u;
  h ^= h >> 33;
  return static_cast<double>(h >> 11) * 0x1p-53;
}

// Value noise: hashes at the corners of cells of `cell` pixels, smoothly between.
double Shade(int64_t x, int64_t y, int64_t cell, int64_t seed) {
  const int64_t cx = x / cell, cy = y / cell;
  const auto smooth = [&](int64_t at) {
    const double t = static_cast<double>(at % cell) / static_cast<double>(cell);
    return t * t * (3 - 2 * t);
  };
  const double tx = smooth(x), ty = smooth(y);
  const double top = Hash(cx, cy, seed) * (1 - tx) + Hash(cx + 1, cy, seed) * tx;
  const double bottom = Hash(cx, cy + 1, seed) * (1 - tx) + Hash(cx + 1, cy + 1, seed) * tx;
  return top * (1 - ty) + bottom * ty;
}

// In a picture of h x w.
struct Place {
  int64_t x, y, h, w, channel;
};

// One channel's number, 0..1.
double Photograph(const Place& at) {
  const auto [x, y, h, w, channel] = at;
  const double u = static_cast<double>(x) / static_cast<double>(w),
               v = static_cast<double>(y) / static_cast<double>(h);
  double lightness = 0.15 + 0.5 * (1 - v);  // sky above, ground below
  double amplitude = 0.45;
  for (int64_t cell = 128, seed = 1; cell >= 2; cell /= 2, ++seed, amplitude *= 0.6) {
    lightness += amplitude * (Shade(x, y, cell, seed) - 0.5);
  }
  double colour = 0.3 * (Shade(x, y, 96, 40 + channel) - 0.5);
  // Six discs and six bars of one colour each, in front of one another.
  for (int64_t i = 0; i < 12; ++i) {
    const double du = u - Hash(i, 0, 77), dv = v - Hash(i, 1, 77), size = 0.05 + 0.12 * Hash(i, 2, 77);
    const bool inside = i % 2 ? du * du + dv * dv < size * size
                              : std::abs(du + 0.5 * dv) < 0.2 * size && std::abs(dv) < 2 * size;
    if (inside) {
      lightness = Hash(i, 3, 77);
      colour = 0.6 * (Hash(i, 4 + channel, 77) - 0.5);
    }
  }
  const double noise = 0.03 * (Hash(x, y, 5 + channel) - 0.5);
  return std::clamp(lightness + colour + noise, 0.0, 1.0);
}

double Wall(const Place& at) {
  const auto [x, y, h, w, channel] = at;
  constexpr double kColour[] = {0.8, 0.15, 0.1};
  double light = 1.1 - 0.2 * static_cast<double>(y) / static_cast<double>(h);
  double amplitude = 0.15;
  for (int64_t cell = 96, seed = 501; cell >= 3; cell /= 2, ++seed, amplitude *= 0.6) {
    light += amplitude * (Shade(x, y, cell, seed) - 0.5);
  }
  return std::clamp(kColour[channel % 3] * light + 0.02 * (Hash(x, y, 505 + channel) - 0.5), 0.0, 1.0);
}

double NumberOf(CalibrationScene scene, const Place& at) {
  switch (scene) {
    case CalibrationScene::kUsual:
      return Photograph(at);
    case CalibrationScene::kRed:
      return Wall(at);
    case CalibrationScene::kCyan:
      return 1 - Wall(at);
    case CalibrationScene::kDark:
      return 0.1 * Photograph(at);
    case CalibrationScene::kLight:
      return 1 - 0.1 * Photograph(at);
    case CalibrationScene::kNoise:
      return Hash(at.x, at.y, 900 + at.channel);
  }
  return 0;
}

}  // namespace

void FillCalibrationFrame(Tensor& picture, const ValueRange& range, CalibrationScene scene) {
  if (picture.dtype() != DataType::kFloat32) return;
  const Shape& s = picture.shape();
  const bool planes = s.size() == 4;
  const int64_t h = planes ? s[2] : 1, w = planes ? s[3] : picture.element_count();
  if (h * w == 0) return;
  float* numbers = picture.data<float>();
  for (int64_t i = 0; i < picture.element_count(); ++i) {
    const int64_t x = i % w, y = i / w % h, channel = i / (w * h);
    const double number = NumberOf(scene, {x, y, h, w, channel});
    numbers[i] = static_cast<float>(range.low + (static_cast<double>(range.high) - range.low) * number);
  }
}

double PsnrDb(const Tensor& a, const Tensor& b, double peak) {
  constexpr double kSame = 200;
  const auto x = a.span<float>(), y = b.span<float>();
  double sum = 0;
  for (size_t i = 0; i < x.size() && i < y.size(); ++i) {
    if (std::isfinite(x[i]) != std::isfinite(y[i])) return 0;
    if (!std::isfinite(x[i])) continue;
    const double d = static_cast<double>(x[i]) - y[i];
    sum += d * d;
  }
  if (sum == 0) return kSame;
  const double mean = sum / static_cast<double>(x.size());
  return std::min(kSame, 10 * std::log10(peak * peak / mean));
}

}  // namespace tempera::engine
