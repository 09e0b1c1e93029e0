#include "src/stylize/pixels.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "src/base/cpu.h"

namespace tempera::stylize {
namespace {

// An image with its memory, strides wider than rows, canaries in the gaps.
struct Owned {
  tempera_image image = {};
  std::vector<uint8_t> bytes;
  static constexpr uint8_t kCanary = 0xA5;

  Owned(tempera_pixel_format format, int width, int height, tempera_matrix matrix = TEMPERA_MATRIX_BT709,
        bool full = false) {
    image.format = format;
    image.width = width;
    image.height = height;
    image.matrix = matrix;
    image.range = full ? TEMPERA_RANGE_FULL : TEMPERA_RANGE_LIMITED;
    const int half = (width + 1) / 2, half_rows = (height + 1) / 2;
    int row[3] = {4 * width, 0, 0}, rows[3] = {height, half_rows, half_rows};
    if (format == TEMPERA_RGB) row[0] = 3 * width;
    if (IsSubsampled(format)) row[0] = width, row[1] = format == TEMPERA_NV12 ? 2 * half : half;
    if (format == TEMPERA_I420) row[2] = half;
    size_t total = 0, offset[3] = {};
    for (int p = 0; p < 3; ++p) {
      if (row[p] == 0) continue;
      image.stride_bytes[p] = row[p] + 5;
      offset[p] = total;
      total += static_cast<size_t>(rows[p]) * static_cast<size_t>(image.stride_bytes[p]);
    }
    bytes.assign(total, kCanary);
    for (int p = 0; p < 3; ++p) image.planes[p] = row[p] ? bytes.data() + offset[p] : nullptr;
    row_bytes_[0] = row[0], row_bytes_[1] = row[1], row_bytes_[2] = row[2];
    rows_[0] = rows[0], rows_[1] = rows[1], rows_[2] = rows[2];
  }

