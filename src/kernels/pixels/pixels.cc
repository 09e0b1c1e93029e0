// Most of these are plain loops: compiled once per target, the compiler's vectoriser does as well as
// intrinsics would (restrict and constant strides are what it needs).
#include "src/kernels/pixels/pixels.h"

#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/pixels/pixels.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE float Clamp(float v) {
  v = v > 0.0f ? v : 0.0f;  // false for NaN
  return v < 255.0f ? v : 255.0f;
}
HWY_INLINE uint8_t ToByte(float v) { return static_cast<uint8_t>(static_cast<int32_t>(Clamp(v) + 0.5f)); }

// How codes of YCbCr lie in memory.
struct Bytes {
  using Type = uint8_t;
  static constexpr float kMiddle = 128.0f;
  static HWY_INLINE float Code(Type sample) { return static_cast<float>(sample); }
  static HWY_INLINE Type Sample(float code) { return ToByte(code); }
};
template <int kShift>
struct TenBits {
  using Type = uint16_t;
  static constexpr float kMiddle = 512.0f;
  static HWY_INLINE float Code(Type sample) {
    const int32_t code = sample >> kShift;
    return static_cast<float>(code < 1023 ? code : 1023);
  }
  static HWY_INLINE Type Sample(float code) {
    code = code > 0.0f ? code : 0.0f;  // false for NaN
    code = code < 1023.0f ? code : 1023.0f;
    return static_cast<Type>(static_cast<int32_t>(code + 0.5f) << kShift);
  }
};

template <int kStep, int kR, int kB>
void ReadInterleaved(const uint8_t* HWY_RESTRICT in, int n, RgbRow out) {
  float* HWY_RESTRICT r = out.r;
  float* HWY_RESTRICT g = out.g;
  float* HWY_RESTRICT b = out.b;
  for (int x = 0; x < n; ++x) {
    r[x] = in[kStep * x + kR];
    g[x] = in[kStep * x + 1];
    b[x] = in[kStep * x + kB];
  }
}

template <int kStep, int kR, int kB>
void WriteInterleaved(RgbRow in, int n, uint8_t* HWY_RESTRICT out) {
  const float* HWY_RESTRICT r = in.r;
  const float* HWY_RESTRICT g = in.g;
  const float* HWY_RESTRICT b = in.b;
  for (int x = 0; x < n; ++x) {
    out[kStep * x + kR] = ToByte(r[x]);
    out[kStep * x + 1] = ToByte(g[x]);
    out[kStep * x + kB] = ToByte(b[x]);
  }
}

template <class S, int kStep>
void ReadYuvStep(const typename S::Type* HWY_RESTRICT luma, const typename S::Type* HWY_RESTRICT cb,
                 const typename S::Type* HWY_RESTRICT cr, int n, const YuvToRgb& to, RgbRow out) {
  float* HWY_RESTRICT r = out.r;
  float* HWY_RESTRICT g = out.g;
  float* HWY_RESTRICT b = out.b;
  const YuvToRgb t = to;
  // Chroma first, written to both pixels of each pair; then luma is added to all.
  const int pairs = n / 2;
  for (int c = 0; c < pairs; ++c) {
    const float u = S::Code(cb[kStep * c]) - S::kMiddle;
    const float v = S::Code(cr[kStep * c]) - S::kMiddle;
    const float dr = t.r_cr * v, dg = t.g_cb * u + t.g_cr * v, db = t.b_cb * u;
    r[2 * c] = dr;
    r[2 * c + 1] = dr;
    g[2 * c] = dg;
    g[2 * c + 1] = dg;
    b[2 * c] = db;
    b[2 * c + 1] = db;
  }
  if (n % 2 != 0) {
    const float u = S::Code(cb[kStep * pairs]) - S::kMiddle;
    const float v = S::Code(cr[kStep * pairs]) - S::kMiddle;
    r[n - 1] = t.r_cr * v;
    g[n - 1] = t.g_cb * u + t.g_cr * v;
    b[n - 1] = t.b_cb * u;
  }
  for (int x = 0; x < n; ++x) {
    const float l = (S::Code(luma[x]) - t.luma_offset) * t.luma_scale;
    r[x] += l;
    g[x] += l;
    b[x] += l;
  }
}

template <class S>
void ReadYuv(const uint8_t* luma, const uint8_t* cb, const uint8_t* cr, int chroma_step, int n,
             const YuvToRgb& to, RgbRow out) {
  const auto samples = [](const uint8_t* p) { return reinterpret_cast<const typename S::Type*>(p); };
  if (chroma_step == 2) return ReadYuvStep<S, 2>(samples(luma), samples(cb), samples(cr), n, to, out);
  ReadYuvStep<S, 1>(samples(luma), samples(cb), samples(cr), n, to, out);
}

