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

// One channel's number, 0..1. Another `kind` is another photograph.
double Photograph(const Place& at, int64_t kind = 0) {
  const auto [x, y, h, w, channel] = at;
  const int64_t shapes = 77 + kind;
  const double u = static_cast<double>(x) / static_cast<double>(w),
               v = static_cast<double>(y) / static_cast<double>(h);
  double lightness = 0.15 + 0.5 * (1 - v);  // sky above, ground below
  double amplitude = 0.45;
  for (int64_t cell = 128, seed = 1 + kind; cell >= 2; cell /= 2, ++seed, amplitude *= 0.6) {
    lightness += amplitude * (Shade(x, y, cell, seed) - 0.5);
  }
  double colour = 0.3 * (Shade(x, y, 96, 40 + kind + channel) - 0.5);
  // Six discs and six bars of one colour each, in front of one another.
  for (int64_t i = 0; i < 12; ++i) {
    const double du = u - Hash(i, 0, shapes), dv = v - Hash(i, 1, shapes),
                 size = 0.05 + 0.12 * Hash(i, 2, shapes);
    const bool inside = i % 2 ? du * du + dv * dv < size * size
                              : std::abs(du + 0.5 * dv) < 0.2 * size && std::abs(dv) < 2 * size;
    if (inside) {
      lightness = Hash(i, 3, shapes);
      colour = 0.6 * (Hash(i, 4 + channel, shapes) - 0.5);
    }
  }
  const double noise = 0.03 * (Hash(x, y, 5 + kind + channel) - 0.5);
  return std::clamp(lightness + colour + noise, 0.0, 1.0);
}

// Of a colour of which channel `strong` has most.
double Wall(const Place& at, int64_t strong = 0) {
  const auto [x, y, h, w, channel] = at;
  constexpr double kColour[] = {0.8, 0.15, 0.1};
  double light = 1.1 - 0.2 * static_cast<double>(y) / static_cast<double>(h);
  double amplitude = 0.15;
  for (int64_t cell = 96, seed = 501; cell >= 3; cell /= 2, ++seed, amplitude *= 0.6) {
    light += amplitude * (Shade(x, y, cell, seed) - 0.5);
  }
  return std::clamp(kColour[(channel + 3 - strong) % 3] * light + 0.02 * (Hash(x, y, 505 + channel) - 0.5),
                    0.0, 1.0);
}

// Patches of 24 pixels, each of two of the eight strongest colours.
double Patterns(const Place& at) {
  constexpr int64_t kPatch = 24;
  const int64_t px = at.x / kPatch, py = at.y / kPatch, x = at.x % kPatch, y = at.y % kPatch;
  const auto pick = [&](int64_t what, int64_t count) {
    return static_cast<int64_t>(Hash(px, py, 700 + what) * static_cast<double>(count));
  };
  const int64_t period = int64_t{1} << pick(1, 4);
  int64_t along = 0;
  switch (pick(0, 5)) {
    case 0:
      along = x / period;
      break;
    case 1:
      along = y / period;
      break;
    case 2:
      along = (x + y) / period;
      break;
    case 3:
      along = x / period + y / period;
      break;
    default:
      along = 2 * x > y + 6 ? 1 : 0;
  }
  return static_cast<double>(pick(2 + along % 2, 8) >> (at.channel % 3) & 1);
}

// Lines of letters 8 wide and 12 high, each of a few strokes.
double Text(const Place& at) {
  const int64_t letter = at.x / 8, line = at.y / 16, x = at.x % 8, y = at.y % 16;
  const double paper = 0.97 - 0.04 * static_cast<double>(at.channel % 3);
  const double room = Hash(letter, line, 801);
  if (room < 0.17 || y > 11 || x > 6) return paper;  // between words, lines and letters
  const auto strokes = static_cast<int64_t>(Hash(letter, line, 802) * 64);
  const bool ink = ((strokes & 1) && x < 2) || ((strokes & 2) && x > 4) || ((strokes & 4) && y < 2) ||
                   ((strokes & 8) && y > 9) || ((strokes & 16) && y > 4 && y < 7) ||
                   ((strokes & 32) && x - y / 2 >= 0 && x - y / 2 < 2);
  const double heading = line % 9 == 0 ? 0.55 * (at.channel % 3 == 2) : 0.0;
  return ink ? 0.06 + heading : paper;
}

// Nine heads, larger and smaller, in front of a photograph out of focus.
double Faces(const Place& at) {
  const double u = 3.0 * static_cast<double>(at.x) / static_cast<double>(at.w),
               v = 3.0 * static_cast<double>(at.y) / static_cast<double>(at.h);
  const auto column = static_cast<int64_t>(u), row = static_cast<int64_t>(v);
  const auto of = [&](int64_t what) { return Hash(column, row, 850 + what); };
  const double size = 0.2 + 0.12 * of(0), x = (u - static_cast<double>(column) - 0.5) / size,
               y = (v - static_cast<double>(row) - 0.45) / size;
  constexpr double kSkin[] = {0.95, 0.72, 0.6};
  const int64_t channel = at.channel % 3;
  const double skin = kSkin[channel] * (0.35 + 0.65 * of(1)) * (1 - 0.25 * x), hair = 0.35 * of(2);
  if (x * x + y * y / 1.7 < 1) {
    const auto near = [&](double cx, double cy, double rx, double ry) {
      return (x - cx) * (x - cx) / (rx * rx) + (y - cy) * (y - cy) / (ry * ry) < 1;
    };
    if (near(-0.4, -0.15, 0.08, 0.08) || near(0.4, -0.15, 0.08, 0.08)) return 0.05;
    if (near(-0.4, -0.15, 0.2, 0.1) || near(0.4, -0.15, 0.2, 0.1)) return 0.93;
    if (near(0, 0.65, 0.35, 0.1)) return channel == 0 ? 0.7 : 0.3;
    return y < -0.65 ? hair : skin + 0.02 * (Hash(at.x, at.y, 860 + channel) - 0.5);
  }
  if (x * x / 1.4 + (y + 0.1) * (y + 0.1) / 2.2 < 1 && y < 0.9) return hair;
  if (y > 1.2 && x * x < 4) return of(3 + channel);  // a shirt
  return 0.5 * Shade(at.x, at.y, 64, 870 + channel) + 0.3;
}

double SceneNumber(CalibrationScene scene, const Place& at) {
  constexpr int64_t kOtherKind = 1000;
  switch (scene) {
    case CalibrationScene::kUsual:
      return Photograph(at);
    case CalibrationScene::kRed:
      return Wall(at);
    case CalibrationScene::kCyan:
      return 1 - Wall(at);
    case CalibrationScene::kNoise:
      return Hash(at.x, at.y, 900 + at.channel);
    case CalibrationScene::kPatterns:
      return Patterns(at);
    case CalibrationScene::kOther:
      return Photograph(at, kOtherKind);
    case CalibrationScene::kDark:
      return 0.1 * Photograph(at, kOtherKind);
    case CalibrationScene::kLight:
      return 1 - 0.1 * Photograph(at, kOtherKind);
    case CalibrationScene::kText:
      return Text(at);
    case CalibrationScene::kFaces:
      return Faces(at);
    case CalibrationScene::kBlue:
      return Wall(at, 2);
    case CalibrationScene::kYellow:
      return 1 - Wall(at, 2);
  }
  return 0;
}

double NumberOf(CalibrationScene scene, const Place& at) {
  return std::clamp(SceneNumber(scene, at), 0.0, 1.0);
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
