// Pictures in floating point, whose numbers count light (OpenEXR, PFM). Private to media/.
#pragma once

#include "media/ffmpeg.h"

namespace tempera::media {

bool IsFloatPicture(const AVFrame& frame);

// RGB24, or RGBA where there is alpha, with sRGB's curve; alpha, which is multiplied in there, is divided
// out. Light above white is cut: *cut says whether there was some.
Result<FramePtr> FloatToRgb(const AVFrame& frame, bool* cut);

}  // namespace tempera::media
