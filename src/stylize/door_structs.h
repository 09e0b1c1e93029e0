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
// `what` ("input image") begins the messages. Everything CheckImage asks for holds afterwards.
Status ReadImage(const tempera_image& given, const char* what, tempera_image* out);
// `given` may be NULL: the defaults. `source` is the frame it goes with.
Status ReadFrameParams(const tempera_frame_params* given, const tempera_image& source, FrameParams* out);

}  // namespace tempera::stylize
