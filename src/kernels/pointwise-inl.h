// Per-target code: one vector's activation, and a row of numbers through a Pointwise.
// Included once per Highway target (the guard below toggles).
#if defined(TEMPERA_KERNELS_POINTWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_POINTWISE_INL_H_
#undef TEMPERA_KERNELS_POINTWISE_INL_H_
#else
#define TEMPERA_KERNELS_POINTWISE_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>
#include <cstring>

#include "src/kernels/pointwise.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;

// Constants of one channel, ready in registers.
struct ChannelPointwise {
  VF scale, shift, lo, hi, slope;
};

HWY_INLINE ChannelPointwise LoadPointwise(DF d, const Pointwise& p, int64_t channel) {
  ChannelPointwise c;
  c.scale = hn::Set(d, p.scale ? p.scale[channel] : 1.0f);
  c.shift = hn::Set(d, p.shift ? p.shift[channel] : 0.0f);
  c.lo = hn::Set(d, p.lo);
  c.hi = hn::Set(d, p.hi);
  c.slope = hn::Set(d, p.slope ? p.slope[channel] : 0.0f);
  return c;
}

template <class D>
HWY_INLINE hn::Vec<D> HardSwish(D d, hn::Vec<D> x) {
  const auto gate = hn::MulAdd(x, hn::Set(d, 1.0f / 6), hn::Set(d, 0.5f));
  return hn::Mul(x, hn::Min(hn::Max(gate, hn::Zero(d)), hn::Set(d, 1.0f)));
}

// NaN passes through the clamp: x86's min and max return their second operand when either is NaN.
template <Activation kActivation>
HWY_INLINE VF Activate(DF d, VF x, const ChannelPointwise& c) {
  if constexpr (kActivation == Activation::kClamp) return hn::Min(c.hi, hn::Max(c.lo, x));
  if constexpr (kActivation == Activation::kSlope) {
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(x, c.slope), x);
  }
  if constexpr (kActivation == Activation::kHardSwish) return HardSwish(d, x);
  return x;
}

// Calls body(d, vector) -> vector on n numbers; the last, partial vector goes through a small
// buffer, so nothing outside [src, src + n) and [dst, dst + n) is touched.
template <typename Body>
HWY_INLINE void MapRow(const float* src, float* dst, int64_t n, const Body& body) {
  const DF d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(body(d, hn::LoadU(d, src + i)), d, dst + i);
  if (i == n) return;
  HWY_ALIGN float rest[hn::MaxLanes(DF())] = {};
  const size_t bytes = static_cast<size_t>(n - i) * sizeof(float);
  std::memcpy(rest, src + i, bytes);
  hn::Store(body(d, hn::Load(d, rest)), d, rest);
  std::memcpy(dst + i, rest, bytes);
}

template <bool kAffine, Activation kActivation>
HWY_INLINE void PointwiseRowAs(const float* src, float* dst, int64_t n, const ChannelPointwise& c) {
  MapRow(src, dst, n, [&](DF d, VF x) HWY_ATTR {
    if constexpr (kAffine) x = hn::MulAdd(x, c.scale, c.shift);
    return Activate<kActivation>(d, x, c);
  });
}

// dst[i] = p(src[i]) with the constants of `channel`; src may be dst.
HWY_INLINE void PointwiseRow(const Pointwise& p, int64_t channel, const float* src, float* dst, int64_t n) {
  const ChannelPointwise c = LoadPointwise(DF(), p, channel);
  const bool affine = p.scale != nullptr;
  switch (p.activation) {
    case Activation::kNone:
      return affine ? PointwiseRowAs<true, Activation::kNone>(src, dst, n, c)
                    : PointwiseRowAs<false, Activation::kNone>(src, dst, n, c);
    case Activation::kClamp:
      return affine ? PointwiseRowAs<true, Activation::kClamp>(src, dst, n, c)
                    : PointwiseRowAs<false, Activation::kClamp>(src, dst, n, c);
    case Activation::kSlope:
      return affine ? PointwiseRowAs<true, Activation::kSlope>(src, dst, n, c)
                    : PointwiseRowAs<false, Activation::kSlope>(src, dst, n, c);
    case Activation::kHardSwish:
      return affine ? PointwiseRowAs<true, Activation::kHardSwish>(src, dst, n, c)
                    : PointwiseRowAs<false, Activation::kHardSwish>(src, dst, n, c);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
