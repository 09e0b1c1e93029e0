// Rows of an image's pixels <-> rows of planar float RGB, nominal range 0..255.
//
// YCbCr follows ITU-R BT.601, BT.709 and BT.2020 (non-constant luminance), limited or full
// range, in 8 or 10 bits. A subsampled chroma sample stands for its whole 2x2 block, both ways: so a frame
// that is read and written again unchanged stays unchanged, and a pair of rows depends on no other.
#pragma once

#include <cstdint>

#include "src/kernels/pixels/pixels.h"
#include "src/stylize/image.h"

namespace tempera::stylize {

using kernels::PixelKernels;
using kernels::RgbRow;  // of as many pixels as a function says

// The weights of luma, and what else WriteRows and keep_colors need of an image's colour space.
kernels::RgbToYuv RgbToYuvOf(const Image& image);

// Pixels [x, x + columns) of row y as RGB; x is even. YCbCr colours outside RGB's cube give numbers
// outside 0..255.
void ReadPixels(const PixelKernels& kernels, const Image& image, int y, int x, int columns, RgbRow out);
inline void ReadRow(const PixelKernels& kernels, const Image& image, int y, RgbRow out) {
  ReadPixels(kernels, image, y, 0, image.width, out);
}

// Writes pixels [x, x + columns) of rows y .. y + count - 1 (count 1 or 2; for subsampled formats x and y
// are even, columns too except at the right edge, and count is 2 except on the last row of an odd height).
// Numbers are clamped, NaN gives 0, and rounded to nearest. Alpha is left alone.
void WritePixels(const PixelKernels& kernels, const Image& image, int y, int count, int x, int columns,
                 const RgbRow rows[2]);
inline void WriteRows(const PixelKernels& kernels, const Image& image, int y, int count,
                      const RgbRow rows[2]) {
  WritePixels(kernels, image, y, count, 0, image.width, rows);
}

// Copies alpha of pixels [x, x + columns) of row y from `in`, or sets 255 where `in` has none. `out` has
// alpha.
void WriteAlpha(const Image& in, const Image& out, int y, int x, int columns);
// Likewise between `under` (weight 0) and `in` (weight 1).
void BlendAlpha(const Image& in, const Image& under, const float* weights, const Image& out, int y, int x,
                int columns);

// Likewise between `under` and a plane's own `alpha`, from pixel x on; no weights are all 1.
void BlendAlphaPlane(const uint8_t* alpha, const Image& under, const float* weights, const Image& out, int y,
                     int x, int columns);
// What share of its colours a painting of that transparency has, mixed by these weights with what lies under:
// what cannot be seen has no part in them.
void WeighByAlpha(const uint8_t* alpha, const Image& under, const float* weights, int y, int x, int columns,
                  float* shares);

// The same picture in another coding; bytes are copied where both have one. They have one size and share all
// of their bytes or none.
void CopyImage(const PixelKernels& kernels, const Image& in, const Image& out);

}  // namespace tempera::stylize
