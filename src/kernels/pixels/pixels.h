// Rows of pixels, where frames meet tensors: samples <-> planar floats (nominal range 0..255),
// weighted sums for scaling, masks, blending. Contiguous rows of n numbers; outputs never overlap inputs
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

// RGB = luma + factors * (chroma - middle), luma = (code - luma_offset) * luma_scale; middle is 128, or 512
// of ten bits.
struct YuvToRgb {
  float luma_offset, luma_scale, r_cr, g_cb, g_cr, b_cb;
};

// luma = kr R + kg G + kb B; codes = luma * luma_scale + luma_offset,
// (B - luma) * cb_scale + middle, (R - luma) * cr_scale + middle.
struct RgbToYuv {
  float kr, kg, kb, luma_scale, luma_offset, cb_scale, cr_scale;
};

// Interleaved layouts, as the functions below are indexed.
enum class Interleaving { kRgba = 0, kBgra = 1, kRgb = 2 };
// Samples of YCbCr, likewise: bytes; ten bits at the low or the high end of 16, which lie at even addresses.
enum class Samples { kBytes = 0, kLow10 = 1, kHigh10 = 2 };

// Weights of a mask between 0 and this lie in 16 bits.
inline constexpr int kFullMask = 1 << 15;

// One target's functions. Samples are rounded to nearest and clamped, NaN gives 0; clamping elsewhere
// means 0..255, NaN to 0.
struct PixelKernels {
  void (*read_interleaved[3])(const uint8_t* in, int n, RgbRow out);
  void (*write_interleaved[3])(RgbRow in, int n, uint8_t* out);  // alpha is left alone

  // By Samples. Chroma samples lie `chroma_step` (1 or 2) samples apart; each serves two luma samples. Low
  // ten bits above 1023 count as 1023.
  void (*read_yuv[3])(const uint8_t* luma, const uint8_t* cb, const uint8_t* cr, int chroma_step, int n,
                      const YuvToRgb& to, RgbRow out);
  void (*write_luma[3])(RgbRow in, int n, const RgbToYuv& to, uint8_t* luma);
  // The mean of each 2x2 block of two rows (which may be the same row); an odd last column counts twice.
  void (*write_chroma[3])(RgbRow top, RgbRow bottom, int n, const RgbToYuv& to, uint8_t* cb, uint8_t* cr,
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
  // The same with a weight for each number: a weight of 1 gives what is painted, to the bit, 0 the source.
  void (*blend_by)(float* painted, const float* source, const float* weights, int n);
  // painted = source + (luma of painted - luma of source), with the weights of `luma`: the painting's
  // brightness, the source's colour differences.
  void (*keep_colors)(RgbRow painted, RgbRow source, const RgbToYuv& luma, int n);

  // Weighted sums of rows of an 8-bit mask: sums = weight * in (set) or sums + weight * in. The weights of a
  // sum are kFullMask together; close_mask then makes weights of the sums, where 255 is kFullMask. These and
  // the next are whole numbers: the same on every target, and a mask of one number stays that.
  void (*accumulate_mask)(const uint8_t* in, int n, uint32_t weight, bool set, uint32_t* sums);
  void (*close_mask)(const uint32_t* sums, int n, uint16_t* out);
  // out[i] = sum over k < taps of weights[k * n + i] * in[first[i] + k], divided by kFullMask, which the
  // weights of each sum are together. Quick where neighbours begin at neighbours.
  void (*gather_mask)(const uint16_t* in, const int* first, const uint16_t* weights, int taps, int n,
                      uint16_t* out);
  // weights = scale * (top + between * (bottom - top)), between in 0..1.
  void (*mask_weights)(const uint16_t* top, const uint16_t* bottom, float between, float scale, int n,
                       float* weights);
};

const PixelKernels& ChoosePixelKernels(int64_t highway_bit);

}  // namespace tempera::kernels
