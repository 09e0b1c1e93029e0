// Pictures with known answers, for tests.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>

#include "media/image.h"
#include "train/evaluate/plane.h"
#include "train/random.h"

namespace tempera::evaluate {

using Rgb = std::array<double, 3>;

inline media::RgbImage Picture(int width, int height, const std::function<Rgb(int x, int y)>& colour) {
  media::RgbImage image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (double v : colour(x, y))
        image.pixels.push_back(static_cast<uint8_t>(std::lround(std::clamp(v, 0.0, 255.0))));
    }
  }
  return image;
}

inline media::RgbImage Grey(int width, int height, double level) {
  return Picture(width, height, [&](int, int) { return Rgb{level, level, level}; });
}

// Smooth waves of several directions and periods of 11 to 40 pixels: something to follow, without an edge.
inline media::RgbImage Waves(int width, int height, double shift_x = 0, double shift_y = 0) {
  return Picture(width, height, [&](int px, int py) {
    const double x = px - shift_x, y = py - shift_y;
    return Rgb{128 + 60 * std::sin(x / 3.1) + 40 * std::sin((x + y) / 5.3), 128 + 70 * std::sin(y / 4.2 + 1),
               128 + 50 * std::sin((x - 2 * y) / 6.1) + 30 * std::cos(x / 2.3)};
  });
}

inline media::RgbImage Noise(int width, int height, uint64_t seed) {
  train::Random random(seed);
  return Picture(width, height, [&](int, int) {
    return Rgb{255 * random.Uniform(), 255 * random.Uniform(), 255 * random.Uniform()};
  });
}

inline Plane PlaneOf(int width, int height, const std::function<double(int x, int y)>& value) {
  Plane plane(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) plane.at(x, y) = static_cast<float>(value(x, y));
  }
  return plane;
}

}  // namespace tempera::evaluate
