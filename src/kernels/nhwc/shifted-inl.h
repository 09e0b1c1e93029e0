// Per-target code: the store of few output channels (ConvNhwcPlan::shifts): shifted sums are added, scaled
// and stored as planes in one pass, four pixels at a time in registers.
#if defined(TEMPERA_KERNELS_NHWC_SHIFTED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_NHWC_SHIFTED_INL_H_
#undef TEMPERA_KERNELS_NHWC_SHIFTED_INL_H_
#else
#define TEMPERA_KERNELS_NHWC_SHIFTED_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>
#include <type_traits>

#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/nhwc/epilogue-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// True where StoreShifted does what AddShifted and the epilogue would, to the bit.
HWY_INLINE bool StoresShifted(const ConvNhwcPlan& plan, const ConvNhwcArgs& args) {
  const bool bent = args.write.activation != Activation::kNone && args.write.activation != Activation::kClamp;
  return HWY_TARGET != HWY_SCALAR && plan.shifts > 1 && plan.output == PictureLayout::kPlanarF32 && !bent &&
         args.moments == nullptr && plan.shape.out_channels <= 4 && plan.shape.shuffle == 1;
}

#if HWY_TARGET != HWY_SCALAR
template <typename Sum>
using D4 = hn::FixedTag<Sum, 4>;

// Four neighbouring columns of a pixel, its shifts added.
template <int kShifts, typename Sum>
HWY_INLINE hn::Vec<D4<float>> AddedSums(const Sum* from, int64_t next, int64_t shifts) {
  const D4<Sum> d;
  auto sum = hn::LoadU(d, from);
  for (int64_t i = 1; i < (kShifts > 0 ? kShifts : shifts); ++i)
    sum = hn::Add(sum, hn::LoadU(d, from + i * next));
  if constexpr (std::is_same_v<Sum, int32_t>) {
    return hn::ConvertTo(D4<float>(), sum);
  } else {
    return sum;
  }
}

template <int kShifts, typename Sum>
HWY_INLINE void StoreShiftedOf(const ConvNhwcPlan& plan, const EpilogueArgs& a) {
  const D4<float> d;
  const int64_t channels = plan.shape.out_channels, columns = plan.dot_columns;
  const int64_t next = plan.shift_step * columns + channels;
  const auto* sums = static_cast<const Sum*>(a.sums);
  auto* to = static_cast<float*>(a.out);
  const auto scale = hn::LoadU(d, a.scale), bias = hn::LoadU(d, a.bias);
  const auto lo = hn::LoadU(d, a.write.lo), hi = hn::LoadU(d, a.write.hi);
  const auto pixel = [&](int64_t p) HWY_ATTR {
    const auto y = hn::MulAdd(AddedSums<kShifts>(sums + p * columns, next, plan.shifts), scale, bias);
    return hn::Min(hn::Max(y, lo), hi);
  };
  int64_t p = 0;
  for (; p + 4 <= a.pixels && a.out_step == 1; p += 4) {
    StoreSquare(d, pixel(p), pixel(p + 1), pixel(p + 2), pixel(p + 3), channels, a.out_plane, to + p);
  }
  for (; p < a.pixels; ++p) {
    HWY_ALIGN float rest[4];
    hn::Store(pixel(p), d, rest);
    for (int64_t o = 0; o < channels; ++o) to[o * a.out_plane + p * a.out_step] = rest[o];
  }
}

// a.sums: as the dot kernel left them.
template <typename Sum>
void StoreShifted(const ConvNhwcPlan& plan, const EpilogueArgs& a) {
  switch (plan.shifts) {
    case 3:
      return StoreShiftedOf<3, Sum>(plan, a);
    case 5:
      return StoreShiftedOf<5, Sum>(plan, a);
    default:
      return StoreShiftedOf<0, Sum>(plan, a);
  }
}
#else
template <typename Sum>
void StoreShifted(const ConvNhwcPlan&, const EpilogueArgs&) {}
#endif

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
