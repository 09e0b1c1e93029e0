// Per-target code: fp32 to fp16, to nearest.
#if defined(TEMPERA_KERNELS_NHWC_HALF_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_NHWC_HALF_INL_H_
#undef TEMPERA_KERNELS_NHWC_HALF_INL_H_
#else
#define TEMPERA_KERNELS_NHWC_HALF_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// What fp16 can hold.
inline constexpr float kMostF16 = 65504.0f;

// |x| <= kMostF16. Where the processor has no such instruction Highway cuts bits off, so they are rounded
// here, ties to even.
template <class D>
HWY_INLINE hn::Vec<hn::Rebind<hwy::float16_t, D>> ToF16(D d, hn::Vec<D> x) {
  const hn::Rebind<hwy::float16_t, D> dh;
#if HWY_ARCH_X86 && HWY_TARGET > HWY_AVX2 || HWY_ARCH_WASM || HWY_TARGET == HWY_EMU128 || \
    HWY_TARGET == HWY_SCALAR
  const hn::RebindToUnsigned<D> du;
  const auto bits = hn::BitCast(du, x);
  const auto odd = hn::And(hn::ShiftRight<13>(bits), hn::Set(du, 1u));
  x = hn::BitCast(d, hn::Add(bits, hn::Add(odd, hn::Set(du, 0xfffu))));
#else
  (void)d;
#endif
  return hn::DemoteTo(dh, x);
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
