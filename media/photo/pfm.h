// Portable float maps, read here: FFmpeg 5.1 shows them upside down, later ones do not. Private to media/.
#pragma once

#include "media/ffmpeg.h"
#include "media/photo/bytes.h"

namespace tempera::media {

// Whether the file begins as one: "PF" (colours) or "Pf" (grey).
bool IsPfm(ByteSpan file);

// A frame of floats (GBRPF32, GRAYF32); rows that are not there are black, *damaged is then true.
Result<FramePtr> ReadPfm(ByteSpan file, bool* damaged);

}  // namespace tempera::media
