// The structs that callers hand in (tempera.h), read and checked: whatever they hold, what comes out is
// sound.
#pragma once

#include "src/base/status.h"
#include "src/stylize/frame_params.h"
#include "src/stylize/stylizer.h"
#include "tempera/tempera.h"

namespace tempera::stylize {

// `given` may be NULL: the defaults.
Status ReadOptions(const tempera_options* given, StylizerOptions* out);
// `what` ("input image") begins the messages.
Status ReadImage(const tempera_image& given, const char* what, Image* out);
// Of a mask's plane of bytes.
Status CheckMaskPlane(Size size, ptrdiff_t stride_bytes);
// `given` may be NULL: the defaults.
Status ReadFrameParams(const tempera_frame_params* given, FrameParams* out);

}  // namespace tempera::stylize
