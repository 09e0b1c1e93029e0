// The structs that callers hand in (tempera.h), read and checked: whatever they hold, what comes out is
// sound.
#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/stylize/frame_params.h"
#include "src/stylize/stylizer.h"
#include "tempera/tempera.h"

namespace tempera::stylize {

Status CheckAbi(uint32_t version);     // that of a caller
Status CheckThreads(int32_t threads);  // 0..1024
// 0 or 1, of a field of this name.
Status CheckSwitch(const char* name, int32_t given, bool* out);

// `given` may be NULL: the defaults.
Status ReadOptions(const tempera_options* given, StylizerOptions* out);
// A tempera_pixel_format. `what` ("input image") begins the messages.
Status ReadFormat(int32_t given, const char* what, PixelFormat* out);
Status ReadImage(const tempera_image& given, const char* what, Image* out);
// Of a mask's plane of bytes.
Status CheckMaskPlane(const void* mask, Size size, ptrdiff_t stride_bytes);
// `given` may be NULL: the defaults.
Status ReadFrameParams(const tempera_frame_params* given, FrameParams* out);

}  // namespace tempera::stylize
