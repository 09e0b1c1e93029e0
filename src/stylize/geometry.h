// Sizes: of the frame, of the picture the network works on, and of that picture
// padded so that the network's strides divide it.
#pragma once

#include <cstdint>
#include <string>

#include "src/base/status.h"

namespace tempera::stylize {

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size&) const = default;
};

// "640x360"
std::string SizeToString(Size size);

// Frames and working pictures have 1..kMaxExtent pixels a side.
inline constexpr int kMaxExtent = 16384;

// Below this many pixels a side the networks' own reflect padding has too little to mirror:
// at a quarter of the resolution a 9x9 kernel still needs five pixels.
inline constexpr int kMinPaddedExtent = 32;

// The size of the picture the network sees of a frame. A zero in `working` is filled from the other by the
// frame's aspect ratio; two zeros mean the frame's own size, or, where its shorter side has more pixels than
// `short_side` (0: any), that many.
Result<Size> WorkingSize(Size frame, Size working, int short_side = 0);

// Both sides up to kMinPaddedExtent, then up to the next multiple (>= 1).
Size PaddedSize(Size size, int multiple);

// The pixel shown at position i when `count` pixels are mirrored over and over about their
// end pixels: 0 1 2 3 2 1 0 1 ... for count = 4. count >= 1, i >= 0.
int ReflectIndex(int i, int count);

}  // namespace tempera::stylize
