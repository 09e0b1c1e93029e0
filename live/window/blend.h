// Points of a plane and the shares that lie between them: the blend pad's arithmetic.
#pragma once

#include <vector>

namespace tempera::live {

// A style on the pad; places are 0 to 1, left to right and top to bottom.
struct Placed {
  int element = 0;  // of the parameter that blends
  float x = 0, y = 0;
};

// Shares of `count` elements at a place, their sum 1: those placed by the inverse square of their distance
// (Shepard 1968, "A two-dimensional interpolation function for irregularly-spaced data"), so that a style's
// own place is that style alone; the others have none. All 0 when nothing is placed.
std::vector<float> SharesAt(const std::vector<Placed>& placed, float x, float y, int count);

// Where the shares pull a point to: the placed styles' mean, weighted. False when they have no share.
bool CentreOf(const std::vector<Placed>& placed, const std::vector<float>& shares, float* x, float* y);

// Evenly on an ellipse; four in the corners.
void Spread(std::vector<Placed>* placed);

}  // namespace tempera::live
