#include "src/stylize/image_rows.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace tempera::stylize {
namespace {

int BytesPerPixel(PixelFormat format) { return format == PixelFormat::kRgb ? 3 : 4; }

int InterleavingOf(PixelFormat format) {
  switch (format) {
    case PixelFormat::kBgra:
      return static_cast<int>(kernels::Interleaving::kBgra);
    case PixelFormat::kRgb:
      return static_cast<int>(kernels::Interleaving::kRgb);
    default:
      return static_cast<int>(kernels::Interleaving::kRgba);
  }
}

int SamplesOf(PixelFormat format) {
  switch (format) {
    case PixelFormat::kP010:
      return static_cast<int>(kernels::Samples::kHigh10);
    case PixelFormat::kI010:
      return static_cast<int>(kernels::Samples::kLow10);
    default:
      return static_cast<int>(kernels::Samples::kBytes);
  }
}

// Weights of red and blue in luma; green has the rest.
struct LumaWeights {
  float kr;
  float kb;
};
LumaWeights LumaWeightsOf(Matrix matrix) {
  switch (matrix) {
    case Matrix::kBt601:
      return {0.299f, 0.114f};
    case Matrix::kBt2020:
      return {0.2627f, 0.0593f};
    default:
      return {0.2126f, 0.0722f};
  }
}

// What a step of the code is worth in RGB's 0..255: limited range has 219 steps of luma and 224 of chroma in
// 8 bits, four times as many in 10; full range all codes (BT.2100 table 9).
struct CodeScale {
  float luma_offset, luma, chroma;
};
CodeScale CodeScaleOf(const Image& image) {
  const bool ten = HasTenBits(image.format);
  if (image.full_range) return ten ? CodeScale{0.0f, 255.0f / 1023.0f, 255.0f / 1023.0f} : CodeScale{0, 1, 1};
  if (ten) return {64.0f, 255.0f / 876.0f, 255.0f / 896.0f};
  return {16.0f, 255.0f / 219.0f, 255.0f / 224.0f};
}

kernels::YuvToRgb YuvToRgbOf(const Image& image) {
  const auto [kr, kb] = LumaWeightsOf(image.matrix);
  const CodeScale code = CodeScaleOf(image);
  const float kg = 1 - kr - kb;
  const float r_cr = 2 * (1 - kr) * code.chroma;
  const float b_cb = 2 * (1 - kb) * code.chroma;
  return {code.luma_offset, code.luma, r_cr, -b_cb * kb / kg, -r_cr * kr / kg, b_cb};
}

// Where the chroma samples of luma row y lie, from luma column x on: in one plane, Cb and Cr in turns, or in
// two. `step` counts samples.
struct Chroma {
  uint8_t* cb;
  uint8_t* cr;
  int step;
};
Chroma ChromaRow(const Image& image, int y, int x) {
  const int bytes = HasTenBits(image.format) ? 2 : 1;
  uint8_t* first = image.Row(1, y / 2);
  if (PlaneCount(image.format) == 2) {
    first += x / 2 * 2 * bytes;
    return {first, first + bytes, 2};
  }
  return {first + x / 2 * bytes, image.Row(2, y / 2) + x / 2 * bytes, 1};
}

int AlphaAt(const Image& image, int y, int x) {
  return HasAlpha(image.format) ? image.Row(0, y)[4 * x + 3] : 255;
}

}  // namespace

kernels::RgbToYuv RgbToYuvOf(const Image& image) {
  const auto [kr, kb] = LumaWeightsOf(image.matrix);
  const CodeScale code = CodeScaleOf(image);
  return {kr,
          1 - kr - kb,
          kb,
          1 / code.luma,
          code.luma_offset,
          1 / (2 * (1 - kb) * code.chroma),
          1 / (2 * (1 - kr) * code.chroma)};
}

void ReadPixels(const PixelKernels& kernels, const Image& image, int y, int x, int columns, RgbRow out) {
  const uint8_t* row = image.Row(0, y);
  if (!IsSubsampled(image.format)) {
    const auto read = kernels.read_interleaved[InterleavingOf(image.format)];
    return read(row + BytesPerPixel(image.format) * x, columns, out);
  }
  const Chroma c = ChromaRow(image, y, x);
  const int bytes = HasTenBits(image.format) ? 2 : 1;
  kernels.read_yuv[SamplesOf(image.format)](row + bytes * x, c.cb, c.cr, c.step, columns, YuvToRgbOf(image),
                                            out);
}

