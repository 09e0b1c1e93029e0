#include "src/stylize/image_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "src/base/cpu.h"
#include "src/stylize/owned_image_for_test.h"

namespace tempera::stylize {
namespace {

struct Rows {
  std::vector<float> data;
  RgbRow row[2];
  explicit Rows(int width) : data(6 * static_cast<size_t>(width)) {
    float* p = data.data();
    for (RgbRow& r : row) r = {p, p + width, p + 2 * width}, p += 3 * width;
  }
};

std::vector<const PixelKernels*> AllKernels() {
  std::vector<const PixelKernels*> all;
  for (const CpuTarget& t : AvailableCpuTargets()) all.push_back(&kernels::ChoosePixelKernels(t.highway_bit));
  return all;
}

void CopyThroughFloats(const PixelKernels& kernels, const Image& in, const Image& out) {
  Rows rows(in.width);
  for (int y = 0; y < in.height; y += 2) {
    const int count = std::min(2, in.height - y);
    for (int i = 0; i < count; ++i) ReadRow(kernels, in, y + i, rows.row[i]);
    WriteRows(kernels, out, y, count, rows.row);
    for (int i = 0; HasAlpha(out.format) && i < count; ++i) WriteAlpha(in, out, y + i, 0, in.width);
  }
}

TEST(ImageRows, ReadThenWriteChangesNothing) {
  std::mt19937 random(7);
  for (PixelFormat format : kFormats) {
    for (Matrix matrix : {Matrix::kBt709, Matrix::kBt601, Matrix::kBt2020}) {
      for (bool full : {false, true}) {
        for (auto [w, h] : {std::pair{1, 1}, {2, 3}, {17, 5}, {64, 8}}) {
          OwnedImage in(format, w, h, matrix, full), out(format, w, h, matrix, full, true);
          in.Fill(random);
          for (const PixelKernels* kernels : AllKernels()) {
            CopyThroughFloats(*kernels, in.image, out.image);
            EXPECT_EQ(in.Pixels(), out.Pixels())
                << "format " << static_cast<int>(format) << " " << w << "x" << h << " matrix "
                << static_cast<int>(matrix) << " full " << full;
            EXPECT_TRUE(out.GapsIntact());
            out.ForEachByte([](uint8_t& b) { b = 0; });
          }
        }
      }
    }
  }
}

// Every code of ten bits goes there and back, by way of the other layout and, where it holds them, the other
// range.
TEST(ImageRows, TenBitsKeepTheirPrecision) {
  for (const PixelKernels* kernels : AllKernels()) {
    OwnedImage low(PixelFormat::kI010, 1024, 2), high(PixelFormat::kP010, 1024, 2),
        back(PixelFormat::kI010, 1024, 2), full(PixelFormat::kP010, 1024, 2, Matrix::kBt709, true);
    for (int x = 0; x < 1024; ++x) {
      const auto code = static_cast<uint16_t>(x), grey = uint16_t{512};
      for (int y = 0; y < 2; ++y) std::memcpy(low.image.Row(0, y) + 2 * x, &code, 2);
      for (int p = 1; p < 3; ++p) std::memcpy(low.image.Row(p, 0) + x / 2 * 2, &grey, 2);
    }
    CopyThroughFloats(*kernels, low.image, high.image);
    for (int x = 0; x < 1024; ++x) ASSERT_EQ(high.CodeAt(0, 1, x), x);
    CopyThroughFloats(*kernels, high.image, back.image);
    EXPECT_EQ(back.bytes, low.bytes);
    CopyThroughFloats(*kernels, low.image, full.image);
    for (int x = 64; x <= 940; ++x) ASSERT_NEAR(full.CodeAt(0, 0, x), (x - 64) * 1023.0 / 876, 0.501);
    CopyThroughFloats(*kernels, full.image, back.image);
    for (int x = 64; x <= 940; ++x) ASSERT_EQ(back.CodeAt(0, 0, x), x);
  }
}

// What one format shows, every other shows too, whatever its matrix, range and depth.
TEST(ImageRows, ColoursSurviveEveryChangeOfCoding) {
  OwnedImage rgb(PixelFormat::kRgb, 4, 4), back(PixelFormat::kRgb, 4, 4);
  const uint8_t blocks[4][3] = {{200, 40, 90}, {30, 160, 60}, {70, 80, 220}, {128, 128, 128}};
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 12; ++x) rgb.image.Row(0, y)[x] = blocks[y / 2 * 2 + x / 6][x % 3];
  }
  for (PixelFormat first : kFormats) {
    for (PixelFormat second : kFormats) {
      for (int coding = 0; coding < 9; ++coding) {
        OwnedImage a(first, 4, 4, static_cast<Matrix>(coding % 3), coding % 2 == 0);
        OwnedImage b(second, 4, 4, static_cast<Matrix>(coding / 3), coding > 4, true);
        CopyImage(*AllKernels()[0], rgb.image, a.image);
        CopyImage(*AllKernels()[0], a.image, b.image);
        CopyImage(*AllKernels()[0], b.image, back.image);
        const std::vector<uint8_t> expected = rgb.Pixels(), got = back.Pixels();
        for (size_t i = 0; i < expected.size(); ++i) {
          ASSERT_NEAR(got[i], expected[i], 3) << static_cast<int>(first) << " to " << static_cast<int>(second)
                                              << " coding " << coding << " @" << i;
        }
      }
    }
  }
}

