// One channel of numbers, and the few things that every measure does with it.
#pragma once

#include <cstddef>
#include <vector>

#include "media/image.h"

namespace tempera::evaluate {

struct Plane {
  int width = 0;   // pixels
  int height = 0;  // pixels
  std::vector<float> values;

  Plane() = default;
  Plane(int w, int h) : width(w), height(h), values(static_cast<size_t>(w) * static_cast<size_t>(h)) {}
  float& at(int x, int y) { return values[static_cast<size_t>(y) * static_cast<size_t>(width) + x]; }
  float at(int x, int y) const { return values[static_cast<size_t>(y) * static_cast<size_t>(width) + x]; }
};

// Luma 0..1 of the coded values, Rec. 709 weights.
Plane Luma(const media::RgbImage& image);

// Gaussian, radius of three deviations, the picture mirrored at its edges.
Plane Blur(const Plane& plane, double sigma);

double Mean(const std::vector<double>& values);
// Of an even count the mean of the middle two; 0 of none.
double Median(std::vector<double> values);

}  // namespace tempera::evaluate
