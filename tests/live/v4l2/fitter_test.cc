// Pictures fitted into a size: whole, between black bars, in the colours that are asked for.
#include "media/live/fitter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace tempera::media {
namespace {

Frame Flat(PixelFormat format, int width, int height, int y, int u, int v) {
  Frame frame = Frame::Allocate(format, width, height).value();
  frame.matrix = ColorMatrix::kBt709;
  for (int plane = 0; plane < (format == PixelFormat::kNv12 ? 2 : 3); ++plane) {
    const int lines = plane == 0 ? height : (height + 1) / 2;
    for (int line = 0; line < lines; ++line) {
      uint8_t* to = frame.planes[plane] + line * frame.stride_bytes[plane];
      const int bytes = plane == 0 ? width : (width + 1) / 2 * (format == PixelFormat::kNv12 ? 2 : 1);
      for (int x = 0; x < bytes; ++x) {
        const bool second = format == PixelFormat::kNv12 ? x % 2 == 1 : plane == 2;
        to[x] = static_cast<uint8_t>(plane == 0 ? y : second ? v : u);
      }
    }
  }
  return frame;
}

struct Pixel {
  int y, u, v;
};
Pixel At(const Frame& f, int x, int y) {
  return {f.planes[0][y * f.stride_bytes[0] + x], f.planes[1][y / 2 * f.stride_bytes[1] + x / 2],
          f.planes[2][y / 2 * f.stride_bytes[2] + x / 2]};
}
void ExpectNear(const Pixel& got, const Pixel& wanted, int most) {
  EXPECT_NEAR(got.y, wanted.y, most);
  EXPECT_NEAR(got.u, wanted.u, most);
  EXPECT_NEAR(got.v, wanted.v, most);
}
constexpr Pixel kBlack = {16, 128, 128};

TEST(FitterTest, BarsAtTheSides) {
  Fitter fitter(640, 360, ColorMatrix::kBt601);
  Frame in = Flat(PixelFormat::kI420, 320, 240, 100, 90, 160);
  in.matrix = ColorMatrix::kBt601;
  const auto out = fitter.Fit(in);
  ASSERT_TRUE(out.ok()) << out.status().message();
  ASSERT_EQ(out->width, 640);
  ASSERT_EQ(out->height, 360);
  EXPECT_EQ(out->format, PixelFormat::kI420);
  // 4:3 in 16:9: 480 columns, 80 to either side.
  for (const int y : {0, 180, 359}) {
    ExpectNear(At(*out, 0, y), kBlack, 0);
    ExpectNear(At(*out, 78, y), kBlack, 0);
    ExpectNear(At(*out, 82, y), {100, 90, 160}, 1);
    ExpectNear(At(*out, 557, y), {100, 90, 160}, 1);
    ExpectNear(At(*out, 561, y), kBlack, 0);
    ExpectNear(At(*out, 639, y), kBlack, 0);
  }
}

TEST(FitterTest, BarsAboveAndBelow) {
  Fitter fitter(640, 480, ColorMatrix::kBt709);
  Frame in = Flat(PixelFormat::kNv12, 1920, 1080, 100, 90, 160);
  const auto out = fitter.Fit(in);
  ASSERT_TRUE(out.ok()) << out.status().message();
  ExpectNear(At(*out, 320, 58), kBlack, 0);
  ExpectNear(At(*out, 0, 62), {100, 90, 160}, 1);
  ExpectNear(At(*out, 639, 417), {100, 90, 160}, 1);
  ExpectNear(At(*out, 320, 421), kBlack, 0);
}

TEST(FitterTest, WhatFitsIsHandedBack) {
  Fitter fitter(320, 240, ColorMatrix::kBt709);
  const Frame in = Flat(PixelFormat::kI420, 320, 240, 1, 2, 3);
  EXPECT_EQ(fitter.Fit(in)->planes[0], in.planes[0]);
}

TEST(FitterTest, RangeAndMatrixAreConverted) {
  Fitter fitter(64, 64, ColorMatrix::kBt709);
  Frame in = Flat(PixelFormat::kI420, 64, 64, 255, 128, 128);
  in.full_range = true;
  ExpectNear(At(*fitter.Fit(in), 32, 32), {235, 128, 128}, 1);
  // Red in BT.601, limited: 81, 90, 240; in BT.709: 63, 102, 240.
  in = Flat(PixelFormat::kI420, 64, 64, 81, 90, 240);
  in.matrix = ColorMatrix::kBt601;
  ExpectNear(At(*fitter.Fit(in), 32, 32), {63, 102, 240}, 2);
  // The same, in full range, as JPEG has it: 76, 85, 255.
  in = Flat(PixelFormat::kI420, 64, 64, 76, 85, 255);
  in.matrix = ColorMatrix::kBt601;
  in.full_range = true;
  ExpectNear(At(*fitter.Fit(in), 32, 32), {63, 102, 240}, 2);
}

TEST(FitterTest, ColoursAreConvertedWhileSizesAre) {
  Fitter fitter(128, 96, ColorMatrix::kBt709);
  for (const auto format : {PixelFormat::kI420, PixelFormat::kNv12}) {
    Frame in = Flat(format, 64, 48, 76, 85, 255);  // red as JPEG has it
    in.matrix = ColorMatrix::kBt601;
    in.full_range = true;
    const auto out = fitter.Fit(in);
    ASSERT_TRUE(out.ok()) << out.status().message();
    ExpectNear(At(*out, 64, 48), {63, 102, 240}, 2);
    EXPECT_EQ(out->matrix, ColorMatrix::kBt709);
    EXPECT_FALSE(out->full_range);
  }
}

TEST(FitterTest, SizesMayChangeAndBeOdd) {
  Fitter fitter(101, 57, ColorMatrix::kBt709);
  for (const auto& [width, height] :
       {std::pair(640, 360), {33, 77}, {1, 1}, {4001, 3}, {3, 1999}, {640, 360}}) {
    const auto out = fitter.Fit(Flat(PixelFormat::kI420, width, height, 200, 128, 128));
    ASSERT_TRUE(out.ok()) << width << "x" << height << ": " << out.status().message();
    EXPECT_EQ(out->width, 101);
    EXPECT_EQ(out->height, 57);
    EXPECT_NEAR(At(*out, 48, 26).y, 200, 2) << width << "x" << height;
  }
}

TEST(FitterTest, NoPixelsAreAnError) {
  Fitter fitter(64, 64, ColorMatrix::kBt709);
  EXPECT_FALSE(fitter.Fit(Frame()).ok());
}

}  // namespace
}  // namespace tempera::media
