// Transparency of a film's pictures. Painters know no alpha in 4:2:0, so that it travels beside the pixels,
// as captions do, and meets the painting again where a format holds it. Private to media/.
#pragma once

#include "media/ffmpeg.h"

namespace tempera::media {

// Gives `frame` a plane of its own size, a byte a pixel: 0 is transparent.
Status SetAlphaPlane(const uint8_t* plane, int stride_bytes, AVFrame* frame);
// The plane, rows without gaps; nullptr where the frame has none.
const uint8_t* AlphaPlane(const AVFrame& frame);
// Both pictures share it, where there is one.
Status CopyAlphaPlane(const AVFrame& from, AVFrame* to);

// An I420 or NV12 picture with its plane, or opaque without, as YUVA 4:2:0. `frame` is of even or odd size.
Result<FramePtr> JoinAlpha(const AVFrame& frame);
// An RGB picture with the plane of `of`, as RGBA.
Result<FramePtr> JoinAlphaRgb(const AVFrame& rgb, const AVFrame& of);

}  // namespace tempera::media
