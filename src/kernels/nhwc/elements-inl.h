// Per-target code: from the numbers of pixels to a dot kernel's elements, pending Pointwise and quantisation
// (or rounding to bf16) in one multiply-add and a clamp.
#if defined(TEMPERA_KERNELS_NHWC_ELEMENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_NHWC_ELEMENTS_INL_H_
#undef TEMPERA_KERNELS_NHWC_ELEMENTS_INL_H_
#else
#define TEMPERA_KERNELS_NHWC_ELEMENTS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "src/base/half.h"
#include "src/kernels/nhwc/conv_nhwc.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// From a number read to an element, ConvNhwcPlan::read_constants numbers each, by channel:
//   plain: min(max(x * a + b, lo), hi), rounded;
//   slope: y = x * a + b; min(max((y < 0 ? y * slope : y) + zero, lo), hi), rounded.
// Dividing by the step, the zero point and a clamp are folded into a, b, lo and hi.
struct ReadConstants {
  float *a, *b, *lo, *hi, *slope, *zero;
  uint8_t *least, *most;  // of 8-bit elements: lo and hi, rounded
};

inline HWY_NOINLINE ReadConstants PrepareRead(const ConvNhwcPlan& plan, const Pointwise& read, int64_t image,
                                              float* memory) {
  const int64_t channels = plan.shape.in_channels, count = plan.read_constants;
  const bool integers = plan.precision == ConvPrecision::kInt8;
  std::fill(memory, memory + 6 * count, 0.0f);  // channels that are padding stay zeros
  float* all[6];
  for (int64_t i = 0; i < 6; ++i) all[i] = memory + i * count;
  auto* bytes = reinterpret_cast<uint8_t*>(memory + 6 * count);
  const ReadConstants c = {all[0], all[1], all[2], all[3], all[4], all[5], bytes, bytes + count};
  for (int64_t i = 0; i < channels; ++i) {
    const int64_t from = image * channels + i;
    const float inverse = plan.inverse_step[static_cast<size_t>(i)];
    const float zero = plan.zero[static_cast<size_t>(i)];
    c.a[i] = (read.scale != nullptr ? read.scale[from] : 1.0f) * inverse;
    c.b[i] = read.scale != nullptr ? read.shift[from] * inverse : 0.0f;
    c.lo[i] = integers ? 0.0f : -kMostBfloat;
    c.hi[i] = integers ? 255.0f : kMostBfloat;
    if (read.activation == Activation::kSlope) {
      c.slope[i] = read.slope[from];
      c.zero[i] = zero;
      continue;
    }
    c.b[i] += zero;
    if (read.activation == Activation::kClamp) {
      c.lo[i] = std::clamp(read.lo * inverse + zero, c.lo[i], c.hi[i]);
      c.hi[i] = std::clamp(read.hi * inverse + zero, c.lo[i], c.hi[i]);
    }
  }
  for (float* constants : all) {
    for (int64_t i = plan.packed_channels; i < count; ++i) constants[i] = constants[i - plan.packed_channels];
  }
  for (int64_t i = 0; integers && i < count; ++i) {
    c.least[i] = static_cast<uint8_t>(std::nearbyint(c.lo[i]));
    c.most[i] = static_cast<uint8_t>(std::nearbyint(c.hi[i]));
  }
  return c;
}

template <class D>
struct ReadVectors {
  hn::Vec<D> a, b, lo, hi, slope, zero;
};
template <class D>
HWY_INLINE ReadVectors<D> LoadRead(D d, const ReadConstants& c, int64_t channel) {
  return {hn::LoadU(d, c.a + channel),  hn::LoadU(d, c.b + channel),     hn::LoadU(d, c.lo + channel),
          hn::LoadU(d, c.hi + channel), hn::LoadU(d, c.slope + channel), hn::LoadU(d, c.zero + channel)};
}
template <class D>
HWY_INLINE ReadVectors<D> SetRead(D d, const ReadConstants& c, int64_t channel) {
  return {hn::Set(d, c.a[channel]),  hn::Set(d, c.b[channel]),     hn::Set(d, c.lo[channel]),
          hn::Set(d, c.hi[channel]), hn::Set(d, c.slope[channel]), hn::Set(d, c.zero[channel])};
}

// To nearest, for |x| below 2^31: Highway's NearestInt also mends what lies beyond, with three more
// instructions on x86.
template <class D>
HWY_INLINE hn::Vec<hn::RebindToSigned<D>> NearestSmallInt(D d, hn::Vec<D> x) {
#if HWY_TARGET == HWY_AVX2
  if constexpr (hn::MaxLanes(D()) == 8) return hn::Vec256<int32_t>{_mm256_cvtps_epi32(x.raw)};
#elif HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  if constexpr (hn::MaxLanes(D()) == 16) return hn::Vec512<int32_t>{_mm512_cvtps_epi32(x.raw)};
#endif
  (void)d;
  return hn::NearestInt(x);
}

