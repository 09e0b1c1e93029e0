#include "live/pipewire/raw_video.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <vector>

namespace tempera::live {
namespace {

using media::ColorMatrix;
using media::Frame;
using media::PixelFormat;

std::vector<uint8_t> Noise(size_t bytes) {
  std::vector<uint8_t> noise(bytes);
  uint32_t state = 12345;
  for (uint8_t& byte : noise) byte = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return noise;
}

RawPicture Picture(RawFormat format, int width, int height, const std::vector<uint8_t>& bytes, int stride) {
  RawPicture picture;
  picture.format = format;
  picture.width = width;
  picture.height = height;
  picture.block_count = 1;
  picture.blocks[0] = {bytes.data(), bytes.size(), stride};
  return picture;
}

uint8_t At(const Frame& frame, int plane, int x, int y) {
  return frame.planes[plane][static_cast<ptrdiff_t>(frame.stride_bytes[plane]) * y + x];
}

Frame Grey(PixelFormat format, int width, int height, uint8_t luma) {
  Frame frame = Frame::Allocate(format, width, height).value();
  for (int plane = 0; plane < (format == PixelFormat::kNv12 ? 2 : 3); ++plane) {
    for (int y = 0; y < (plane ? (height + 1) / 2 : height); ++y)
      std::memset(
          frame.planes[plane] + static_cast<ptrdiff_t>(frame.stride_bytes[plane]) * y, plane ? 128 : luma,
          static_cast<size_t>(plane && format != PixelFormat::kNv12 ? (width + 1) / 2 : width + width % 2));
  }
  return frame;
}

TEST(RawVideo, OddSizesAreReadInBothLayouts) {
  // 5x3: halved: luma 6 * 3, chroma 3 * 2 each. GStreamer: luma 8 * 4, chroma 4 * 2 each.
  const std::vector<uint8_t> halved = Noise(18 + 6 + 6), gstreamer = Noise(32 + 8 + 8);
  const auto a = FrameFromRaw(Picture(RawFormat::kI420, 5, 3, halved, 6), {0, 0, 5, 3});
  const auto b = FrameFromRaw(Picture(RawFormat::kI420, 5, 3, gstreamer, 8), {0, 0, 5, 3});
  const auto c = FrameFromRaw(Picture(RawFormat::kI420, 5, 3, gstreamer, 0), {0, 0, 5, 3});
  ASSERT_TRUE(a.ok() && b.ok() && c.ok());
  EXPECT_EQ(At(*a, 0, 4, 2), halved[6 * 2 + 4]);
  EXPECT_EQ(At(*a, 1, 2, 1), halved[18 + 3 + 2]);
  EXPECT_EQ(At(*a, 2, 2, 1), halved[24 + 3 + 2]);
  for (const Frame* frame : {&*b, &*c}) {
    EXPECT_EQ(At(*frame, 0, 4, 2), gstreamer[8 * 2 + 4]);
    EXPECT_EQ(At(*frame, 1, 2, 1), gstreamer[32 + 4 + 2]);
    EXPECT_EQ(At(*frame, 2, 2, 1), gstreamer[40 + 4 + 2]);
  }
}

TEST(RawVideo, ABufferThatIsTooSmallIsRefused) {
  for (const RawFormat format : {RawFormat::kI420, RawFormat::kNv12, RawFormat::kYuy2, RawFormat::kBgrx,
                                 RawFormat::kRgbx, RawFormat::kRgb}) {
    const int stride = RawStride(format, 16);
    std::vector<uint8_t> bytes = Noise(RawBytes(format, 16, 8));
    EXPECT_TRUE(FrameFromRaw(Picture(format, 16, 8, bytes, stride), {0, 0, 16, 8}).ok());
    bytes.pop_back();
    bytes.shrink_to_fit();
    EXPECT_FALSE(FrameFromRaw(Picture(format, 16, 8, bytes, stride), {0, 0, 16, 8}).ok());
    EXPECT_FALSE(FrameFromRaw(Picture(format, 16, 8, bytes, stride - 1), {0, 0, 16, 8}).ok());
    EXPECT_FALSE(FrameFromRaw(Picture(format, 16, 8, bytes, -stride), {0, 0, 16, 8}).ok());
    EXPECT_FALSE(FrameFromRaw(Picture(format, 16, 8, bytes, 0x7fffffff), {0, 0, 16, 8}).ok());
  }
  const std::vector<uint8_t> bytes = Noise(RawBytes(RawFormat::kI420, 16, 8));
  RawPicture two = Picture(RawFormat::kI420, 16, 8, bytes, 16);
  two.block_count = 2;
  EXPECT_FALSE(FrameFromRaw(two, {0, 0, 16, 8}).ok());
  const RawPicture whole = Picture(RawFormat::kI420, 16, 8, bytes, 16);
  for (const RawRegion& region : {RawRegion{-1, 0, 4, 4}, RawRegion{0, 0, 0, 4}, RawRegion{8, 0, 9, 4},
                                  RawRegion{0, 2, 4, 7}, RawRegion{0x7fffffff, 0, 0x7fffffff, 4}})
    EXPECT_FALSE(FrameFromRaw(whole, region).ok());
}

TEST(RawVideo, ARegionKeepsItsChroma) {
  const std::vector<uint8_t> bytes = Noise(RawBytes(RawFormat::kNv12, 16, 8));
  const auto frame = FrameFromRaw(Picture(RawFormat::kNv12, 16, 8, bytes, 16), {5, 3, 6, 4});
  ASSERT_TRUE(frame.ok());
  EXPECT_EQ(frame->format, PixelFormat::kNv12);
  EXPECT_EQ(frame->width, 6);
  EXPECT_EQ(At(*frame, 0, 0, 0), bytes[16 * 2 + 4]);
  EXPECT_EQ(At(*frame, 1, 1, 1), bytes[16 * 8 + 16 * 2 + 4 + 1]);
}

TEST(RawVideo, PlanesInBlocksOfTheirOwn) {
  const std::vector<uint8_t> y = Noise(20 * 4), cb = Noise(9 * 2), cr = Noise(10 * 2);
  RawPicture picture = Picture(RawFormat::kI420, 16, 4, y, 20);
  picture.block_count = 3;
  picture.blocks[1] = {cb.data(), cb.size(), 9};
  picture.blocks[2] = {cr.data(), cr.size(), 10};
  const auto frame = FrameFromRaw(picture, {0, 0, 16, 4});
  ASSERT_TRUE(frame.ok());
  EXPECT_EQ(At(*frame, 0, 15, 3), y[20 * 3 + 15]);
  EXPECT_EQ(At(*frame, 1, 7, 1), cb[9 + 7]);
  EXPECT_EQ(At(*frame, 2, 7, 1), cr[10 + 7]);
}

TEST(RawVideo, WhatIsWrittenIsReadAgain) {
  const std::vector<uint8_t> bytes = Noise(RawBytes(RawFormat::kI420, 24, 6));
  const Frame frame = FrameFromRaw(Picture(RawFormat::kI420, 24, 6, bytes, 24), {0, 0, 24, 6}).value();
  for (const RawFormat format : {RawFormat::kI420, RawFormat::kNv12, RawFormat::kYuy2}) {
    std::vector<uint8_t> written(RawBytes(format, 24, 6));
    RawFromFrame(frame, format, written.data());
    const auto back = FrameFromRaw(Picture(format, 24, 6, written, RawStride(format, 24)), {0, 0, 24, 6});
    ASSERT_TRUE(back.ok());
    std::vector<uint8_t> again(bytes.size());
    RawFromFrame(*back, RawFormat::kI420, again.data());
    EXPECT_EQ(again, bytes) << RawFormatName(format);
  }
}

TEST(RawVideo, ColoursOfRgb) {
  // Pure colours as BT.709 has them in limited range.
  const struct {
    uint8_t red, green, blue;
    int y, cb, cr;
  } kColours[] = {{255, 255, 255, 235, 128, 128},
                  {0, 0, 0, 16, 128, 128},
                  {255, 0, 0, 63, 102, 240},
                  {0, 255, 0, 173, 42, 26},
                  {0, 0, 255, 32, 240, 118}};
  for (const auto& colour : kColours) {
    for (const RawFormat format : {RawFormat::kBgrx, RawFormat::kRgbx, RawFormat::kRgb}) {
      const size_t step = format == RawFormat::kRgb ? 3 : 4;
      std::vector<uint8_t> bytes(step * 4 * 2, 77);
      for (size_t i = 0; i < bytes.size(); i += step) {
        bytes[i] = format == RawFormat::kBgrx ? colour.blue : colour.red;
        bytes[i + 1] = colour.green;
        bytes[i + 2] = format == RawFormat::kBgrx ? colour.red : colour.blue;
      }
      const auto frame = FrameFromRaw(Picture(format, 4, 2, bytes, static_cast<int>(step * 4)), {1, 0, 3, 2});
      ASSERT_TRUE(frame.ok());
      EXPECT_NEAR(At(*frame, 0, 2, 1), colour.y, 1);
      EXPECT_NEAR(At(*frame, 1, 1, 0), colour.cb, 1);
      EXPECT_NEAR(At(*frame, 2, 1, 0), colour.cr, 1);
      std::vector<uint8_t> back(RawBytes(RawFormat::kBgrx, 2, 2));
      Frame two = *frame;
      two.width = 2;
      RawFromFrame(two, RawFormat::kBgrx, back.data());
      EXPECT_NEAR(back[0], colour.blue, 2);
      EXPECT_NEAR(back[1], colour.green, 2);
      EXPECT_NEAR(back[2], colour.red, 2);
    }
  }
}

TEST(FitFrame, GreyStaysGreyAtAnySize) {
  for (const PixelFormat format : {PixelFormat::kI420, PixelFormat::kNv12}) {
    for (const auto& [width, height] : {std::pair(641, 361), {320, 180}, {1280, 720}, {333, 187}}) {
      const auto fitted = FitFrame(Grey(format, 640, 360, 200), width, height, ColorMatrix::kBt709, false);
      ASSERT_TRUE(fitted.ok());
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) ASSERT_EQ(At(*fitted, 0, x, y), 200);
      for (int y = 0; y < (height + 1) / 2; ++y)
        for (int x = 0; x < (width + 1) / 2; ++x) ASSERT_EQ(At(*fitted, 2, x, y), 128);
    }
  }
}

TEST(FitFrame, AnotherShapeGetsBars) {
  const auto fitted = FitFrame(Grey(PixelFormat::kI420, 480, 480, 200), 640, 360, ColorMatrix::kBt709, false);
  ASSERT_TRUE(fitted.ok());
  EXPECT_EQ(At(*fitted, 0, 0, 180), 16);
  EXPECT_EQ(At(*fitted, 0, 639, 180), 16);
  EXPECT_EQ(At(*fitted, 0, 320, 0), 200);
  EXPECT_EQ(At(*fitted, 0, 141, 180), 200);
  EXPECT_EQ(At(*fitted, 0, 139, 180), 16);
  EXPECT_EQ(At(*fitted, 1, 0, 0), 128);
}

TEST(FitFrame, OtherColoursAreConverted) {
  // Full-range BT.601 red, as JPEG has it: 76, 85, 255. In limited BT.709: 63, 102, 240.
  Frame frame = Grey(PixelFormat::kI420, 16, 16, 76);
  for (int y = 0; y < 8; ++y) {
    std::memset(frame.planes[1] + static_cast<ptrdiff_t>(frame.stride_bytes[1]) * y, 85, 8);
    std::memset(frame.planes[2] + static_cast<ptrdiff_t>(frame.stride_bytes[2]) * y, 255, 8);
  }
  frame.matrix = ColorMatrix::kBt601;
  frame.full_range = true;
  const auto fitted = FitFrame(frame, 16, 16, ColorMatrix::kBt709, false);
  ASSERT_TRUE(fitted.ok());
  EXPECT_NEAR(At(*fitted, 0, 8, 8), 63, 2);
  EXPECT_NEAR(At(*fitted, 1, 4, 4), 102, 2);
  EXPECT_NEAR(At(*fitted, 2, 4, 4), 240, 2);
}

}  // namespace
}  // namespace tempera::live
