#include "src/stylize/pixels.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include "src/stylize/geometry.h"

namespace tempera::stylize {
namespace {

int BytesPerPixel(int32_t format) { return format == TEMPERA_RGB ? 3 : 4; }

kernels::Interleaving InterleavingOf(int32_t format) {
  switch (format) {
    case TEMPERA_BGRA:
      return kernels::Interleaving::kBgra;
    case TEMPERA_RGB:
      return kernels::Interleaving::kRgb;
    default:
      return kernels::Interleaving::kRgba;
  }
}

// Weights of red and blue in luma; green has the rest.
struct LumaWeights {
  float kr;
  float kb;
};
LumaWeights LumaWeightsOf(int32_t matrix) {
  switch (matrix) {
    case TEMPERA_MATRIX_BT470BG:
    case TEMPERA_MATRIX_BT601:
      return {0.299f, 0.114f};
    case TEMPERA_MATRIX_BT2020:
      return {0.2627f, 0.0593f};
    default:
      return {0.2126f, 0.0722f};
  }
}

// What a step of the code is worth in RGB's 0..255: limited range has 219 steps of luma, 224 of chroma.
struct CodeScale {
  float luma_offset, luma, chroma;
};
CodeScale CodeScaleOf(const tempera_image& image) {
  if (image.range == TEMPERA_RANGE_FULL) return {0.0f, 1.0f, 1.0f};
  return {16.0f, 255.0f / 219.0f, 255.0f / 224.0f};
}

kernels::YuvToRgb YuvToRgbOf(const tempera_image& image) {
  const auto [kr, kb] = LumaWeightsOf(image.matrix);
  const CodeScale code = CodeScaleOf(image);
  const float kg = 1 - kr - kb;
  const float r_cr = 2 * (1 - kr) * code.chroma;
  const float b_cb = 2 * (1 - kb) * code.chroma;
  return {code.luma_offset, code.luma, r_cr, -b_cb * kb / kg, -r_cr * kr / kg, b_cb};
}

uint8_t* PlaneRow(const tempera_image& image, int plane, int y) {
  return image.planes[plane] + static_cast<ptrdiff_t>(y) * image.stride_bytes[plane];
}

// Where the chroma samples of luma row y lie, from luma column x on: NV12 interleaves them, I420 does not.
struct Chroma {
  uint8_t* cb;
  uint8_t* cr;
  int step;
};
Chroma ChromaRow(const tempera_image& image, int y, int x) {
  uint8_t* first = PlaneRow(image, 1, y / 2);
  if (image.format == TEMPERA_NV12) return {first + x / 2 * 2, first + x / 2 * 2 + 1, 2};
  return {first + x / 2, PlaneRow(image, 2, y / 2) + x / 2, 1};
}

Status CheckPlane(const tempera_image& image, int plane, int row_bytes, const char* what) {
  if (image.planes[plane] == nullptr) {
    return InvalidArgument(std::string(what) + ": plane " + std::to_string(plane) + " is NULL");
  }
  if (image.stride_bytes[plane] < 0) {
    return Unsupported(std::string(what) + ": stride_bytes[" + std::to_string(plane) + "] is " +
                       std::to_string(image.stride_bytes[plane]) +
                       "; rows that go upwards are not painted yet");
  }
  if (image.stride_bytes[plane] < row_bytes) {
    return InvalidArgument(std::string(what) + ": stride_bytes[" + std::to_string(plane) + "] is " +
                           std::to_string(image.stride_bytes[plane]) + ", but a row has " +
                           std::to_string(row_bytes) + " bytes");
  }
  return OkStatus();
}

bool IsOneOf(int32_t value, std::initializer_list<int32_t> known) {
  return std::find(known.begin(), known.end(), value) != known.end();
}

// 2 is H.273's own word for what is left open.
constexpr int32_t kOpen = 2;

Status CheckColour(const tempera_image& image, const char* what) {
  const auto unknown = [&](const char* name, int32_t value, const char* cure) {
    return Unsupported(std::string(what) + ": " + name + " " + std::to_string(value) +
                       " of ITU-T H.273 is not " + "among those that are painted; " + cure);
  };
  if (!IsOneOf(image.matrix, {TEMPERA_MATRIX_DEFAULT, kOpen, TEMPERA_MATRIX_BT709, TEMPERA_MATRIX_BT470BG,
                              TEMPERA_MATRIX_BT601, TEMPERA_MATRIX_BT2020})) {
    return unknown("color matrix", image.matrix, "convert to BT.709");
  }
  if (!IsOneOf(image.range, {TEMPERA_RANGE_DEFAULT, TEMPERA_RANGE_LIMITED, TEMPERA_RANGE_FULL})) {
    return InvalidArgument(std::string(what) + ": color range " + std::to_string(image.range) +
                           " is unknown");
  }
  if (!IsOneOf(image.transfer, {TEMPERA_TRANSFER_DEFAULT, kOpen, TEMPERA_TRANSFER_BT709,
                                TEMPERA_TRANSFER_GAMMA22, TEMPERA_TRANSFER_BT601, TEMPERA_TRANSFER_SRGB,
                                TEMPERA_TRANSFER_BT2020_10, TEMPERA_TRANSFER_BT2020_12})) {
    return unknown("transfer", image.transfer, "map the tones to standard dynamic range first");
  }
  if (!IsOneOf(image.primaries,
               {TEMPERA_PRIMARIES_DEFAULT, kOpen, TEMPERA_PRIMARIES_BT709, TEMPERA_PRIMARIES_BT470BG,
                TEMPERA_PRIMARIES_BT601, TEMPERA_PRIMARIES_BT2020, TEMPERA_PRIMARIES_DISPLAY_P3})) {
    return unknown("primaries", image.primaries, "convert to BT.709");
  }
  if (image.reserved != 0) {
    return Unsupported(std::string(what) + ": reserved is " + std::to_string(image.reserved) +
                       "; begin with TEMPERA_IMAGE_INIT");
  }
  return OkStatus();
}

}  // namespace

bool SameColour(const tempera_image& a, const tempera_image& b) {
  const auto matrix = [](const tempera_image& image) {
    const LumaWeights w = LumaWeightsOf(image.matrix);
    return std::pair(w.kr, w.kb);
  };
  return matrix(a) == matrix(b) && (a.range == TEMPERA_RANGE_FULL) == (b.range == TEMPERA_RANGE_FULL);
}

kernels::RgbToYuv RgbToYuvOf(const tempera_image& image) {
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

bool IsSubsampled(int32_t format) { return format == TEMPERA_NV12 || format == TEMPERA_I420; }
bool HasAlpha(int32_t format) { return format == TEMPERA_RGBA || format == TEMPERA_BGRA; }

Status CheckImage(const tempera_image& image, const char* what) {
  if (image.format < TEMPERA_RGBA || image.format > TEMPERA_I010) {
    return InvalidArgument(std::string(what) + ": pixel format " + std::to_string(image.format) +
                           " is unknown");
  }
  if (image.format == TEMPERA_P010 || image.format == TEMPERA_I010) {
    return Unsupported(std::string(what) + ": 10-bit formats are not painted yet; convert to NV12 or I420");
  }
  TEMPERA_RETURN_IF_ERROR(CheckColour(image, what));
  if (image.width < 1 || image.height < 1 || image.width > kMaxExtent || image.height > kMaxExtent) {
    return InvalidArgument(std::string(what) + ": size " + SizeToString({image.width, image.height}) +
                           " is not within 1x1 to 16384x16384");
  }
  if (!IsSubsampled(image.format)) {
    return CheckPlane(image, 0, BytesPerPixel(image.format) * image.width, what);
  }
  TEMPERA_RETURN_IF_ERROR(CheckPlane(image, 0, image.width, what));
  const int half = (image.width + 1) / 2;
  if (image.format == TEMPERA_NV12) return CheckPlane(image, 1, 2 * half, what);
  TEMPERA_RETURN_IF_ERROR(CheckPlane(image, 1, half, what));
  return CheckPlane(image, 2, half, what);
}

tempera_image CompactImage(const tempera_image& image, std::vector<uint8_t>* bytes) {
  const auto half = [](int n) { return (n + 1) / 2; };
  const bool subsampled = IsSubsampled(image.format);
  const int planes = image.format == TEMPERA_I420 ? 3 : subsampled ? 2 : 1;
  tempera_image compact = image;
  size_t at[3] = {}, end = 0;
  for (int p = 0; p < planes; ++p) {
    const int rows = p == 0 ? image.height : half(image.height);
    compact.stride_bytes[p] = !subsampled                    ? BytesPerPixel(image.format) * image.width
                              : p == 0                       ? image.width
                              : image.format == TEMPERA_NV12 ? 2 * half(image.width)
                                                             : half(image.width);
    at[p] = end;
    end += static_cast<size_t>(compact.stride_bytes[p]) * static_cast<size_t>(rows);
  }
  if (bytes->size() < end) bytes->resize(end);
  for (int p = 0; p < planes; ++p) compact.planes[p] = bytes->data() + at[p];
  return compact;
}

void ReadPixels(const PixelKernels& kernels, const tempera_image& image, int y, int x, int columns,
                RgbRow out) {
  const uint8_t* row = PlaneRow(image, 0, y);
  if (!IsSubsampled(image.format)) {
    const auto read = kernels.read_interleaved[static_cast<int>(InterleavingOf(image.format))];
    return read(row + BytesPerPixel(image.format) * x, columns, out);
  }
  const Chroma c = ChromaRow(image, y, x);
  kernels.read_yuv(row + x, c.cb, c.cr, c.step, columns, YuvToRgbOf(image), out);
}

void WritePixels(const PixelKernels& kernels, const tempera_image& image, int y, int count, int x,
                 int columns, const RgbRow rows[2]) {
  const bool subsampled = IsSubsampled(image.format);
  const kernels::RgbToYuv to_yuv = RgbToYuvOf(image);
  for (int i = 0; i < count; ++i) {
    uint8_t* row = PlaneRow(image, 0, y + i);
    if (subsampled) {
      kernels.write_luma(rows[i], columns, to_yuv, row + x);
    } else {
      const auto write = kernels.write_interleaved[static_cast<int>(InterleavingOf(image.format))];
      write(rows[i], columns, row + BytesPerPixel(image.format) * x);
    }
  }
  if (!subsampled) return;
  const Chroma c = ChromaRow(image, y, x);
  kernels.write_chroma(rows[0], rows[count - 1], columns, to_yuv, c.cb, c.cr, c.step);
}

void WriteAlpha(const tempera_image& in, const tempera_image& out, int y, int x, int columns) {
  uint8_t* to = PlaneRow(out, 0, y) + 3;
  if (HasAlpha(in.format)) {
    const uint8_t* from = PlaneRow(in, 0, y) + 3;
    for (int i = x; i < x + columns; ++i) to[4 * i] = from[4 * i];
  } else {
    for (int i = x; i < x + columns; ++i) to[4 * i] = 255;
  }
}

}  // namespace tempera::stylize
