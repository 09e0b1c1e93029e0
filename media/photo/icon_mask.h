// The transparency of old icons: a mask of one bit a pixel behind the colours (Windows' AND mask). Private to
// media/.
#pragma once

#include "media/ffmpeg.h"
#include "media/photo/bytes.h"

namespace tempera::media {

// `bmp`: one picture of an icon as FFmpeg's demuxer hands it on, a BMP file with the mask at its end. Where
// that hides a pixel, the frame becomes RGBA; otherwise, and for pictures with an alpha of their own, it is
// handed through.
Result<FramePtr> WithIconMask(FramePtr frame, ByteSpan bmp);

}  // namespace tempera::media
