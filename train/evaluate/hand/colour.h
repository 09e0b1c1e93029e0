// Colours: how far a picture's are from those of a painting.
#pragma once

#include <array>
#include <vector>

#include "media/image.h"

namespace tempera::evaluate {

// CIE L*a*b* (D65) of sRGB: L 0..100, a and b about -100..100.
std::array<float, 3> LabOfRgb(const uint8_t* rgb);
// Pixel after pixel, three numbers each.
std::vector<float> LabPixels(const media::RgbImage& image);

// The colours of a picture as they are compared: for each of kDirections directions in Lab the kQuantiles mid
// quantiles of the pixels' projections.
class ColourCloud {
 public:
  static constexpr int kDirections = 32;
  static constexpr int kQuantiles = 1024;
  ColourCloud() = default;
  explicit ColourCloud(const media::RgbImage& image);

  // Sliced 1-Wasserstein distance, in units of Lab: the mean over the directions of the mean difference of
  // equal quantiles. 0 for the same colours in the same shares, wherever they stand in the picture.
  double DistanceTo(const ColourCloud& other) const;

 private:
  std::vector<float> quantiles_;
};

}  // namespace tempera::evaluate