// x to elements of type T (uint16_t: bf16). A NaN becomes lo.
template <bool kSlope, typename T, class D>
HWY_INLINE hn::Vec<hn::Rebind<T, D>> Elements(D d, hn::Vec<D> x, const ReadVectors<D>& c) {
  auto y = hn::MulAdd(x, c.a, c.b);
  if constexpr (kSlope) {
    y = hn::Add(hn::IfThenElse(hn::Lt(y, hn::Zero(d)), hn::Mul(y, c.slope), y), c.zero);
  }
  y = hn::Min(hn::Max(y, c.lo), c.hi);
  const hn::Rebind<T, D> dt;
  if constexpr (std::is_same_v<T, uint16_t>) {
    const hn::RebindToSigned<D> di;
    const hn::RebindToUnsigned<D> du;
    const auto bits = hn::BitCast(du, y);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1u));
    const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7fffu))));
    return hn::DemoteTo(dt, hn::BitCast(di, rounded));
  } else {
    return hn::DemoteTo(dt, NearestSmallInt(d, y));
  }
}

// The same, stored at `to`.
template <bool kSlope, typename T, class D>
HWY_INLINE void Convert(D d, hn::Vec<D> x, const ReadVectors<D>& c, T* to) {
  hn::StoreU(Elements<kSlope, T>(d, x, c), hn::Rebind<T, D>(), to);
}

// Pixels that stay in L1 while their channels pass.
HWY_INLINE int64_t StretchOf(int64_t packed) { return std::max<int64_t>(2048 / packed, 4); }

// `pixels` pixels of fp16: their channels from `first` on, a multiple of D's lanes. One vector of channels at
// a time, so that its constants stay in registers.
template <bool kSlope, typename T, class D>
HWY_INLINE void PackVectors(D d, const ReadConstants& constants, int64_t packed, int64_t first,
                            const hwy::float16_t* from, int64_t pixels, T* to) {
  const int64_t stretch = StretchOf(packed);
  const hn::Rebind<hwy::float16_t, D> dh;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t start = 0; start < pixels; start += stretch) {
    const int64_t stop = std::min(pixels, start + stretch);
    for (int64_t channel = first; channel < packed; channel += lanes) {
      const ReadVectors<D> c = LoadRead(d, constants, channel);
      for (int64_t i = start * packed + channel; i < stop * packed; i += packed) {
        Convert<kSlope>(d, hn::PromoteTo(d, hn::LoadU(dh, from + i)), c, to + i);
      }
    }
  }
}

#if HWY_TARGET != HWY_SCALAR
// Integers come out as whole vectors of elements: 4 vectors of numbers make one of bytes, 2 one of int16.
using DBlock = hn::CappedTag<float, 16>;
template <typename T>
inline constexpr int64_t kBlockVectors = 4 / sizeof(T);
template <typename T>
using BlockOf = hn::Repartition<T, DBlock>;

// Of each 128 bits of `packed` come kParts stretches of numbers, one of each vector that was packed: puts
// those of the first vector first.
template <uint32_t kParts, class D>
HWY_INLINE hn::Vec<D> InOrder(D d, hn::Vec<D> packed) {
  const hn::Repartition<int32_t, D> d32;
  constexpr uint32_t kBlocks = static_cast<uint32_t>(hn::MaxLanes(d32)) / 4, kLength = 4 / kParts;
  if constexpr (kBlocks == 1) return packed;
  HWY_ALIGN int32_t order[4 * kBlocks];
  for (uint32_t i = 0; i < 4 * kBlocks; ++i) {
    const uint32_t part = i / (kBlocks * kLength), block = i / kLength % kBlocks;
    order[i] = static_cast<int32_t>(block * 4 + part * kLength + i % kLength);
  }
  return hn::BitCast(d, hn::TableLookupLanes(hn::BitCast(d32, packed), hn::SetTableIndices(d32, order)));
}

