// One moment of a video: pixels and time.
#pragma once

#include <cstdint>
#include <memory>

#include "src/base/status.h"

struct AVFrame;

namespace tempera::media {

enum class PixelFormat { kRgba = 0, kBgra = 1, kRgb = 2, kNv12 = 3, kI420 = 4 };
enum class ColorMatrix { kBt709 = 0, kBt601 = 1, kBt2020 = 2 };

// Pixels are shared by copies of a frame and live until the last one goes. A frame that came from a
// reader is read-only (the decoder may still predict from it); one from Allocate may be written.
struct Frame {
  PixelFormat format = PixelFormat::kI420;
  int width = 0;   // pixels
  int height = 0;  // pixels
  uint8_t* planes[3] = {};
  int stride_bytes[3] = {};
  ColorMatrix matrix = ColorMatrix::kBt709;  // of NV12 and I420
  bool full_range = false;                   // of NV12 and I420: luma 0..255, not 16..235
  int64_t pts = 0;                           // in ticks of the reader's time base, from 0
  int64_t pts_us = 0;                        // the same in microseconds
  int64_t duration = 0;                      // in ticks; 0 when the file does not say
  std::shared_ptr<void> storage;             // what the pixels live in, whoever made them
  // The same pixels as FFmpeg's frame, with all that belongs to it, where this room made them: it lives in
  // `storage`. nullptr for a frame made elsewhere (a camera's, a plugin's).
  const AVFrame* av = nullptr;

  // New pixels, uninitialised.
  static Result<Frame> Allocate(PixelFormat format, int width, int height);
  // Format, size, colours, time, captions and film's transparency of another frame, pixels of its own.
  static Result<Frame> AllocateLike(const Frame& other);
};

}  // namespace tempera::media
