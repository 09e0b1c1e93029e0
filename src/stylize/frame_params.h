// What one frame brings along besides its pixels: tempera_frame_params, checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "src/stylize/geometry.h"
#include "tempera/tempera.h"

namespace tempera::stylize {

// One byte a pixel, stretched over the frame: 0 = what lies under, 255 = the painting. The caller's memory.
struct Mask {
  const uint8_t* pixels = nullptr;  // of the top row
  ptrdiff_t stride_bytes = 0;
  Size size;
  float feather = 0;  // pixels of the frame
};

struct FrameParams {
  std::optional<tempera_image> under;  // instead of the source; checked as an image, of the frame's size
  std::optional<Mask> mask;
  bool cut = false;
  int64_t timestamp_us = 0;
};

}  // namespace tempera::stylize