template <class S>
void WriteLuma(RgbRow in, int n, const RgbToYuv& to, uint8_t* out) {
  auto* HWY_RESTRICT luma = reinterpret_cast<typename S::Type*>(out);
  const float* HWY_RESTRICT r = in.r;
  const float* HWY_RESTRICT g = in.g;
  const float* HWY_RESTRICT b = in.b;
  const RgbToYuv t = to;
  for (int x = 0; x < n; ++x) {
    luma[x] = S::Sample((t.kr * r[x] + t.kg * g[x] + t.kb * b[x]) * t.luma_scale + t.luma_offset);
  }
}

template <class S, int kStep>
void WriteChromaStep(RgbRow top, RgbRow bottom, int n, const RgbToYuv& to, typename S::Type* HWY_RESTRICT cb,
                     typename S::Type* HWY_RESTRICT cr) {
  const RgbToYuv t = to;
  const auto put = [&](int c, int x0, int x1) HWY_ATTR {
    const float r = 0.25f * ((top.r[x0] + top.r[x1]) + (bottom.r[x0] + bottom.r[x1]));
    const float g = 0.25f * ((top.g[x0] + top.g[x1]) + (bottom.g[x0] + bottom.g[x1]));
    const float b = 0.25f * ((top.b[x0] + top.b[x1]) + (bottom.b[x0] + bottom.b[x1]));
    const float l = t.kr * r + t.kg * g + t.kb * b;
    cb[kStep * c] = S::Sample((b - l) * t.cb_scale + S::kMiddle);
    cr[kStep * c] = S::Sample((r - l) * t.cr_scale + S::kMiddle);
  };
  const int pairs = n / 2;
  for (int c = 0; c < pairs; ++c) put(c, 2 * c, 2 * c + 1);
  if (n % 2 != 0) put(pairs, n - 1, n - 1);
}

template <class S>
void WriteChroma(RgbRow top, RgbRow bottom, int n, const RgbToYuv& to, uint8_t* cb, uint8_t* cr,
                 int chroma_step) {
  const auto samples = [](uint8_t* p) { return reinterpret_cast<typename S::Type*>(p); };
  if (chroma_step == 2) return WriteChromaStep<S, 2>(top, bottom, n, to, samples(cb), samples(cr));
  WriteChromaStep<S, 1>(top, bottom, n, to, samples(cb), samples(cr));
}

void ClampAffine(const float* in, int n, float scale, float offset, float* out) {
  for (int x = 0; x < n; ++x) out[x] = Clamp(in[x]) * scale + offset;
}

void AffineClamp(const float* in, int n, float scale, float offset, float* out) {
  for (int x = 0; x < n; ++x) out[x] = Clamp((in[x] - offset) * scale);
}

void Accumulate(const float* HWY_RESTRICT in, int n, float weight, bool set, float* HWY_RESTRICT out) {
  if (set) {
    for (int x = 0; x < n; ++x) out[x] = weight * in[x];
  } else {
    for (int x = 0; x < n; ++x) out[x] += weight * in[x];
  }
}

void GatherSum(const float* HWY_RESTRICT in, const int* HWY_RESTRICT first, const float* HWY_RESTRICT weights,
               int taps, int n, float* HWY_RESTRICT out) {
  int i = 0;
#if HWY_TARGET != HWY_SCALAR
  if (taps == 4) {
    // Four outputs at a time: a vector of four products each, then three pairwise sums.
    const hn::FixedTag<float, 4> d;
    const auto products = [&](int at) HWY_ATTR {
      return hn::Mul(hn::LoadU(d, in + first[at]), hn::LoadU(d, weights + 4 * at));
    };
    const auto pairwise = [&](auto a, auto b)
                              HWY_ATTR { return hn::Add(hn::ConcatEven(d, b, a), hn::ConcatOdd(d, b, a)); };
    for (; i + 4 <= n; i += 4) {
      const auto low = pairwise(products(i), products(i + 1));
      const auto high = pairwise(products(i + 2), products(i + 3));
      hn::StoreU(pairwise(low, high), d, out + i);
    }
  }
#endif
  for (; i < n; ++i) {
    const float* p = in + first[i];
    const float* w = weights + static_cast<int64_t>(i) * taps;
    float sum = 0;
    for (int k = 0; k < taps; ++k) sum += w[k] * p[k];
    out[i] = sum;
  }
}

void Blend(float* HWY_RESTRICT painted, const float* HWY_RESTRICT source, float strength, int n) {
  for (int x = 0; x < n; ++x) painted[x] = source[x] + strength * (painted[x] - source[x]);
}

void BlendBy(float* HWY_RESTRICT painted, const float* HWY_RESTRICT source, const float* HWY_RESTRICT weights,
             int n) {
  for (int x = 0; x < n; ++x) {
    const float mixed = source[x] + weights[x] * (painted[x] - source[x]);
    painted[x] = weights[x] == 1.0f ? painted[x] : mixed;
  }
}

