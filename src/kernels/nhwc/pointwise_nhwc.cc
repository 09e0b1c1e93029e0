#include "src/kernels/nhwc/pointwise_nhwc.h"

#include <algorithm>
#include <cstdint>

#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/nhwc/pointwise_nhwc.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/nhwc/half-inl.h"
#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Pixels have a multiple of 8 channels.
using D8 = hn::CappedTag<float, 8>;
using V8 = hn::Vec<D8>;
using DHalf = hn::Rebind<hwy::float16_t, D8>;

// Constants of a vector of channels; zeros in channels that are padding, which so become zeros.
struct ReadVector {
  V8 scale, shift, lo, hi, slope;
};

HWY_INLINE ReadVector LoadReadVector(const Pointwise& p, int64_t image, int64_t channels, int64_t channel) {
  const D8 d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  HWY_ALIGN float v[5][hn::MaxLanes(D8())] = {};
  for (int64_t i = 0; i < std::min(lanes, channels - channel); ++i) {
    const int64_t from = image * channels + channel + i;
    const bool clamp = p.activation == Activation::kClamp;
    v[0][i] = p.scale != nullptr ? p.scale[from] : 1.0f;
    v[1][i] = p.scale != nullptr ? p.shift[from] : 0.0f;
    v[2][i] = clamp ? p.lo : -std::numeric_limits<float>::infinity();
    v[3][i] = clamp ? p.hi : std::numeric_limits<float>::infinity();
    v[4][i] = p.activation == Activation::kSlope ? p.slope[from] : 1.0f;
  }
  return {hn::Load(d, v[0]), hn::Load(d, v[1]), hn::Load(d, v[2]), hn::Load(d, v[3]), hn::Load(d, v[4])};
}

template <bool kSlope>
HWY_INLINE V8 ApplyRead(V8 x, const ReadVector& c) {
  const D8 d;
  x = hn::MulAdd(x, c.scale, c.shift);
  if constexpr (kSlope) x = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(x, c.slope), x);
  return hn::Min(c.hi, hn::Max(c.lo, x));
}

HWY_INLINE void StoreHalf(V8 x, hwy::float16_t* to) {
  const D8 d;
  const V8 most = hn::Set(d, kMostF16);
  hn::StoreU(ToF16(d, hn::Min(hn::Max(x, hn::Neg(most)), most)), DHalf(), to);
}
HWY_INLINE V8 LoadHalf(const hwy::float16_t* from) { return hn::PromoteTo(D8(), hn::LoadU(DHalf(), from)); }

// Stretches of pixels stay in L1 while their vectors of channels pass.
constexpr int64_t kStretch = 64;

// Vectors of channels whose constants are made at a time: making them costs as much as some tens of pixels.
constexpr int64_t kVectors = 8;

template <bool kSlope>
void AddAs(const Pointwise& a_pointwise, const Pointwise& b_pointwise, int64_t image, int64_t channels,
           const hwy::float16_t* a, const hwy::float16_t* b, hwy::float16_t* out, int64_t pixels) {
  const int64_t step = NhwcChannels(channels), lanes = static_cast<int64_t>(hn::Lanes(D8()));
  for (int64_t first = 0; first < step; first += kVectors * lanes) {
    ReadVector ca[kVectors], cb[kVectors];
    const int64_t vectors = std::min(kVectors, (step - first) / lanes);
    for (int64_t v = 0; v < vectors; ++v) {
      ca[v] = LoadReadVector(a_pointwise, image, channels, first + v * lanes);
      cb[v] = LoadReadVector(b_pointwise, image, channels, first + v * lanes);
    }
    for (int64_t start = 0; start < pixels; start += kStretch) {
      const int64_t end = std::min(pixels, start + kStretch);
      for (int64_t v = 0; v < vectors; ++v) {
        for (int64_t i = start * step + first + v * lanes; i < end * step; i += step) {
          const V8 sum =
              hn::Add(ApplyRead<kSlope>(LoadHalf(a + i), ca[v]), ApplyRead<kSlope>(LoadHalf(b + i), cb[v]));
          StoreHalf(sum, out + i);
        }
      }
    }
  }
}

void AddPixels(const Pointwise& a_pointwise, const Pointwise& b_pointwise, int64_t image, int64_t channels,
               const void* a, const void* b, void* out, int64_t pixels) {
  const auto* from_a = static_cast<const hwy::float16_t*>(a);
  const auto* from_b = static_cast<const hwy::float16_t*>(b);
  auto* to = static_cast<hwy::float16_t*>(out);
  if (a_pointwise.activation == Activation::kSlope || b_pointwise.activation == Activation::kSlope) {
    return AddAs<true>(a_pointwise, b_pointwise, image, channels, from_a, from_b, to, pixels);
  }
  AddAs<false>(a_pointwise, b_pointwise, image, channels, from_a, from_b, to, pixels);
}

void ToPlanar(const Pointwise& read, int64_t image, int64_t channels, const void* in, float* out,
              int64_t plane_stride, int64_t pixels) {
  const int64_t step = NhwcChannels(channels), lanes = static_cast<int64_t>(hn::Lanes(D8()));
  const auto* from = static_cast<const hwy::float16_t*>(in);
  HWY_ALIGN float block[kStretch * hn::MaxLanes(D8())];
  for (int64_t start = 0; start < pixels; start += kStretch) {
    const int64_t count = std::min(pixels - start, kStretch);
    for (int64_t c = 0; c < channels; c += lanes) {
      const ReadVector constants = LoadReadVector(read, image, channels, c);
      for (int64_t p = 0; p < count; ++p) {
        const V8 x = ApplyRead<true>(LoadHalf(from + (start + p) * step + c), constants);
        hn::Store(x, D8(), block + p * lanes);
      }
      for (int64_t i = 0; i < std::min(lanes, channels - c); ++i) {
        float* to = out + (c + i) * plane_stride + start;
        for (int64_t p = 0; p < count; ++p) to[p] = block[p * lanes + i];
      }
    }
  }
}

void FromPlanar(const Pointwise& read, int64_t image, int64_t channels, const float* in, int64_t plane_stride,
                void* out, int64_t pixels) {
  const int64_t step = NhwcChannels(channels), lanes = static_cast<int64_t>(hn::Lanes(D8()));
  auto* to = static_cast<hwy::float16_t*>(out);
  HWY_ALIGN float block[kStretch * hn::MaxLanes(D8())];
  for (int64_t start = 0; start < pixels; start += kStretch) {
    const int64_t count = std::min(pixels - start, kStretch);
    for (int64_t c = 0; c < step; c += lanes) {
      const ReadVector constants = LoadReadVector(read, image, channels, c);
      std::fill(block, block + kStretch * lanes, 0.0f);
      for (int64_t i = 0; i < std::min(lanes, channels - c); ++i) {
        const float* from = in + (c + i) * plane_stride + start;
        for (int64_t p = 0; p < count; ++p) block[p * lanes + i] = from[p];
      }
      for (int64_t p = 0; p < count; ++p) {
        const V8 x = ApplyRead<true>(hn::Load(D8(), block + p * lanes), constants);
        StoreHalf(x, to + (start + p) * step + c);
      }
    }
  }
}

const PointwiseNhwc& GetPointwiseNhwc() {
  static constexpr PointwiseNhwc functions = {&AddPixels, &ToPlanar, &FromPlanar};
  return functions;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(const PointwiseNhwc&, ChoosePointwiseNhwc, GetPointwiseNhwc);
}  // namespace tempera::kernels
#endif  // HWY_ONCE
