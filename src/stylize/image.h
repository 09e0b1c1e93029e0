// A picture in somebody's memory as this room sees it: checked, its defaults filled in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/stylize/geometry.h"

namespace tempera::stylize {

enum class PixelFormat { kRgba, kBgra, kRgb, kNv12, kI420, kP010, kI010 };
enum class Matrix { kBt709, kBt601, kBt2020 };  // of YCbCr; BT.2020's with non-constant luminance

struct Image {
  PixelFormat format = PixelFormat::kRgba;
  int width = 0, height = 0;       // pixels, 1..kMaxExtent
  uint8_t* planes[3] = {};         // the first byte of the top row
  ptrdiff_t stride_bytes[3] = {};  // from a row to the one below; negative where that lies before it
  Matrix matrix = Matrix::kBt709;  // of YCbCr
  bool full_range = false;         // of YCbCr
  int primaries = 0;               // tempera_primaries; 0: left open

  Size size() const { return {width, height}; }
  uint8_t* Row(int plane, int y) const { return planes[plane] + y * stride_bytes[plane]; }
};

bool IsSubsampled(PixelFormat format);  // YCbCr, one chroma sample for two by two pixels
bool HasAlpha(PixelFormat format);      // RGBA, BGRA
bool HasTenBits(PixelFormat format);    // in 16, at even addresses

int PlaneCount(PixelFormat format);
struct PlaneExtent {
  int row_bytes, rows;
};
PlaneExtent ExtentOf(const Image& image, int plane);

// Whether the numbers of two images of one size mean the same.
bool SameCoding(const Image& a, const Image& b);

enum class Sharing {
  kNone,  // no byte is a pixel of both
  kSame,  // the same pixels, byte for byte
  kPart   // writing one would garble the other
};
Sharing SharingOf(const Image& a, const Image& b);

// An image like `image`, its rows one after the other in `bytes`, which is made large enough.
Image CompactImage(const Image& image, std::vector<uint8_t>* bytes);

}  // namespace tempera::stylize
