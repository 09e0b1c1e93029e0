// What a live session and its replay do to a frame alike.
#pragma once

#include <cstdint>

#include "media/frame.h"
#include "src/base/status.h"

namespace tempera::live {

// Left and right exchanged, in pixels of its own.
Result<media::Frame> Mirrored(const media::Frame& frame);

// Of every eighth row of the luma of an I420 or NV12 frame (of the pixels of others): tells one frame of a
// film from another, at a hundredth of what painting costs. The same for both formats.
uint32_t SumOf(const media::Frame& frame);

}  // namespace tempera::live
