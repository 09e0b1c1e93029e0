// What the stand-in's cameras show: squares of 8 pixels whose values tell where they are, and above them the
// frame's number in black and white squares of 16. Exact in every format, MJPEG too.
#pragma once

#include <algorithm>
#include <cstdint>

namespace tempera::stand_in {

// How many bits of the number stand in a picture of that width.
inline int NumberBits(int width) { return std::min(16, width / 16); }

inline uint8_t LumaAt(int x, int y, uint32_t number, int width) {
  if (y < 16 && x / 16 < NumberBits(width)) return (number >> (x / 16) & 1) != 0 ? 235 : 16;
  return static_cast<uint8_t>(32 + (x / 8 * 7 + y / 8 * 13) % 180);
}
// Flat over 16 columns and 8 lines, which is what a block of 4:2:2 covers.
inline uint8_t CbAt(int x, int y) { return static_cast<uint8_t>(64 + (x / 16 * 5 + y / 8 * 3) % 120); }
inline uint8_t CrAt(int x, int y) { return static_cast<uint8_t>(70 + (x / 16 * 11 + y / 8 * 7) % 110); }

// The number in a plane of luma.
inline uint32_t NumberIn(const uint8_t* luma, int stride, int width) {
  uint32_t number = 0;
  for (int i = 0; i < NumberBits(width); ++i) {
    if (luma[8 * stride + 16 * i + 8] > 128) number |= 1u << i;
  }
  return number;
}

}  // namespace tempera::stand_in
