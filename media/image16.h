// Pictures of 16 bits a channel, to the bit: for numbers that were stored as pictures (optical flow, depth).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::media {

// 16-bit RGB, rows of width * 3 numbers without gaps.
struct RgbImage16 {
  int width = 0;
  int height = 0;
  std::vector<uint16_t> pixels;
};

// A PNG of three channels of 16 bits; anything else is refused. Nothing is converted. Errors name the path.
Result<RgbImage16> ReadImage16(const std::string& path);

}  // namespace tempera::media
