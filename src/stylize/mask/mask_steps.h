// What happens to a small mask between the network and its edges. Planes of one size, a number or a byte a
// pixel, without gaps.
#pragma once

#include <cstdint>
#include <vector>

#include "src/stylize/geometry.h"
#include "src/stylize/steady/motion_field.h"

namespace tempera::stylize {

// Has the edge lie where the share is `threshold` (above 0 and below 1) instead of a half. `certain`: what is
// within a sixteenth of nothing, or of everything, is that.
std::vector<uint8_t> ShareTable(float threshold, bool certain);

// Takes out what is no thing but a speck: parts that hang together and whose pixels of more than a half are
// fewer than a thousandth of the picture.
class SpeckRemover {
 public:
  void Run(Size size, uint8_t* mask);

 private:
  std::vector<int> open_;       // pixels of a part whose neighbours were not looked at
  std::vector<uint8_t> known_;  // pixels that belong to a part
};

// Hysteresis: where the picture shows what it showed, and the network is not sure, its word of before counts.
// What moves takes the mask of its own frame: `luma_then` is what the picture showed where `before` was found
// out, and goes the way that the mask goes. hold: 0..1, above 0.
void HoldStill(Size size, float hold, const float* luma, std::vector<float>* luma_then,
               const std::vector<uint8_t>& before, uint8_t* mask, std::vector<uint8_t>* weights);

// Moves a mask to where its pixels are now. `field` is of frames twice this size.
void MoveMask(Size size, const MotionField& field, const std::vector<uint8_t>& before, uint8_t* mask);

}  // namespace tempera::stylize
