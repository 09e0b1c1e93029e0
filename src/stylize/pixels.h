// Rows of 8-bit pixels <-> rows of planar float RGB, nominal range 0..255.
//
// YCbCr follows ITU-R BT.601, BT.709 and BT.2020 (non-constant luminance), limited or full
// range. A subsampled chroma sample stands for its whole 2x2 block, both ways: so a frame that
// is read and written again unchanged stays unchanged, and a pair of rows depends on no other.
#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/kernels/pixels.h"
#include "tempera/tempera.h"

namespace tempera::stylize {

using kernels::PixelKernels;
using kernels::RgbRow;  // a frame's width floats in each plane

// The weights of luma, and what else WriteRows and the sliders need of an image's colour space.
kernels::RgbToYuv RgbToYuvOf(const tempera_image& image);

// Format, size, planes and strides can be used; `what` ("input frame") begins the message.
Status CheckImage(const tempera_image& image, const char* what);

bool IsSubsampled(tempera_pixel_format format);  // NV12, I420
bool HasAlpha(tempera_pixel_format format);      // RGBA, BGRA

// Row y as RGB. YCbCr colours outside RGB's cube give numbers outside 0..255.
void ReadRow(const PixelKernels& kernels, const tempera_image& image, int y, RgbRow out);

// Writes rows y .. y + count - 1 (count 1 or 2; for subsampled formats y is even, and count is 2
// except on the last row of an odd height). Numbers are clamped, NaN gives 0, and rounded to
// nearest. Alpha is left alone.
void WriteRows(const PixelKernels& kernels, const tempera_image& image, int y, int count,
               const RgbRow rows[2]);

// Copies alpha of row y from `in`, or sets 255 where `in` has none. `out` has alpha.
void WriteAlpha(const tempera_image& in, const tempera_image& out, int y);

}  // namespace tempera::stylize
