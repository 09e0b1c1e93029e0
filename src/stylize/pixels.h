// Rows of 8-bit pixels <-> rows of planar float RGB, nominal range 0..255.
//
// YCbCr follows ITU-R BT.601, BT.709 and BT.2020 (non-constant luminance), limited or full
// range. A subsampled chroma sample stands for its whole 2x2 block, both ways: so a frame that
// is read and written again unchanged stays unchanged, and a pair of rows depends on no other.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/kernels/pixels/pixels.h"
#include "tempera/tempera.h"

namespace tempera::stylize {

using kernels::PixelKernels;
using kernels::RgbRow;  // of as many pixels as a function says

// The weights of luma, and what else WriteRows and the sliders need of an image's colour space.
kernels::RgbToYuv RgbToYuvOf(const tempera_image& image);

// Format, size, planes and strides can be used; `what` ("input frame") begins the message.
Status CheckImage(const tempera_image& image, const char* what);

// Whether the same YCbCr means the same colour in both.
bool SameColour(const tempera_image& a, const tempera_image& b);

// Of a tempera_pixel_format.
bool IsSubsampled(int32_t format);  // NV12, I420
bool HasAlpha(int32_t format);      // RGBA, BGRA

// An image like `image`, its rows one after the other in `bytes`, which is made large enough.
tempera_image CompactImage(const tempera_image& image, std::vector<uint8_t>* bytes);

// Pixels [x, x + columns) of row y as RGB; x is even. YCbCr colours outside RGB's cube give numbers
// outside 0..255.
void ReadPixels(const PixelKernels& kernels, const tempera_image& image, int y, int x, int columns,
                RgbRow out);
inline void ReadRow(const PixelKernels& kernels, const tempera_image& image, int y, RgbRow out) {
  ReadPixels(kernels, image, y, 0, image.width, out);
}

// Writes pixels [x, x + columns) of rows y .. y + count - 1 (count 1 or 2; for subsampled formats x and y
// are even, columns too except at the right edge, and count is 2 except on the last row of an odd height).
// Numbers are clamped, NaN gives 0, and rounded to nearest. Alpha is left alone.
void WritePixels(const PixelKernels& kernels, const tempera_image& image, int y, int count, int x,
                 int columns, const RgbRow rows[2]);
inline void WriteRows(const PixelKernels& kernels, const tempera_image& image, int y, int count,
                      const RgbRow rows[2]) {
  WritePixels(kernels, image, y, count, 0, image.width, rows);
}

// Copies alpha of pixels [x, x + columns) of row y from `in`, or sets 255 where `in` has none. `out` has
// alpha.
void WriteAlpha(const tempera_image& in, const tempera_image& out, int y, int x, int columns);

}  // namespace tempera::stylize
