// Between Frame, which the rest of the house sees, and AVFrame. Private to media/.
#pragma once

#include "media/ffmpeg.h"
#include "media/frame.h"

namespace tempera::media {

AVPixelFormat ToAvFormat(PixelFormat format);

// Takes the AVFrame over; it must be in one of PixelFormat's layouts (yuvj420p counts as I420).
Frame WrapAvFrame(FramePtr av);

// The frame for FFmpeg: pixels are shared where this room made them, else copied.
Result<FramePtr> ToAvFrame(const Frame& frame);

// The matrix of a YUV picture; where the file is silent, the one players assume for the size.
ColorMatrix MatrixOf(const AVFrame& av);

}  // namespace tempera::media