TEST(ImageRows, KnownColours) {
  struct Case {
    Matrix matrix;
    bool full;
    uint8_t r, g, b, y, u, v;
  };
  // Codes from the recommendations' equations (BT.601-7 2.5, BT.709-6 3, BT.2020-2 table 4).
  const Case cases[] = {
      {Matrix::kBt709, false, 255, 0, 0, 63, 102, 240},      {Matrix::kBt709, false, 0, 255, 0, 173, 42, 26},
      {Matrix::kBt601, false, 255, 0, 0, 81, 90, 240},       {Matrix::kBt601, false, 0, 0, 255, 41, 240, 110},
      {Matrix::kBt601, true, 0, 0, 255, 29, 255, 107},       {Matrix::kBt2020, false, 255, 0, 0, 74, 97, 240},
      {Matrix::kBt709, false, 255, 255, 255, 235, 128, 128}, {Matrix::kBt709, true, 0, 0, 0, 0, 128, 128}};
  for (const Case& c : cases) {
    for (PixelFormat format : {PixelFormat::kNv12, PixelFormat::kI420}) {
      OwnedImage rgb(PixelFormat::kRgb, 2, 2), yuv(format, 2, 2, c.matrix, c.full),
          back(PixelFormat::kRgb, 2, 2);
      for (int y = 0; y < 2; ++y) {
        for (int x = 0; x < 2; ++x) {
          uint8_t* p = rgb.image.Row(0, y) + 3 * x;
          p[0] = c.r, p[1] = c.g, p[2] = c.b;
        }
      }
      CopyThroughFloats(*AllKernels()[0], rgb.image, yuv.image);
      EXPECT_EQ(yuv.image.planes[0][0], c.y);
      EXPECT_EQ(yuv.image.planes[1][0], c.u);
      EXPECT_EQ(format == PixelFormat::kNv12 ? yuv.image.planes[1][1] : yuv.image.planes[2][0], c.v);
      CopyThroughFloats(*AllKernels()[0], yuv.image, back.image);
      EXPECT_NEAR(back.image.planes[0][0], c.r, 2);
      EXPECT_NEAR(back.image.planes[0][1], c.g, 2);
      EXPECT_NEAR(back.image.planes[0][2], c.b, 2);
    }
  }
}

TEST(ImageRows, AlphaIsCopiedOrOpaque) {
  OwnedImage rgba(PixelFormat::kRgba, 3, 2), bgra(PixelFormat::kBgra, 3, 2), rgb(PixelFormat::kRgb, 3, 2);
  uint8_t n = 0;
  rgba.ForEachByte([&](uint8_t& b) { b = n++; });
  CopyThroughFloats(*AllKernels()[0], rgba.image, bgra.image);
  EXPECT_EQ(bgra.image.planes[0][0], 2);
  EXPECT_EQ(bgra.image.planes[0][2], 0);
  EXPECT_EQ(bgra.image.planes[0][3], 3);
  CopyThroughFloats(*AllKernels()[0], rgba.image, rgb.image);
  CopyThroughFloats(*AllKernels()[0], rgb.image, rgba.image);
  EXPECT_EQ(rgba.image.planes[0][3], 255);
  EXPECT_TRUE(rgba.GapsIntact() && bgra.GapsIntact() && rgb.GapsIntact());
}

TEST(ImageRows, WildNumbersAreTamed) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const float wild[6] = {nan, inf, -inf, 254.5f, 0.49f, 1e30f};
  const uint8_t tamed[6] = {0, 255, 0, 255, 0, 255};
  for (PixelFormat format : {PixelFormat::kRgb, PixelFormat::kRgba, PixelFormat::kI420}) {
    constexpr int kWidth = 6 * 7;  // whole vectors, and a rest
    OwnedImage out(format, kWidth, 1, Matrix::kBt709, true);
    Rows rows(kWidth);
    for (int i = 0; i < kWidth; ++i) {
      rows.row[0].r[i] = rows.row[0].g[i] = rows.row[0].b[i] = wild[i % 6];
    }
    const int step = format == PixelFormat::kRgb ? 3 : format == PixelFormat::kRgba ? 4 : 1;
    for (const PixelKernels* kernels : AllKernels()) {
      WriteRows(*kernels, out.image, 0, 1, rows.row);
      EXPECT_TRUE(out.GapsIntact());
      for (int i = 0; i < kWidth; ++i) {
        EXPECT_EQ(out.image.planes[0][step * i], tamed[i % 6])
            << "format " << static_cast<int>(format) << " @" << i;
      }
    }
  }
}

}  // namespace
}  // namespace tempera::stylize
