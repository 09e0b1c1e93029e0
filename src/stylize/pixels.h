// Rows of 8-bit pixels <-> rows of planar float RGB, nominal range 0..255.
//
// YCbCr follows ITU-R BT.601, BT.709 and BT.2020 (non-constant luminance), limited or full
// range. A subsampled chroma sample stands for its whole 2x2 block, both ways: so a frame that
// is read and written again unchanged stays unchanged, and a pair of rows depends on no other.
#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "tempera/tempera.h"

namespace tempera::stylize {

// `width` floats each; the planes do not overlap.
struct RgbRow {
  float* r;
  float* g;
  float* b;
};

// Weights of luma; kg = 1 - kr - kb.
struct LumaWeights {
  float kr;
  float kb;
  float kg() const { return 1.0f - kr - kb; }
};
LumaWeights LumaWeightsOf(tempera_color_matrix matrix);

// Format, size, planes and strides can be used; `what` ("input frame") begins the message.
Status CheckImage(const tempera_image& image, const char* what);

bool IsSubsampled(tempera_pixel_format format);  // NV12, I420
bool HasAlpha(tempera_pixel_format format);      // RGBA, BGRA

// Row y as RGB. YCbCr colours outside RGB's cube give numbers outside 0..255.
void ReadRow(const tempera_image& image, int y, RgbRow out);

// Writes rows y .. y + count - 1 (count 1 or 2; for subsampled formats y is even, and count is 2
// except on the last row of an odd height). Numbers are clamped, NaN gives 0, and rounded to
// nearest. Alpha is left alone.
void WriteRows(const tempera_image& image, int y, int count, const RgbRow rows[2]);

// Copies alpha of row y from `in`, or sets 255 where `in` has none. `out` has alpha.
void WriteAlpha(const tempera_image& in, const tempera_image& out, int y);

// 0 where NaN, else within 0..255.
inline float ClampByte(float v) {
  v = v > 0.0f ? v : 0.0f;
  return v < 255.0f ? v : 255.0f;
}

}  // namespace tempera::stylize