void KeepColors(RgbRow painted, RgbRow source, const RgbToYuv& luma, int n) {
  float* HWY_RESTRICT pr = painted.r;
  float* HWY_RESTRICT pg = painted.g;
  float* HWY_RESTRICT pb = painted.b;
  const float* HWY_RESTRICT r = source.r;
  const float* HWY_RESTRICT g = source.g;
  const float* HWY_RESTRICT b = source.b;
  const float kr = luma.kr, kg = luma.kg, kb = luma.kb;
  for (int x = 0; x < n; ++x) {
    const float l = kr * (pr[x] - r[x]) + kg * (pg[x] - g[x]) + kb * (pb[x] - b[x]);
    pr[x] = r[x] + l;
    pg[x] = g[x] + l;
    pb[x] = b[x] + l;
  }
}

void AccumulateMask(const uint8_t* HWY_RESTRICT in, int n, uint32_t weight, bool set,
                    uint32_t* HWY_RESTRICT sums) {
  if (set) {
    for (int x = 0; x < n; ++x) sums[x] = weight * in[x];
  } else {
    for (int x = 0; x < n; ++x) sums[x] += weight * in[x];
  }
}

void CloseMask(const uint32_t* HWY_RESTRICT sums, int n, uint16_t* HWY_RESTRICT out) {
  for (int x = 0; x < n; ++x) out[x] = static_cast<uint16_t>((sums[x] + 127) / 255);
}

void GatherMask(const uint16_t* HWY_RESTRICT in, const int* HWY_RESTRICT first,
                const uint16_t* HWY_RESTRICT weights, int taps, int n, uint16_t* HWY_RESTRICT out) {
  const hn::CappedTag<uint32_t, 8> d;
  const hn::Rebind<uint16_t, decltype(d)> d16;
  const hn::RebindToSigned<decltype(d)> di;
  const int lanes = static_cast<int>(hn::Lanes(d));
  int i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto consecutive = hn::Add(hn::Set(di, first[i]), hn::Iota(di, 0));
    auto sum = hn::Set(d, kFullMask / 2);
    if (hn::AllTrue(di, hn::Eq(hn::LoadU(di, first + i), consecutive))) {
      const uint16_t* p = in + first[i];
      for (int k = 0; k < taps; ++k) {
        const auto weight = hn::PromoteTo(d, hn::LoadU(d16, weights + static_cast<int64_t>(k) * n + i));
        sum = hn::Add(sum, hn::Mul(weight, hn::PromoteTo(d, hn::LoadU(d16, p + k))));
      }
    } else {
      for (int k = 0; k < taps; ++k) {
        alignas(32) uint32_t from[8];
        for (int lane = 0; lane < lanes; ++lane) from[lane] = in[first[i + lane] + k];
        const auto weight = hn::PromoteTo(d, hn::LoadU(d16, weights + static_cast<int64_t>(k) * n + i));
        sum = hn::Add(sum, hn::Mul(weight, hn::Load(d, from)));
      }
    }
    hn::StoreU(hn::DemoteTo(d16, hn::BitCast(di, hn::ShiftRight<15>(sum))), d16, out + i);
  }
  static_assert(kFullMask == 1 << 15);
  for (; i < n; ++i) {
    uint32_t sum = kFullMask / 2;
    for (int k = 0; k < taps; ++k)
      sum += uint32_t{weights[static_cast<int64_t>(k) * n + i]} * in[first[i] + k];
    out[i] = static_cast<uint16_t>(sum / kFullMask);
  }
}

void MaskWeights(const uint16_t* HWY_RESTRICT top, const uint16_t* HWY_RESTRICT bottom, float between,
                 float scale, int n, float* HWY_RESTRICT weights) {
  for (int x = 0; x < n; ++x) {
    const float a = top[x], b = bottom[x];
    weights[x] = scale * (a + between * (b - a));
  }
}

const PixelKernels& GetPixelKernels() {
  static constexpr PixelKernels kKernels = {
      {&ReadInterleaved<4, 0, 2>, &ReadInterleaved<4, 2, 0>, &ReadInterleaved<3, 0, 2>},
      {&WriteInterleaved<4, 0, 2>, &WriteInterleaved<4, 2, 0>, &WriteInterleaved<3, 0, 2>},
      {&ReadYuv<Bytes>, &ReadYuv<TenBits<0>>, &ReadYuv<TenBits<6>>},
      {&WriteLuma<Bytes>, &WriteLuma<TenBits<0>>, &WriteLuma<TenBits<6>>},
      {&WriteChroma<Bytes>, &WriteChroma<TenBits<0>>, &WriteChroma<TenBits<6>>},
      &ClampAffine,
      &AffineClamp,
      &Accumulate,
      &GatherSum,
      &Blend,
      &BlendBy,
      &KeepColors,
      &AccumulateMask,
      &CloseMask,
      &GatherMask,
      &MaskWeights};
  return kKernels;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(const PixelKernels&, ChoosePixelKernels, GetPixelKernels);
}  // namespace tempera::kernels
#endif  // HWY_ONCE
