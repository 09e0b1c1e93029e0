#include "src/stylize/pixels.h"

#include <cstring>
#include <string>

#include "src/stylize/geometry.h"

namespace tempera::stylize {
namespace {

inline uint8_t ToByte(float v) { return static_cast<uint8_t>(static_cast<int>(ClampByte(v) + 0.5f)); }

// Bytes of a pixel of an interleaved format, and where its R and B lie.
struct Interleaved {
  int step;
  int r;
  int b;
};
Interleaved InterleavedOf(tempera_pixel_format format) {
  switch (format) {
    case TEMPERA_BGRA:
      return {4, 2, 0};
    case TEMPERA_RGB:
      return {3, 0, 2};
    default:
      return {4, 0, 2};
  }
}

// Constant step and offsets let the compiler vectorise each format's loop.
template <int kStep, int kR, int kB>
void ReadInterleaved(const uint8_t* p, int width, RgbRow out) {
  for (int x = 0; x < width; ++x) {
    out.r[x] = p[kStep * x + kR];
    out.g[x] = p[kStep * x + 1];
    out.b[x] = p[kStep * x + kB];
  }
}

template <int kStep, int kR, int kB>
void WriteInterleaved(uint8_t* p, int width, const RgbRow& in) {
  for (int x = 0; x < width; ++x) {
    p[kStep * x + kR] = ToByte(in.r[x]);
    p[kStep * x + 1] = ToByte(in.g[x]);
    p[kStep * x + kB] = ToByte(in.b[x]);
  }
}

struct YuvScale {
  float luma_offset, luma_scale, chroma_scale;  // RGB-sized numbers per code
};
YuvScale YuvScaleOf(const tempera_image& image) {
  if (image.full_range) return {0.0f, 1.0f, 1.0f};
  return {16.0f, 255.0f / 219.0f, 255.0f / 224.0f};
}

// Where the chroma samples of luma row y lie: NV12 interleaves them, I420 does not.
template <typename Byte>
struct Chroma {
  Byte* cb;
  Byte* cr;
  int step;
};
Chroma<uint8_t> ChromaRow(const tempera_image& image, int y) {
  const int row = y / 2;
  uint8_t* first = image.planes[1] + static_cast<ptrdiff_t>(row) * image.stride_bytes[1];
  if (image.format == TEMPERA_NV12) return {first, first + 1, 2};
  return {first, image.planes[2] + static_cast<ptrdiff_t>(row) * image.stride_bytes[2], 1};
}

uint8_t* PlaneRow(const tempera_image& image, int plane, int y) {
  return image.planes[plane] + static_cast<ptrdiff_t>(y) * image.stride_bytes[plane];
}

template <int kStep>
void ReadYuv(const uint8_t* luma, const uint8_t* cb, const uint8_t* cr, int width, const LumaWeights k,
             const YuvScale s, RgbRow out) {
  const float r_cr = 2 * (1 - k.kr) * s.chroma_scale;
  const float b_cb = 2 * (1 - k.kb) * s.chroma_scale;
  const float g_cr = r_cr * k.kr / k.kg();
  const float g_cb = b_cb * k.kb / k.kg();
  for (int x = 0; x < width; ++x) {
    const float l = (static_cast<float>(luma[x]) - s.luma_offset) * s.luma_scale;
    const float u = static_cast<float>(cb[kStep * (x >> 1)]) - 128.0f;
    const float v = static_cast<float>(cr[kStep * (x >> 1)]) - 128.0f;
    out.r[x] = l + r_cr * v;
    out.g[x] = l - g_cb * u - g_cr * v;
    out.b[x] = l + b_cb * u;
  }
}

void WriteLuma(uint8_t* luma, int width, const LumaWeights k, const YuvScale s, const RgbRow& in) {
  const float to_code = 1.0f / s.luma_scale;
  const float kg = k.kg();
  for (int x = 0; x < width; ++x) {
    const float l = k.kr * in.r[x] + kg * in.g[x] + k.kb * in.b[x];
    luma[x] = ToByte(l * to_code + s.luma_offset);
  }
}

// The mean colour of each 2x2 block (of what there is of it at odd edges).
void WriteChroma(const Chroma<uint8_t>& out, int width, int count, const LumaWeights k, const YuvScale s,
                 const RgbRow rows[2]) {
  const RgbRow& top = rows[0];
  const RgbRow& bottom = rows[count - 1];
  const float kg = k.kg();
  const float cb_scale = 1.0f / (2 * (1 - k.kb) * s.chroma_scale);
  const float cr_scale = 1.0f / (2 * (1 - k.kr) * s.chroma_scale);
  const auto put = [&](int x0, int x1) {
    const float r = 0.25f * (top.r[x0] + top.r[x1] + bottom.r[x0] + bottom.r[x1]);
    const float g = 0.25f * (top.g[x0] + top.g[x1] + bottom.g[x0] + bottom.g[x1]);
    const float b = 0.25f * (top.b[x0] + top.b[x1] + bottom.b[x0] + bottom.b[x1]);
    const float l = k.kr * r + kg * g + k.kb * b;
    out.cb[out.step * (x0 >> 1)] = ToByte((b - l) * cb_scale + 128.0f);
    out.cr[out.step * (x0 >> 1)] = ToByte((r - l) * cr_scale + 128.0f);
  };
  const int even = width & ~1;
  for (int x = 0; x < even; x += 2) put(x, x + 1);
  if (even != width) put(even, even);
}

Status CheckPlane(const tempera_image& image, int plane, int row_bytes, const char* what) {
  if (image.planes[plane] == nullptr) {
    return InvalidArgument(std::string(what) + ": plane " + std::to_string(plane) + " is NULL");
  }
  if (image.stride_bytes[plane] < row_bytes) {
    return InvalidArgument(std::string(what) + ": stride_bytes[" + std::to_string(plane) + "] is " +
                           std::to_string(image.stride_bytes[plane]) + ", but a row has " +
                           std::to_string(row_bytes) + " bytes");
  }
  return OkStatus();
}

}  // namespace

LumaWeights LumaWeightsOf(tempera_color_matrix matrix) {
  switch (matrix) {
    case TEMPERA_BT601:
      return {0.299f, 0.114f};
    case TEMPERA_BT2020:
      return {0.2627f, 0.0593f};
    default:
      return {0.2126f, 0.0722f};
  }
}

bool IsSubsampled(tempera_pixel_format format) { return format == TEMPERA_NV12 || format == TEMPERA_I420; }
bool HasAlpha(tempera_pixel_format format) { return format == TEMPERA_RGBA || format == TEMPERA_BGRA; }

Status CheckImage(const tempera_image& image, const char* what) {
  // C callers may have put any number there, which C++ forbids to look at as an enum.
  int format, matrix;
  static_assert(sizeof(format) == sizeof(image.format) && sizeof(matrix) == sizeof(image.matrix));
  std::memcpy(&format, &image.format, sizeof(format));
  std::memcpy(&matrix, &image.matrix, sizeof(matrix));
  if (format < TEMPERA_RGBA || format > TEMPERA_I420) {
    return InvalidArgument(std::string(what) + ": pixel format " + std::to_string(format) + " is unknown");
  }
  if (matrix < TEMPERA_BT709 || matrix > TEMPERA_BT2020) {
    return InvalidArgument(std::string(what) + ": color matrix " + std::to_string(matrix) + " is unknown");
  }
  if (image.width < 1 || image.height < 1 || image.width > kMaxExtent || image.height > kMaxExtent) {
    return InvalidArgument(std::string(what) + ": size " + SizeToString({image.width, image.height}) +
                           " is not within 1x1 to 16384x16384");
  }
  if (!IsSubsampled(image.format)) {
    return CheckPlane(image, 0, InterleavedOf(image.format).step * image.width, what);
  }
  TEMPERA_RETURN_IF_ERROR(CheckPlane(image, 0, image.width, what));
  const int half = (image.width + 1) / 2;
  if (image.format == TEMPERA_NV12) return CheckPlane(image, 1, 2 * half, what);
  TEMPERA_RETURN_IF_ERROR(CheckPlane(image, 1, half, what));
  return CheckPlane(image, 2, half, what);
}

void ReadRow(const tempera_image& image, int y, RgbRow out) {
  const uint8_t* row = PlaneRow(image, 0, y);
  switch (image.format) {
    case TEMPERA_RGBA:
      return ReadInterleaved<4, 0, 2>(row, image.width, out);
    case TEMPERA_BGRA:
      return ReadInterleaved<4, 2, 0>(row, image.width, out);
    case TEMPERA_RGB:
      return ReadInterleaved<3, 0, 2>(row, image.width, out);
    default:
      break;
  }
  const Chroma<uint8_t> c = ChromaRow(image, y);
  const LumaWeights k = LumaWeightsOf(image.matrix);
  const YuvScale s = YuvScaleOf(image);
  if (c.step == 2) return ReadYuv<2>(row, c.cb, c.cr, image.width, k, s, out);
  ReadYuv<1>(row, c.cb, c.cr, image.width, k, s, out);
}

void WriteRows(const tempera_image& image, int y, int count, const RgbRow rows[2]) {
  const LumaWeights k = LumaWeightsOf(image.matrix);
  const YuvScale s = YuvScaleOf(image);
  for (int i = 0; i < count; ++i) {
    uint8_t* row = PlaneRow(image, 0, y + i);
    switch (image.format) {
      case TEMPERA_RGBA:
        WriteInterleaved<4, 0, 2>(row, image.width, rows[i]);
        break;
      case TEMPERA_BGRA:
        WriteInterleaved<4, 2, 0>(row, image.width, rows[i]);
        break;
      case TEMPERA_RGB:
        WriteInterleaved<3, 0, 2>(row, image.width, rows[i]);
        break;
      default:
        WriteLuma(row, image.width, k, s, rows[i]);
    }
  }
  if (IsSubsampled(image.format)) WriteChroma(ChromaRow(image, y), image.width, count, k, s, rows);
}

void WriteAlpha(const tempera_image& in, const tempera_image& out, int y) {
  uint8_t* to = PlaneRow(out, 0, y) + 3;
  if (HasAlpha(in.format)) {
    const uint8_t* from = PlaneRow(in, 0, y) + 3;
    for (int x = 0; x < out.width; ++x) to[4 * x] = from[4 * x];
  } else {
    for (int x = 0; x < out.width; ++x) to[4 * x] = 255;
  }
}

}  // namespace tempera::stylize
