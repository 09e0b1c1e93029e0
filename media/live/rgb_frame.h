// One frame as a picture.
#pragma once

#include "media/frame.h"
#include "src/base/status.h"

namespace tempera::media {

// A frame of any format as 8-bit RGB of the same size.
Result<Frame> ToRgbFrame(const Frame& frame);

}  // namespace tempera::media
