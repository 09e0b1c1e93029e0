#include "live/window/pixels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>

namespace tempera::live {
namespace {

media::Frame Noise(media::PixelFormat format, int width, int height, unsigned seed) {
  media::Frame frame = media::Frame::Allocate(format, width, height).value();
  std::mt19937 random(seed);
  const int planes = format == media::PixelFormat::kNv12 ? 2 : 3;
  for (int p = 0; p < planes; ++p) {
    const int rows = p == 0 ? height : (height + 1) / 2;
    for (int y = 0; y < rows; ++y) {
      for (int x = 0; x < frame.stride_bytes[p]; ++x)
        frame.planes[p][y * frame.stride_bytes[p] + x] = static_cast<uint8_t>(random());
    }
  }
  return frame;
}

// In doubles, from the matrix's definition.
void Expected(const YuvView& v, int x, int y, double rgb[3]) {
  double kr = 0.2126, kb = 0.0722;
  if (v.matrix == media::ColorMatrix::kBt601) kr = 0.299, kb = 0.114;
  if (v.matrix == media::ColorMatrix::kBt2020) kr = 0.2627, kb = 0.0593;
  const double luma = (v.y[y * v.y_stride + x] - (v.full_range ? 0 : 16)) / (v.full_range ? 255.0 : 219.0);
  const double scale = v.full_range ? 255.0 : 224.0;
  const double cb = (v.u[y / 2 * v.u_stride + x / 2 * v.chroma_step] - 128) / scale;
  const double cr = (v.v[y / 2 * v.v_stride + x / 2 * v.chroma_step] - 128) / scale;
  const double r = luma + 2 * (1 - kr) * cr, b = luma + 2 * (1 - kb) * cb;
  const double g = (luma - kr * r - kb * b) / (1 - kr - kb);
  const double values[3] = {r, g, b};
  for (int i = 0; i < 3; ++i) rgb[i] = std::clamp(255 * values[i], 0.0, 255.0);
}

TEST(Pixels, EveryMatrixAndRangeWithinOneLevel) {
  for (const auto format : {media::PixelFormat::kI420, media::PixelFormat::kNv12}) {
    for (const auto matrix :
         {media::ColorMatrix::kBt601, media::ColorMatrix::kBt709, media::ColorMatrix::kBt2020}) {
      for (const bool full : {false, true}) {
        media::Frame frame = Noise(format, 523, 37, 7);
        frame.matrix = matrix;
        frame.full_range = full;
        YuvView view;
        ASSERT_TRUE(ViewOf(frame, &view));
        std::vector<uint32_t> out(523 * 37);
        ToRgb(view, 0, 523, out.data(), 523);
        for (int y = 0; y < 37; ++y) {
          for (int x = 0; x < 523; ++x) {
            double want[3];
            Expected(view, x, y, want);
            const uint32_t got = out[static_cast<size_t>(y * 523 + x)];
            for (int i = 0; i < 3; ++i)
              ASSERT_NEAR(got >> (16 - 8 * i) & 255, want[i], 1.01)
                  << "at " << x << ", " << y << " colour " << i;
            ASSERT_EQ(got >> 24, 255u);
          }
        }
      }
    }
  }
}

TEST(Pixels, ColumnsAreLeftAlone) {
  const media::Frame frame = Noise(media::PixelFormat::kI420, 64, 8, 3);
  YuvView view;
  ASSERT_TRUE(ViewOf(frame, &view));
  std::vector<uint32_t> whole(64 * 8), part(64 * 8, 1);
  ToRgb(view, 0, 64, whole.data(), 64);
  ToRgb(view, 20, 44, part.data(), 64);
  for (int i = 0; i < 64 * 8; ++i) {
    const bool inside = i % 64 >= 20 && i % 64 < 44;
    EXPECT_EQ(part[static_cast<size_t>(i)], inside ? whole[static_cast<size_t>(i)] : 1u) << i;
  }
}

TEST(Pixels, HalvesToMeansAndNoFurtherThanAsked) {
  for (const auto format : {media::PixelFormat::kI420, media::PixelFormat::kNv12}) {
    const media::Frame frame = Noise(format, 101, 67, 5);
    YuvView view;
    ASSERT_TRUE(ViewOf(frame, &view));
    std::vector<uint8_t> storage;
    EXPECT_EQ(Reduced(view, 60, 30, &storage).width, 101);
    const YuvView half = Reduced(view, 50, 33, &storage);
    ASSERT_EQ(half.width, 51);
    ASSERT_EQ(half.height, 34);
    const auto at = [&](int x, int y) { return int{view.y[y * view.y_stride + x]}; };
    EXPECT_EQ(half.y[3 * half.y_stride + 7], (at(14, 6) + at(15, 6) + at(14, 7) + at(15, 7) + 2) / 4);
    EXPECT_EQ(half.y[50], (at(100, 0) + at(100, 1) + 1) / 2);
    const auto cb = [&](int x, int y) { return int{view.u[y * view.u_stride + x * view.chroma_step]}; };
    EXPECT_EQ(half.u[2 * half.u_stride + 4], (cb(8, 4) + cb(9, 4) + cb(8, 5) + cb(9, 5) + 2) / 4);
    const YuvView quarter = Reduced(view, 20, 15, &storage);
    EXPECT_EQ(quarter.width, 26);
    EXPECT_EQ(quarter.height, 17);
  }
}

TEST(Pixels, OtherFormatsAreRefused) {
  YuvView view;
  EXPECT_FALSE(ViewOf(media::Frame::Allocate(media::PixelFormat::kRgba, 8, 8).value(), &view));
  EXPECT_FALSE(ViewOf(media::Frame(), &view));
}

}  // namespace
}  // namespace tempera::live
