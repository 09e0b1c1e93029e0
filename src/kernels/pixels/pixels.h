// Rows of pixels, where frames meet tensors: bytes <-> planar floats (nominal range 0..255),
// weighted sums for scaling, blending. Contiguous rows of n numbers; outputs never overlap inputs
// unless they are the same pointer, and only where a function says so.
#pragma once

#include <cstdint>

namespace tempera::kernels {

// Three planes of a row.
struct RgbRow {
  float* r;
  float* g;
  float* b;
};

// RGB = luma + factors * (chroma - 128), luma = (code - luma_offset) * luma_scale.
struct YuvToRgb {
  float luma_offset, luma_scale, r_cr, g_cb, g_cr, b_cb;
};

// luma = kr R + kg G + kb B; codes = luma * luma_scale + luma_offset, (B - luma) * cb_scale + 128,
// (R - luma) * cr_scale + 128.
struct RgbToYuv {
  float kr, kg, kb, luma_scale, luma_offset, cb_scale, cr_scale;
};

// Interleaved layouts, as the functions below are indexed.
enum class Interleaving { kRgba = 0, kBgra = 1, kRgb = 2 };

// One target's functions. Bytes are rounded to nearest and clamped, NaN gives 0; clamping elsewhere
// means 0..255, NaN to 0.
struct PixelKernels {
  void (*read_interleaved[3])(const uint8_t* in, int n, RgbRow out);
  void (*write_interleaved[3])(RgbRow in, int n, uint8_t* out);  // alpha is left alone

  // Chroma samples lie `chroma_step` (1 or 2) bytes apart; each serves two luma samples.
  void (*read_yuv)(const uint8_t* luma, const uint8_t* cb, const uint8_t* cr, int chroma_step, int n,
                   const YuvToRgb& to, RgbRow out);
  void (*write_luma)(RgbRow in, int n, const RgbToYuv& to, uint8_t* luma);
  // The mean of each 2x2 block of two rows (which may be the same row); an odd last column counts twice.
  void (*write_chroma)(RgbRow top, RgbRow bottom, int n, const RgbToYuv& to, uint8_t* cb, uint8_t* cr,
                       int chroma_step);

  // out = clamp(in) * scale + offset; out may be in.
  void (*clamp_affine)(const float* in, int n, float scale, float offset, float* out);
  // out = clamp((in - offset) * scale); out may be in.
  void (*affine_clamp)(const float* in, int n, float scale, float offset, float* out);

  // out = weight * in (set) or out + weight * in.
  void (*accumulate)(const float* in, int n, float weight, bool set, float* out);
  // out[i] = sum over k < taps of weights[i * taps + k] * in[first[i] + k].
  void (*gather_sum)(const float* in, const int* first, const float* weights, int taps, int n, float* out);

  // painted = source + strength * (painted - source)
  void (*blend)(float* painted, const float* source, float strength, int n);
  // painted = source + (luma of painted - luma of source), with the weights of `luma`: the painting's
  // brightness, the source's colour differences.
  void (*keep_colors)(RgbRow painted, RgbRow source, const RgbToYuv& luma, int n);
};

const PixelKernels& ChoosePixelKernels(int64_t highway_bit);

}  // namespace tempera::kernels