void WritePixels(const PixelKernels& kernels, const Image& image, int y, int count, int x, int columns,
                 const RgbRow rows[2]) {
  if (!IsSubsampled(image.format)) {
    const auto write = kernels.write_interleaved[InterleavingOf(image.format)];
    for (int i = 0; i < count; ++i) {
      write(rows[i], columns, image.Row(0, y + i) + BytesPerPixel(image.format) * x);
    }
    return;
  }
  const kernels::RgbToYuv to_yuv = RgbToYuvOf(image);
  const int samples = SamplesOf(image.format), bytes = HasTenBits(image.format) ? 2 : 1;
  for (int i = 0; i < count; ++i) {
    kernels.write_luma[samples](rows[i], columns, to_yuv, image.Row(0, y + i) + bytes * x);
  }
  const Chroma c = ChromaRow(image, y, x);
  kernels.write_chroma[samples](rows[0], rows[count - 1], columns, to_yuv, c.cb, c.cr, c.step);
}

void WriteAlpha(const Image& in, const Image& out, int y, int x, int columns) {
  uint8_t* to = out.Row(0, y) + 3;
  if (HasAlpha(in.format)) {
    const uint8_t* from = in.Row(0, y) + 3;
    for (int i = x; i < x + columns; ++i) to[4 * i] = from[4 * i];
  } else {
    for (int i = x; i < x + columns; ++i) to[4 * i] = 255;
  }
}

void BlendAlpha(const Image& in, const Image& under, const float* weights, const Image& out, int y, int x,
                int columns) {
  uint8_t* to = out.Row(0, y) + 3;
  for (int i = 0; i < columns; ++i) {
    const auto a = static_cast<float>(AlphaAt(in, y, x + i));
    const auto b = static_cast<float>(AlphaAt(under, y, x + i));
    to[4 * (x + i)] = static_cast<uint8_t>(b + weights[i] * (a - b) + 0.5f);
  }
}

void BlendAlphaPlane(const uint8_t* alpha, const Image& under, const float* weights, const Image& out, int y,
                     int x, int columns) {
  uint8_t* to = out.Row(0, y) + 3;
  for (int i = 0; i < columns; ++i) {
    const auto a = static_cast<float>(alpha[i]), b = static_cast<float>(AlphaAt(under, y, x + i));
    to[4 * (x + i)] = static_cast<uint8_t>((weights != nullptr ? b + weights[i] * (a - b) : a) + 0.5f);
  }
}

void WeighByAlpha(const uint8_t* alpha, const Image& under, const float* weights, int y, int x, int columns,
                  float* shares) {
  for (int i = 0; i < columns; ++i) {
    const float mine = weights[i] * static_cast<float>(alpha[i]);
    const float all = mine + (1 - weights[i]) * static_cast<float>(AlphaAt(under, y, x + i));
    shares[i] = all > 0 ? mine / all : weights[i];
  }
}

void CopyImage(const PixelKernels& kernels, const Image& in, const Image& out) {
  if (SharingOf(in, out) == Sharing::kSame && SameCoding(in, out)) return;
  if (SameCoding(in, out)) {
    for (int p = 0; p < PlaneCount(out.format); ++p) {
      const PlaneExtent extent = ExtentOf(out, p);
      for (int y = 0; y < extent.rows; ++y) {
        std::memcpy(out.Row(p, y), in.Row(p, y), static_cast<size_t>(extent.row_bytes));
      }
    }
    return;
  }
  const auto width = static_cast<size_t>(out.width);
  std::vector<float> numbers(6 * width);
  float* p = numbers.data();
  const RgbRow rows[2] = {{p, p + width, p + 2 * width}, {p + 3 * width, p + 4 * width, p + 5 * width}};
  for (int y = 0; y < out.height; y += 2) {
    const int count = std::min(2, out.height - y);
    for (int i = 0; i < count; ++i) ReadRow(kernels, in, y + i, rows[i]);
    WriteRows(kernels, out, y, count, rows);
    for (int i = 0; HasAlpha(out.format) && i < count; ++i) WriteAlpha(in, out, y + i, 0, out.width);
  }
}

}  // namespace tempera::stylize
