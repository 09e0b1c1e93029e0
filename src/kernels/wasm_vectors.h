// What Highway 1.0 does for WebAssembly in more instructions than needed. A browser's build finds this at the
// end of <hwy/highway.h> (cmake/tempera_wasm.cmake); overloads for whole vectors go before Highway's
// templates.
#if defined(TEMPERA_KERNELS_WASM_VECTORS_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_WASM_VECTORS_H_
#undef TEMPERA_KERNELS_WASM_VECTORS_H_
#else
#define TEMPERA_KERNELS_WASM_VECTORS_H_
#endif

#include <wasm_simd128.h>

HWY_BEFORE_NAMESPACE();
namespace hwy {
namespace HWY_NAMESPACE {

// fp16 to fp32: its bits are those of a float whose exponent is 112 too small. Numbers alone, no infinity,
// which kernels never store.
HWY_API Vec128<float, 4> PromoteTo(Simd<float, 4, 0>, const Vec128<float16_t, 4> v) {
  const v128_t wide = wasm_i32x4_shl(wasm_i32x4_extend_low_i16x8(v.raw), 13);
  const v128_t small = wasm_v128_and(wide, wasm_u32x4_const_splat(0x8fffe000u));
  return Vec128<float, 4>(wasm_f32x4_mul(small, wasm_f32x4_const_splat(0x1p112f)));
}

// fp32 to fp16, cut off, as Highway's own. Callers clamp to 65504: more wraps, NaN becomes a number.
HWY_API Vec128<float16_t, 4> DemoteTo(Simd<float16_t, 4, 0>, const Vec128<float, 4> v) {
  const v128_t small = wasm_f32x4_mul(v.raw, wasm_f32x4_const_splat(0x1p-112f));
  const v128_t rest = wasm_v128_and(wasm_u32x4_shr(small, 13), wasm_u32x4_const_splat(0x7fff));
  const v128_t sign = wasm_v128_and(wasm_u32x4_shr(small, 16), wasm_u32x4_const_splat(0x8000));
  const v128_t bits = wasm_v128_or(rest, sign);
  return Vec128<float16_t, 4>(wasm_u16x8_narrow_i32x4(bits, bits));
}

#if defined(TEMPERA_WASM_RELAXED)
// One instruction where the processor has it; rounded once or twice, by the processor.
HWY_API Vec128<float, 4> MulAdd(const Vec128<float, 4> a, const Vec128<float, 4> b,
                                const Vec128<float, 4> c) {
  return Vec128<float, 4>(wasm_f32x4_relaxed_madd(a.raw, b.raw, c.raw));
}
HWY_API Vec128<float, 4> NegMulAdd(const Vec128<float, 4> a, const Vec128<float, 4> b,
                                   const Vec128<float, 4> c) {
  return Vec128<float, 4>(wasm_f32x4_relaxed_nmadd(a.raw, b.raw, c.raw));
}
HWY_API Vec128<float, 4> MulSub(const Vec128<float, 4> a, const Vec128<float, 4> b,
                                const Vec128<float, 4> c) {
  return Vec128<float, 4>(wasm_f32x4_relaxed_madd(a.raw, b.raw, wasm_f32x4_neg(c.raw)));
}
#endif

}  // namespace HWY_NAMESPACE
}  // namespace hwy
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
