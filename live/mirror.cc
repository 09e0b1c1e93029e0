#include "live/mirror.h"

#include <algorithm>

namespace tempera::live {
namespace {

void MirrorRow(const uint8_t* from, uint8_t* to, int n) { std::reverse_copy(from, from + n, to); }

void MirrorPairs(const uint8_t* from, uint8_t* to, int pairs) {
  for (int x = 0; x < pairs; ++x) {
    to[2 * x] = from[2 * (pairs - 1 - x)];
    to[2 * x + 1] = from[2 * (pairs - 1 - x) + 1];
  }
}

}  // namespace

Result<media::Frame> Mirrored(const media::Frame& frame) {
  const bool nv12 = frame.format == media::PixelFormat::kNv12;
  if (!nv12 && frame.format != media::PixelFormat::kI420)
    return InvalidArgument("only I420 and NV12 frames are mirrored");
  TEMPERA_ASSIGN_OR_RETURN(media::Frame out, media::Frame::Allocate(frame.format, frame.width, frame.height));
  out.matrix = frame.matrix;
  out.full_range = frame.full_range;
  out.pts = frame.pts;
  out.pts_us = frame.pts_us;
  out.duration = frame.duration;
  const int half_w = (frame.width + 1) / 2, half_h = (frame.height + 1) / 2;
  for (int plane = 0; plane < (nv12 ? 2 : 3); ++plane) {
    for (int y = 0; y < (plane == 0 ? frame.height : half_h); ++y) {
      const uint8_t* from = frame.planes[plane] + static_cast<std::ptrdiff_t>(y) * frame.stride_bytes[plane];
      uint8_t* to = out.planes[plane] + static_cast<std::ptrdiff_t>(y) * out.stride_bytes[plane];
      if (plane == 0) {
        MirrorRow(from, to, frame.width);
      } else if (nv12) {
        MirrorPairs(from, to, half_w);
      } else {
        MirrorRow(from, to, half_w);
      }
    }
  }
  return out;
}

}  // namespace tempera::live
