// Raw pictures as PipeWire hands them over, to frames and back. No library of PipeWire's is needed here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "media/frame.h"
#include "src/base/status.h"

namespace tempera::live {

// kBgrx and kRgbx: the fourth byte is anything, transparency too.
enum class RawFormat { kI420, kNv12, kYuy2, kBgrx, kRgbx, kRgb };

const char* RawFormatName(RawFormat format);

// A block of memory that holds a plane, or the first of several that follow each other in it.
struct RawBlock {
  const uint8_t* data = nullptr;
  size_t bytes = 0;
  int stride_bytes = 0;  // 0: as GStreamer lays rows out (a multiple of 4)
};

struct RawPicture {
  RawFormat format = RawFormat::kI420;
  int width = 0, height = 0;
  RawBlock blocks[3];
  int block_count = 0;
  // Of I420, NV12 and YUY2.
  media::ColorMatrix matrix = media::ColorMatrix::kBt709;
  bool full_range = false;
};

struct RawRegion {
  int x = 0, y = 0, width = 0, height = 0;
};

// The region of the picture, as a frame of its own: NV12 stays so, all else becomes I420; RGB with BT.709 in
// limited range. A region that cuts shared chroma in two is moved up and left by a pixel. kInvalidArgument
// when the blocks are smaller than the picture says.
Result<media::Frame> FrameFromRaw(const RawPicture& picture, const RawRegion& region);

// Rows of a picture of this width, and all of it, laid out as every reader known expects it: one block,
// planes after each other, rows without gaps. Widths must be a multiple of 8 and heights of 2.
int RawStride(RawFormat format, int width);
size_t RawBytes(RawFormat format, int width, int height);
// A frame (I420 or NV12) of just that size and these colours, written as such. kRgb and kRgbx are not
// written.
void RawFromFrame(const media::Frame& frame, RawFormat format, uint8_t* out);

// As I420 of that size, scaled where it must be; with black bars where shapes differ by more than a fiftieth.
// BT.601, 709 or 2020, full or limited: converted to what is asked for. `frame` is I420, NV12 or any RGB.
Result<media::Frame> FitFrame(const media::Frame& frame, int width, int height, media::ColorMatrix matrix,
                              bool full_range);

}  // namespace tempera::live
