// What rows of pixels mean (pixels.h), as plain loops in double: what every target is held up against.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "src/kernels/pixels/pixels.h"

namespace tempera::kernels::plain {

inline double Clamped(double x) { return x > 0 ? std::min(x, 255.0) : 0; }  // NaN to 0
inline double Code(double x, double most) { return x > 0 ? std::min(std::nearbyint(x), most) : 0; }

inline double SampleOf(const uint8_t* at, Samples kind) {
  if (kind == Samples::kBytes) return *at;
  uint16_t x = 0;
  std::memcpy(&x, at, sizeof(x));
  return kind == Samples::kLow10 ? std::min<int>(x, 1023) : x >> 6;
}
inline void SetSample(double x, Samples kind, uint8_t* at) {
  if (kind == Samples::kBytes) {
    *at = static_cast<uint8_t>(Code(x, 255));
    return;
  }
  auto sample = static_cast<uint16_t>(Code(x, 1023));
  if (kind == Samples::kHigh10) sample = static_cast<uint16_t>(sample << 6);
  std::memcpy(at, &sample, sizeof(sample));
}
constexpr int BytesOf(Samples kind) { return kind == Samples::kBytes ? 1 : 2; }
constexpr double MiddleOf(Samples kind) { return kind == Samples::kBytes ? 128 : 512; }

template <Interleaving kOrder>
void ReadInterleaved(const uint8_t* in, int n, RgbRow out) {
  constexpr int kStep = kOrder == Interleaving::kRgb ? 3 : 4, kRed = kOrder == Interleaving::kBgra ? 2 : 0;
  for (int i = 0; i < n; ++i) {
    const uint8_t* pixel = in + i * kStep;
    out.r[i] = pixel[kRed], out.g[i] = pixel[1], out.b[i] = pixel[2 - kRed];
  }
}
template <Interleaving kOrder>
void WriteInterleaved(RgbRow in, int n, uint8_t* out) {
  constexpr int kStep = kOrder == Interleaving::kRgb ? 3 : 4, kRed = kOrder == Interleaving::kBgra ? 2 : 0;
  for (int i = 0; i < n; ++i) {
    uint8_t* pixel = out + i * kStep;
    pixel[kRed] = static_cast<uint8_t>(Code(in.r[i], 255));
    pixel[1] = static_cast<uint8_t>(Code(in.g[i], 255));
    pixel[2 - kRed] = static_cast<uint8_t>(Code(in.b[i], 255));
  }
}

template <Samples kKind>
void ReadYuv(const uint8_t* luma, const uint8_t* cb, const uint8_t* cr, int chroma_step, int n,
             const YuvToRgb& to, RgbRow out) {
  for (int i = 0; i < n; ++i) {
    const double y = (SampleOf(luma + i * BytesOf(kKind), kKind) - static_cast<double>(to.luma_offset)) *
                     static_cast<double>(to.luma_scale);
    const int at = i / 2 * chroma_step * BytesOf(kKind);
    const double b = SampleOf(cb + at, kKind) - MiddleOf(kKind),
                 r = SampleOf(cr + at, kKind) - MiddleOf(kKind);
    out.r[i] = static_cast<float>(y + static_cast<double>(to.r_cr) * r);
    out.g[i] = static_cast<float>(y + static_cast<double>(to.g_cb) * b + static_cast<double>(to.g_cr) * r);
    out.b[i] = static_cast<float>(y + static_cast<double>(to.b_cb) * b);
  }
}

inline double LumaOf(const RgbToYuv& to, double r, double g, double b) {
  return static_cast<double>(to.kr) * r + static_cast<double>(to.kg) * g + static_cast<double>(to.kb) * b;
}
template <Samples kKind>
void WriteLuma(RgbRow in, int n, const RgbToYuv& to, uint8_t* luma) {
  for (int i = 0; i < n; ++i) {
    const double y = LumaOf(to, in.r[i], in.g[i], in.b[i]);
    SetSample(y * static_cast<double>(to.luma_scale) + static_cast<double>(to.luma_offset), kKind,
              luma + i * BytesOf(kKind));
  }
}
template <Samples kKind>
void WriteChroma(RgbRow top, RgbRow bottom, int n, const RgbToYuv& to, uint8_t* cb, uint8_t* cr,
                 int chroma_step) {
  for (int i = 0; i < n; i += 2) {
    const int next = std::min(i + 1, n - 1);
    const auto mean = [&](const float* a, const float* b) {
      return (double{a[i]} + double{a[next]} + double{b[i]} + double{b[next]}) / 4;
    };
    const double r = mean(top.r, bottom.r), g = mean(top.g, bottom.g), b = mean(top.b, bottom.b);
    const double y = LumaOf(to, r, g, b);
    const int at = i / 2 * chroma_step * BytesOf(kKind);
    SetSample((b - y) * static_cast<double>(to.cb_scale) + MiddleOf(kKind), kKind, cb + at);
    SetSample((r - y) * static_cast<double>(to.cr_scale) + MiddleOf(kKind), kKind, cr + at);
  }
}

inline void ClampAffine(const float* in, int n, float scale, float offset, float* out) {
  for (int i = 0; i < n; ++i)
    out[i] = static_cast<float>(Clamped(in[i]) * static_cast<double>(scale) + static_cast<double>(offset));
}
inline void AffineClamp(const float* in, int n, float scale, float offset, float* out) {
  for (int i = 0; i < n; ++i)
    out[i] = static_cast<float>(
        Clamped((static_cast<double>(in[i]) - static_cast<double>(offset)) * static_cast<double>(scale)));
}
inline void Accumulate(const float* in, int n, float weight, bool set, float* out) {
  for (int i = 0; i < n; ++i)
    out[i] = static_cast<float>(static_cast<double>(weight) * static_cast<double>(in[i]) +
                                (set ? 0 : static_cast<double>(out[i])));
}
inline void GatherSum(const float* in, const int* first, const float* weights, int taps, int n, float* out) {
  for (int i = 0; i < n; ++i) {
    double sum = 0;
    for (int k = 0; k < taps; ++k)
      sum += static_cast<double>(weights[i * taps + k]) * static_cast<double>(in[first[i] + k]);
    out[i] = static_cast<float>(sum);
  }
}
inline void Blend(float* painted, const float* source, float strength, int n) {
  for (int i = 0; i < n; ++i) {
    const double s = source[i];
    painted[i] = static_cast<float>(s + static_cast<double>(strength) * (painted[i] - s));
  }
}
inline void BlendBy(float* painted, const float* source, const float* weights, int n) {
  for (int i = 0; i < n; ++i) {
    const double s = source[i], weight = weights[i];
    painted[i] = static_cast<float>(s + weight * (painted[i] - s));
  }
}
inline void KeepColors(RgbRow painted, RgbRow source, const RgbToYuv& luma, int n) {
  for (int i = 0; i < n; ++i) {
    const double brighter = LumaOf(luma, painted.r[i], painted.g[i], painted.b[i]) -
                            LumaOf(luma, source.r[i], source.g[i], source.b[i]);
    painted.r[i] = static_cast<float>(source.r[i] + brighter);
    painted.g[i] = static_cast<float>(source.g[i] + brighter);
    painted.b[i] = static_cast<float>(source.b[i] + brighter);
  }
}
inline void AccumulateMask(const uint8_t* in, int n, uint32_t weight, bool set, uint32_t* sums) {
  for (int i = 0; i < n; ++i) sums[i] = weight * in[i] + (set ? 0 : sums[i]);
}
// Both to the nearest.
inline void CloseMask(const uint32_t* sums, int n, uint16_t* out) {
  for (int i = 0; i < n; ++i) out[i] = static_cast<uint16_t>((sums[i] + 127) / 255);
}
inline void GatherMask(const uint16_t* in, const int* first, const uint16_t* weights, int taps, int n,
                       uint16_t* out) {
  for (int i = 0; i < n; ++i) {
    uint32_t sum = kFullMask / 2;
    for (int k = 0; k < taps; ++k) sum += uint32_t{weights[int64_t{k} * n + i]} * in[first[i] + k];
    out[i] = static_cast<uint16_t>(sum / kFullMask);
  }
}
inline void MaskWeights(const uint16_t* top, const uint16_t* bottom, float between, float scale, int n,
                        float* weights) {
  for (int i = 0; i < n; ++i) {
    const double a = top[i], b = bottom[i];
    weights[i] =
        static_cast<float>(static_cast<double>(scale) * (a + static_cast<double>(between) * (b - a)));
  }
}

inline const PixelKernels& Kernels() {
  static constexpr PixelKernels kPlain = {
      .read_interleaved = {&ReadInterleaved<Interleaving::kRgba>, &ReadInterleaved<Interleaving::kBgra>,
                           &ReadInterleaved<Interleaving::kRgb>},
      .write_interleaved = {&WriteInterleaved<Interleaving::kRgba>, &WriteInterleaved<Interleaving::kBgra>,
                            &WriteInterleaved<Interleaving::kRgb>},
      .read_yuv = {&ReadYuv<Samples::kBytes>, &ReadYuv<Samples::kLow10>, &ReadYuv<Samples::kHigh10>},
      .write_luma = {&WriteLuma<Samples::kBytes>, &WriteLuma<Samples::kLow10>, &WriteLuma<Samples::kHigh10>},
      .write_chroma = {&WriteChroma<Samples::kBytes>, &WriteChroma<Samples::kLow10>,
                       &WriteChroma<Samples::kHigh10>},
      .clamp_affine = &ClampAffine,
      .affine_clamp = &AffineClamp,
      .accumulate = &Accumulate,
      .gather_sum = &GatherSum,
      .blend = &Blend,
      .blend_by = &BlendBy,
      .keep_colors = &KeepColors,
      .accumulate_mask = &AccumulateMask,
      .close_mask = &CloseMask,
      .gather_mask = &GatherMask,
      .mask_weights = &MaskWeights,
  };
  return kPlain;
}

}  // namespace tempera::kernels::plain