  template <typename F>
  void ForEachByte(F&& fn) {
    for (int p = 0; p < 3; ++p) {
      for (int y = 0; image.planes[p] && y < rows_[p]; ++y) {
        for (int x = 0; x < row_bytes_[p]; ++x) fn(image.planes[p][y * image.stride_bytes[p] + x], p);
      }
    }
  }
  bool GapsIntact() const {
    for (int p = 0; p < 3; ++p) {
      for (int y = 0; image.planes[p] && y < rows_[p]; ++y) {
        for (int x = row_bytes_[p]; x < image.stride_bytes[p]; ++x) {
          if (image.planes[p][y * image.stride_bytes[p] + x] != kCanary) return false;
        }
      }
    }
    return true;
  }
  int row_bytes_[3], rows_[3];
};

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

void CopyThroughFloats(const PixelKernels& kernels, const tempera_image& in, const tempera_image& out) {
  Rows rows(in.width);
  for (int y = 0; y < in.height; y += 2) {
    const int count = std::min(2, in.height - y);
    for (int i = 0; i < count; ++i) ReadRow(kernels, in, y + i, rows.row[i]);
    WriteRows(kernels, out, y, count, rows.row);
    for (int i = 0; HasAlpha(out.format) && i < count; ++i) WriteAlpha(in, out, y + i, 0, in.width);
  }
}

constexpr tempera_pixel_format kFormats[] = {TEMPERA_RGBA, TEMPERA_BGRA, TEMPERA_RGB, TEMPERA_NV12,
                                             TEMPERA_I420};

TEST(Pixels, ReadThenWriteChangesNothing) {
  std::mt19937 random(7);
  for (tempera_pixel_format format : kFormats) {
    for (tempera_matrix matrix : {TEMPERA_MATRIX_BT709, TEMPERA_MATRIX_BT601, TEMPERA_MATRIX_BT2020}) {
      for (bool full : {false, true}) {
        for (auto [w, h] : {std::pair{1, 1}, {2, 3}, {17, 5}, {64, 8}}) {
          Owned in(format, w, h, matrix, full), out(format, w, h, matrix, full);
          in.ForEachByte([&](uint8_t& b, int) { b = static_cast<uint8_t>(random()); });
          for (const PixelKernels* kernels : AllKernels()) {
            CopyThroughFloats(*kernels, in.image, out.image);
            EXPECT_EQ(in.bytes, out.bytes)
                << "format " << format << " " << w << "x" << h << " matrix " << matrix << " full " << full;
            out.ForEachByte([](uint8_t& b, int) { b = 0; });
          }
        }
      }
    }
  }
}

TEST(Pixels, KnownColours) {
  struct Case {
    tempera_matrix matrix;
    bool full;
    uint8_t r, g, b, y, u, v;
  };
  // Codes from the recommendations' equations (BT.601-7 2.5, BT.709-6 3, BT.2020-2 table 4).
  const Case cases[] = {{TEMPERA_MATRIX_BT709, false, 255, 0, 0, 63, 102, 240},
                        {TEMPERA_MATRIX_BT709, false, 0, 255, 0, 173, 42, 26},
                        {TEMPERA_MATRIX_BT601, false, 255, 0, 0, 81, 90, 240},
                        {TEMPERA_MATRIX_BT601, false, 0, 0, 255, 41, 240, 110},
                        {TEMPERA_MATRIX_BT601, true, 0, 0, 255, 29, 255, 107},
                        {TEMPERA_MATRIX_BT2020, false, 255, 0, 0, 74, 97, 240},
                        {TEMPERA_MATRIX_BT709, false, 255, 255, 255, 235, 128, 128},
                        {TEMPERA_MATRIX_BT709, true, 0, 0, 0, 0, 128, 128}};
  for (const Case& c : cases) {
    for (tempera_pixel_format format : {TEMPERA_NV12, TEMPERA_I420}) {
      Owned rgb(TEMPERA_RGB, 2, 2), yuv(format, 2, 2, c.matrix, c.full), back(TEMPERA_RGB, 2, 2);
      for (int y = 0; y < 2; ++y) {
        for (int x = 0; x < 2; ++x) {
          uint8_t* p = rgb.image.planes[0] + y * rgb.image.stride_bytes[0] + 3 * x;
          p[0] = c.r, p[1] = c.g, p[2] = c.b;
        }
      }
      CopyThroughFloats(*AllKernels()[0], rgb.image, yuv.image);
      EXPECT_EQ(yuv.image.planes[0][0], c.y);
      EXPECT_EQ(yuv.image.planes[1][0], c.u);
      EXPECT_EQ(format == TEMPERA_NV12 ? yuv.image.planes[1][1] : yuv.image.planes[2][0], c.v);
      CopyThroughFloats(*AllKernels()[0], yuv.image, back.image);
      EXPECT_NEAR(back.image.planes[0][0], c.r, 2);
      EXPECT_NEAR(back.image.planes[0][1], c.g, 2);
      EXPECT_NEAR(back.image.planes[0][2], c.b, 2);
    }
  }
}

TEST(Pixels, AlphaIsCopiedOrOpaque) {
  Owned rgba(TEMPERA_RGBA, 3, 2), bgra(TEMPERA_BGRA, 3, 2), rgb(TEMPERA_RGB, 3, 2);
  uint8_t n = 0;
  rgba.ForEachByte([&](uint8_t& b, int) { b = n++; });
  CopyThroughFloats(*AllKernels()[0], rgba.image, bgra.image);
  EXPECT_EQ(bgra.image.planes[0][0], 2);
  EXPECT_EQ(bgra.image.planes[0][2], 0);
  EXPECT_EQ(bgra.image.planes[0][3], 3);
  CopyThroughFloats(*AllKernels()[0], rgba.image, rgb.image);
  CopyThroughFloats(*AllKernels()[0], rgb.image, rgba.image);
  EXPECT_EQ(rgba.image.planes[0][3], 255);
  EXPECT_TRUE(rgba.GapsIntact() && bgra.GapsIntact() && rgb.GapsIntact());
}

TEST(Pixels, WildNumbersAreTamed) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const float wild[6] = {nan, inf, -inf, 254.5f, 0.49f, 1e30f};
  const uint8_t tamed[6] = {0, 255, 0, 255, 0, 255};
  for (tempera_pixel_format format : {TEMPERA_RGB, TEMPERA_RGBA, TEMPERA_I420}) {
    constexpr int kWidth = 6 * 7;  // whole vectors, and a rest
    Owned out(format, kWidth, 1, TEMPERA_MATRIX_BT709, true);
    Rows rows(kWidth);
    for (int i = 0; i < kWidth; ++i) {
      rows.row[0].r[i] = rows.row[0].g[i] = rows.row[0].b[i] = wild[i % 6];
    }
    const int step = format == TEMPERA_RGB ? 3 : format == TEMPERA_RGBA ? 4 : 1;
    for (const PixelKernels* kernels : AllKernels()) {
      WriteRows(*kernels, out.image, 0, 1, rows.row);
      EXPECT_TRUE(out.GapsIntact());
      for (int i = 0; i < kWidth; ++i) {
        EXPECT_EQ(out.image.planes[0][step * i], tamed[i % 6]) << "format " << format << " @" << i;
      }
    }
  }
}

TEST(Pixels, CheckImageNamesWhatIsWrong) {
  Owned ok(TEMPERA_I420, 5, 5);
  EXPECT_TRUE(CheckImage(ok.image, "input image").ok());
  const auto message = [&](auto change) {
    tempera_image image = ok.image;
    change(image);
    return CheckImage(image, "input image").message();
  };
  EXPECT_NE(message([](tempera_image& i) { i.planes[2] = nullptr; }).find("plane 2 is NULL"),
            std::string::npos);
  EXPECT_NE(message([](tempera_image& i) { i.stride_bytes[1] = 2; }).find("stride_bytes[1] is 2"),
            std::string::npos);
  EXPECT_NE(message([](tempera_image& i) { i.width = 16385; }).find("16385x5"), std::string::npos);
  EXPECT_NE(message([](tempera_image& i) { i.height = 0; }).find("5x0"), std::string::npos);
  EXPECT_NE(message([](tempera_image& i) { std::memset(&i.format, 9, 1); }).find("pixel format 9"),
            std::string::npos);
  EXPECT_NE(message([](tempera_image& i) { std::memset(&i.matrix, 3, 1); }).find("matrix 3"),
            std::string::npos);
}

}  // namespace
}  // namespace tempera::stylize
