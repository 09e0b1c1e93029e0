// Left and right exchanged.
#pragma once

#include "media/frame.h"
#include "src/base/status.h"

namespace tempera::live {

// I420 or NV12.
Result<media::Frame> Mirrored(const media::Frame& frame);

}  // namespace tempera::live
