#include "live/timeline/timeline_frame.h"

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

}  // namespace

uint32_t SumOf(const media::Frame& frame) {
  Digester digester;
  const size_t bytes = static_cast<size_t>(frame.width) * static_cast<size_t>(PixelBytes(frame.format));
  for (int y = 0; y < frame.height; y += 8)
    digester.Add(std::span(frame.planes[0] + ptrdiff_t{y} * frame.stride_bytes[0], bytes));
  return static_cast<uint32_t>(digester.digest().low);
}

}  // namespace tempera::live
