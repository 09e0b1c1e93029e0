#include "live/timeline/timeline_frame.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "src/base/digest.h"

namespace tempera::live {
namespace {

// The first plane's, in bytes.
int PixelBytes(media::PixelFormat format) {
  switch (format) {
    case media::PixelFormat::kRgba:
    case media::PixelFormat::kBgra:
      return 4;
    case media::PixelFormat::kRgb:
      return 3;
    case media::PixelFormat::kNv12:
    case media::PixelFormat::kI420:
      break;
  }
  return 1;
}

void MirrorPlane(const media::Frame& from, media::Frame* to, int plane, int columns, int rows, int bytes) {
  for (int y = 0; y < rows; ++y) {
    const uint8_t* in = from.planes[plane] + ptrdiff_t{y} * from.stride_bytes[plane];
    uint8_t* out = to->planes[plane] + ptrdiff_t{y} * to->stride_bytes[plane] + ptrdiff_t{columns} * bytes;
    for (int x = 0; x < columns; ++x, in += bytes) std::copy_n(in, bytes, out -= bytes);
  }
}

}  // namespace

Result<media::Frame> Mirrored(const media::Frame& frame) {
  TEMPERA_ASSIGN_OR_RETURN(media::Frame out, media::Frame::AllocateLike(frame));
  MirrorPlane(frame, &out, 0, frame.width, frame.height, PixelBytes(frame.format));
  const int columns = (frame.width + 1) / 2, rows = (frame.height + 1) / 2;
  if (frame.format == media::PixelFormat::kNv12) MirrorPlane(frame, &out, 1, columns, rows, 2);
  if (frame.format == media::PixelFormat::kI420) {
    for (const int plane : {1, 2}) MirrorPlane(frame, &out, plane, columns, rows, 1);
  }
  return out;
}

uint32_t SumOf(const media::Frame& frame) {
  Digester digester;
  const size_t bytes = static_cast<size_t>(frame.width) * static_cast<size_t>(PixelBytes(frame.format));
  for (int y = 0; y < frame.height; y += 8)
    digester.Add(std::span(frame.planes[0] + ptrdiff_t{y} * frame.stride_bytes[0], bytes));
  return static_cast<uint32_t>(digester.digest().low);
}

}  // namespace tempera::live
