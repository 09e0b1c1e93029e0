// For tests: a painter without a network.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <new>

#include "cli/painter.h"
#include "media/frame.h"

namespace tempera::cli {

// Films: luma negated, chroma as it is. Pictures of one plane: as they are. Counts, can fail or throw at a
// frame, or raise an interrupt; two frames at once would be seen.
class FakePainter final : public Painter {
 public:
  Status Paint(const media::Frame& in, media::Frame* out) override {
    EXPECT_FALSE(busy_.exchange(true)) << "two pictures at once";
    ++frames;
    if (follows_reset) {
      EXPECT_EQ(resets, frames) << "a picture follows from the one before";
    }
    if (interrupt && frames == interrupt_at) *interrupt = true;
    if (meanwhile) meanwhile();
    const bool planar = in.format == media::PixelFormat::kI420;
    const int bytes = in.format == media::PixelFormat::kRgba ? 4 : 3;
    if (!planar) {
      EXPECT_EQ(in.format, out->format);
    }
    for (int plane = 0; plane < (planar ? 3 : 1); ++plane) {
      const int rows = plane ? (in.height + 1) / 2 : in.height;
      const int columns = plane ? (in.width + 1) / 2 : planar ? in.width : bytes * in.width;
      for (int y = 0; y < rows; ++y) {
        const uint8_t* from = in.planes[plane] + ptrdiff_t{y} * in.stride_bytes[plane];
        uint8_t* to = out->planes[plane] + ptrdiff_t{y} * out->stride_bytes[plane];
        const bool negate = planar && plane == 0;
        for (int x = 0; x < columns; ++x) to[x] = negate ? static_cast<uint8_t>(255 - from[x]) : from[x];
      }
    }
    busy_ = false;
    if (frames == throw_at) throw std::bad_alloc();
    if (frames == fail_at) return OutOfMemory("the painter ran out of paint");
    return OkStatus();
  }
  Status Reset() override {
    ++resets;
    return OkStatus();
  }

  int frames = 0, resets = 0, fail_at = -1, throw_at = -1, interrupt_at = -1;
  bool follows_reset = false;  // whether Reset must come before each Paint, once
  std::atomic<bool>* interrupt = nullptr;
  std::function<void()> meanwhile = {};  // happens while a frame is painted

 private:
  std::atomic<bool> busy_{false};
};

}  // namespace tempera::cli
