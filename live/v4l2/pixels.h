// Raw frames of cameras into I420 or NV12, and I420 into what loopback devices take. Private to live/v4l2/.
#pragma once

#include <cstddef>
#include <cstdint>

#include "media/frame.h"
#include "src/base/status.h"

struct v4l2_pix_format;

namespace tempera::live {

// How the pixels of a raw format lie in a buffer. Strides: bytes from one line to the next.
struct RawLayout {
  uint32_t fourcc = 0;
  int width = 0, height = 0;
  size_t stride = 0;         // of packed pixels, or of luma
  size_t chroma_stride = 0;  // of a plane of chroma; 0 where pixels are packed
  size_t bytes = 0;          // that a whole frame takes

  // From what a device answered; lines are never shorter than their pixels. False: no raw format that is
  // known here, or a size that no frame has.
  static bool From(const v4l2_pix_format& format, RawLayout* layout);
};

struct V4l2Colours {
  media::ColorMatrix matrix = media::ColorMatrix::kBt601;
  bool full_range = false;
  bool says_range = false;  // `full_range` is the driver's word, not the standard's default
};
// What the fields of a format mean, with the standard's defaults.
V4l2Colours ColoursOf(const v4l2_pix_format& format);

// A frame of its own pixels: NV12 stays what it is, the rest becomes I420; chroma of lines that share one is
// averaged. RGB becomes BT.709 in limited range; grey has no colour. `data` holds layout.bytes.
Result<media::Frame> FrameFromRaw(const RawLayout& layout, const V4l2Colours& colours, const uint8_t* data);

// An I420 frame of the layout's size into it: I420, YV12, NV12 or YUYV. What lies between lines stays.
void RawFromI420(const media::Frame& frame, const RawLayout& layout, uint8_t* data);

}  // namespace tempera::live
