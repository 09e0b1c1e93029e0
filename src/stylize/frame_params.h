// What one frame brings along besides its pixels: tempera_frame_params, checked.
#pragma once

#include <cstdint>
#include <optional>

#include "src/stylize/image.h"
#include "src/stylize/mask/frame_mask.h"

namespace tempera::stylize {

struct FrameParams {
  std::optional<Image> under = {};  // instead of the source
  std::optional<Mask> mask = {};
  bool cut = false;
  int64_t timestamp_us = 0;
};

}  // namespace tempera::stylize