// Whole numbers of 0 to 255, vector behind vector.
HWY_INLINE hn::Vec<BlockOf<int16_t>> Narrow(const hn::Vec<hn::RebindToSigned<DBlock>> (&q)[2]) {
  const BlockOf<int16_t> d;
  return InOrder<2>(d, hn::ReorderDemote2To(d, q[0], q[1]));
}
HWY_INLINE hn::Vec<BlockOf<uint8_t>> Narrow(const hn::Vec<hn::RebindToSigned<DBlock>> (&q)[4]) {
  const BlockOf<uint8_t> d;
  const BlockOf<int16_t> d16;
  const auto low = hn::ReorderDemote2To(d16, q[0], q[1]), high = hn::ReorderDemote2To(d16, q[2], q[3]);
#if HWY_TARGET == HWY_AVX2
  return InOrder<4>(d, hn::Vec<BlockOf<uint8_t>>{_mm256_packus_epi16(low.raw, high.raw)});
#elif HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  return InOrder<4>(d, hn::Vec<BlockOf<uint8_t>>{_mm512_packus_epi16(low.raw, high.raw)});
#else
  const hn::Half<decltype(d)> half;  // vectors of 128 bits keep their order
  return hn::Combine(d, hn::DemoteTo(half, high), hn::DemoteTo(half, low));
#endif
}

// Clamps of a block whose first number is of channel `channel`.
HWY_INLINE hn::Vec<BlockOf<uint8_t>> LoadClamp(BlockOf<uint8_t> d, const uint8_t* bytes) {
  return hn::LoadU(d, bytes);
}
HWY_INLINE hn::Vec<BlockOf<int16_t>> LoadClamp(BlockOf<int16_t> d, const uint8_t* bytes) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<uint8_t, decltype(d)>(), bytes));
}

// Numbers [i, i + a block) of the pixels, for i = first, first + step, ... before `end`. The constants of the
// block's first number are those of channel `channel`.
template <bool kSlope, typename T>
HWY_INLINE void PackBlocks(const ReadConstants& constants, int64_t channel, const hwy::float16_t* from,
                           int64_t first, int64_t end, int64_t step, T* to) {
  constexpr int64_t kVectors = kBlockVectors<T>;
  const DBlock d;
  const hn::Rebind<hwy::float16_t, DBlock> dh;
  const BlockOf<T> dt;
  constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(DBlock()));
  ReadVectors<DBlock> c[kVectors];
  for (int64_t v = 0; v < kVectors; ++v) c[v] = LoadRead(d, constants, channel + v * kLanes);
  // Clamping whole numbers is the same as clamping before they are rounded, and takes all of them at a time.
  const auto lo = LoadClamp(dt, constants.least + channel), hi = LoadClamp(dt, constants.most + channel);
  const auto large = hn::Set(d, 255.0f);
  for (int64_t i = first; i < end; i += step) {
    hn::Vec<hn::RebindToSigned<DBlock>> q[kVectors];
    for (int64_t v = 0; v < kVectors; ++v) {
      auto y = hn::MulAdd(hn::PromoteTo(d, hn::LoadU(dh, from + i + v * kLanes)), c[v].a, c[v].b);
      if constexpr (kSlope) {
        y = hn::Add(hn::IfThenElse(hn::Lt(y, hn::Zero(d)), hn::Mul(y, c[v].slope), y), c[v].zero);
      }
      // A NaN becomes lo.
      q[v] = NearestSmallInt(d, hn::Min(hn::Max(y, hn::Zero(d)), large));
    }
    hn::StoreU(hn::Min(hn::Max(Narrow(q), lo), hi), dt, to + i);
  }
}
#endif

// `pixels` pixels of fp16, neighbours in memory.
template <bool kSlope, typename T>
HWY_INLINE void PackPixels(const ReadConstants& constants, int64_t packed, const hwy::float16_t* from,
                           int64_t pixels, T* to) {
  int64_t channel = 0, pixel = 0;  // what is done: these channels of all pixels, all channels of these pixels
#if HWY_TARGET != HWY_SCALAR
  if constexpr (!std::is_same_v<T, uint16_t>) {
    constexpr int64_t kBlock = kBlockVectors<T> * static_cast<int64_t>(hn::MaxLanes(DBlock()));
    if (kBlock % packed == 0) {
      const int64_t whole = pixels * packed / kBlock * kBlock;
      PackBlocks<kSlope>(constants, 0, from, 0, whole, kBlock, to);
      pixel = whole / packed;
    } else {
      const int64_t stretch = StretchOf(packed);
      for (int64_t start = 0; start < pixels; start += stretch) {
        const int64_t stop = std::min(pixels, start + stretch);
        for (channel = 0; channel + kBlock <= packed; channel += kBlock) {
          PackBlocks<kSlope>(constants, channel, from, start * packed + channel, stop * packed, packed, to);
        }
      }
    }
  }
#endif
  from += pixel * packed;
  to += pixel * packed;
  if (packed % 16 == 0 && channel % 16 == 0) {
    PackVectors<kSlope>(hn::CappedTag<float, 16>(), constants, packed, channel, from, pixels - pixel, to);
  } else {
    PackVectors<kSlope>(hn::CappedTag<float, 8>(), constants, packed, channel, from, pixels - pixel, to);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
