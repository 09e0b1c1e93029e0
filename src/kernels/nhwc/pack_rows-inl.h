// Per-target code: one row of the input into a dot kernel's scratch row, with the pending Pointwise,
// quantisation (or rounding to bf16) and padding done.
#if defined(TEMPERA_KERNELS_NHWC_PACK_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_NHWC_PACK_ROWS_INL_H_
#undef TEMPERA_KERNELS_NHWC_PACK_ROWS_INL_H_
#else
#define TEMPERA_KERNELS_NHWC_PACK_ROWS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "src/kernels/nhwc/bf16.h"
#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/pad_index.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// From a number read to an element, packed_channels numbers each:
//   plain: min(max(x * a + b, lo), hi), rounded;
//   slope: y = x * a + b; min(max((y < 0 ? y * slope : y) + zero, lo), hi), rounded.
// Dividing by the step, the zero point and a clamp are folded into a, b, lo and hi.
struct ReadConstants {
  float *a, *b, *lo, *hi, *slope, *zero;
};

HWY_INLINE ReadConstants PrepareRead(const ConvNhwcPlan& plan, const Pointwise& read, int64_t image,
                                     float* memory) {
  const int64_t packed = plan.packed_channels, channels = plan.shape.in_channels;
  const bool integers = plan.precision == ConvPrecision::kInt8;
  ReadConstants c = {memory,
                     memory + packed,
                     memory + 2 * packed,
                     memory + 3 * packed,
                     memory + 4 * packed,
                     memory + 5 * packed};
  std::fill(memory, memory + 6 * packed, 0.0f);  // channels that are padding stay zeros
  for (int64_t i = 0; i < channels; ++i) {
    const int64_t from = image * channels + i;
    const float inverse = plan.inverse_step[static_cast<size_t>(i)];
    const float zero = plan.zero[static_cast<size_t>(i)];
    c.a[i] = (read.scale != nullptr ? read.scale[from] : 1.0f) * inverse;
    c.b[i] = read.scale != nullptr ? read.shift[from] * inverse : 0.0f;
    c.lo[i] = integers ? 0.0f : -kMostBf16;
    c.hi[i] = integers ? 255.0f : kMostBf16;
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
    return hn::DemoteTo(dt, hn::NearestInt(y));
  }
}

// The same, stored at `to`.
template <bool kSlope, typename T, class D>
HWY_INLINE void Convert(D d, hn::Vec<D> x, const ReadVectors<D>& c, T* to) {
  hn::StoreU(Elements<kSlope, T>(d, x, c), hn::Rebind<T, D>(), to);
}

// `pixels` pixels of fp16; packed is a multiple of D's lanes. One vector of channels at a time, so that
// its constants stay in registers, over a stretch that stays in L1.
template <bool kSlope, typename T, class D>
HWY_INLINE void PackPixels(D d, const ReadConstants& constants, int64_t packed, const hwy::float16_t* from,
                           int64_t pixels, T* to) {
  const int64_t stretch = std::max<int64_t>(2048 / packed, 4);
  const hn::Rebind<hwy::float16_t, D> dh;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t start = 0; start < pixels; start += stretch) {
    const int64_t end = std::min(pixels, start + stretch);
    for (int64_t channel = 0; channel < packed; channel += lanes) {
      const ReadVectors<D> c = LoadRead(d, constants, channel);
      for (int64_t i = start * packed + channel; i < end * packed; i += packed) {
        Convert<kSlope>(d, hn::PromoteTo(d, hn::LoadU(dh, from + i)), c, to + i);
      }
    }
  }
}

// One channel's `pixels` numbers of fp32 into element 0 of each packed pixel; `line` holds them in between.
template <bool kSlope, typename T>
HWY_INLINE void PackChannel(const ReadConstants& constants, int64_t channel, int64_t packed,
                            const float* from, int64_t pixels, T* line, T* to) {
  const hn::CappedTag<float, 16> d;
  const hn::CappedTag<float, 1> d1;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto c = SetRead(d, constants, channel);
  int64_t i = 0;
  for (; i + lanes <= pixels; i += lanes) Convert<kSlope>(d, hn::LoadU(d, from + i), c, line + i);
  const auto c1 = SetRead(d1, constants, channel);
  for (; i < pixels; ++i) Convert<kSlope>(d1, hn::LoadU(d1, from + i), c1, line + i);
  for (i = 0; i < pixels; ++i) to[i * packed] = line[i];
}

// Three channels, `plane` numbers apart, into pixels of three elements.
template <bool kSlope, typename T>
HWY_INLINE void PackThree(const ReadConstants& constants, const float* from, int64_t plane, int64_t pixels,
                          T* line, T* to) {
  const hn::CappedTag<float, 16> d;
  const hn::Rebind<T, decltype(d)> dt;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto c0 = SetRead(d, constants, 0), c1 = SetRead(d, constants, 1), c2 = SetRead(d, constants, 2);
  int64_t i = 0;
  for (; i + lanes <= pixels; i += lanes) {
    const auto x0 = Elements<kSlope, T>(d, hn::LoadU(d, from + i), c0);
    const auto x1 = Elements<kSlope, T>(d, hn::LoadU(d, from + plane + i), c1);
    const auto x2 = Elements<kSlope, T>(d, hn::LoadU(d, from + 2 * plane + i), c2);
    hn::StoreInterleaved3(x0, x1, x2, dt, to + 3 * i);
  }
  for (int64_t c = 0; c < 3; ++c) {
    PackChannel<kSlope>(constants, c, 3, from + c * plane + i, pixels - i, line, to + 3 * i + c);
  }
}

// 16-bit numbers in between: as wide as the widest element.
template <typename T>
using Between = std::conditional_t<std::is_same_v<T, uint8_t>, int16_t, T>;

#if HWY_TARGET != HWY_SCALAR
// Eight rows of eight 16-bit numbers become eight columns.
template <class D>
HWY_INLINE void Transpose8x8(D d, hn::Vec<D> (&v)[8]) {
  const hn::RepartitionToWide<D> d32;
  const hn::RepartitionToWide<decltype(d32)> d64;
  hn::Vec<decltype(d32)> w[8];
  for (int i = 0; i < 4; ++i) {  // rows 2i and 2i + 1
    w[2 * i] = hn::BitCast(d32, hn::InterleaveLower(d, v[2 * i], v[2 * i + 1]));
    w[2 * i + 1] = hn::BitCast(d32, hn::InterleaveUpper(d, v[2 * i], v[2 * i + 1]));
  }
  for (int half = 0; half < 2; ++half) {  // four columns of all rows
    const auto low0 = hn::BitCast(d64, hn::InterleaveLower(d32, w[half], w[2 + half]));
    const auto high0 = hn::BitCast(d64, hn::InterleaveUpper(d32, w[half], w[2 + half]));
    const auto low1 = hn::BitCast(d64, hn::InterleaveLower(d32, w[4 + half], w[6 + half]));
    const auto high1 = hn::BitCast(d64, hn::InterleaveUpper(d32, w[4 + half], w[6 + half]));
    v[4 * half] = hn::BitCast(d, hn::InterleaveLower(d64, low0, low1));
    v[4 * half + 1] = hn::BitCast(d, hn::InterleaveUpper(d64, low0, low1));
    v[4 * half + 2] = hn::BitCast(d, hn::InterleaveLower(d64, high0, high1));
    v[4 * half + 3] = hn::BitCast(d, hn::InterleaveUpper(d64, high0, high1));
  }
}
#endif

// Eight channels from `first` on (those from `channels` on are zeros), `plane` numbers apart, into eight
// neighbouring elements of each packed pixel. A stretch of each channel is converted with its constants in
// registers; then squares of it change rows for columns.
template <bool kSlope, typename T>
HWY_INLINE void PackEight(const ReadConstants& constants, int64_t first, int64_t channels, int64_t packed,
                          const float* from, int64_t plane, int64_t pixels, T* to) {
  using B = Between<T>;
  constexpr int64_t kStretch = 64;
  const hn::CappedTag<float, 16> d;
  const hn::CappedTag<float, 1> d1;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  HWY_ALIGN B lines[8 * kStretch];
  const int64_t used = std::min<int64_t>(channels - first, 8);
  std::fill(lines + used * kStretch, lines + 8 * kStretch, B{0});
  for (int64_t start = 0; start < pixels; start += kStretch) {
    const int64_t count = std::min(kStretch, pixels - start);
    for (int64_t channel = 0; channel < used; ++channel) {
      const float* x = from + channel * plane + start;
      B* line = lines + channel * kStretch;
      const auto c = SetRead(d, constants, first + channel);
      const auto c1 = SetRead(d1, constants, first + channel);
      int64_t i = 0;
      for (; i + lanes <= count; i += lanes) Convert<kSlope>(d, hn::LoadU(d, x + i), c, line + i);
      for (; i < count; ++i) Convert<kSlope>(d1, hn::LoadU(d1, x + i), c1, line + i);
    }
    T* pixel = to + start * packed;
    int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
    const hn::FixedTag<B, 8> db;
    for (; i + 8 <= count; i += 8) {
      hn::Vec<decltype(db)> v[8];
      for (int64_t channel = 0; channel < 8; ++channel)
        v[channel] = hn::Load(db, lines + channel * kStretch + i);
      Transpose8x8(db, v);
      for (int64_t k = 0; k < 8; ++k) {
        if constexpr (std::is_same_v<T, uint8_t>) {
          hn::StoreU(hn::DemoteTo(hn::Rebind<uint8_t, decltype(db)>(), v[k]),
                     hn::Rebind<uint8_t, decltype(db)>(), pixel + (i + k) * packed);
        } else {
          hn::StoreU(v[k], db, pixel + (i + k) * packed);
        }
      }
    }
#endif
    for (; i < count; ++i) {
      for (int64_t channel = 0; channel < 8; ++channel) {
        pixel[i * packed + channel] = static_cast<T>(lines[channel * kStretch + i]);
      }
    }
  }
}

template <typename T>
struct RowPacker {
  const ConvNhwcPlan& plan;
  const ConvNhwcArgs& args;
  int64_t image;
  ReadConstants constants;
  T* line;

  // Columns [x, x + pixels) of image row y, all inside.
  template <bool kSlope>
  HWY_INLINE void Inside(int64_t y, int64_t x, int64_t pixels, T* to) const {
    const ConvShape& s = plan.shape;
    const int64_t packed = plan.packed_channels;
    if (plan.input == PictureLayout::kNhwcF16) {
      const auto* from =
          static_cast<const hwy::float16_t*>(args.input) + ((image * s.in_h + y) * s.in_w + x) * packed;
      if (packed % 16 == 0) {
        PackPixels<kSlope>(hn::CappedTag<float, 16>(), constants, packed, from, pixels, to);
      } else {
        PackPixels<kSlope>(hn::CappedTag<float, 8>(), constants, packed, from, pixels, to);
      }
      return;
    }
    const auto [row, plane] = args.input_steps.Of(s.in_h, s.in_w);
    const float* first = static_cast<const float*>(args.input) + image * s.in_channels * plane + y * row + x;
    if (packed == 3) return PackThree<kSlope>(constants, first, plane, pixels, line, to);
    if (packed < 8) {  // as many as there are channels
      for (int64_t c = 0; c < packed; ++c) {
        PackChannel<kSlope>(constants, c, packed, first + c * plane, pixels, line, to + c);
      }
      return;
    }
    for (int64_t c = 0; c < packed; c += 8) {
      PackEight<kSlope>(constants, c, s.in_channels, packed, first + c * plane, plane, pixels, to + c);
    }
  }

  void InsideAny(int64_t y, int64_t x, int64_t pixels, T* to) const {
    if (pixels <= 0) return;
    return args.read.activation == Activation::kSlope ? Inside<true>(y, x, pixels, to)
                                                      : Inside<false>(y, x, pixels, to);
  }

  // The scratch row of image row y (-1: constant padding): `need` pixels from column `first` on, then
  // zeros, which keep what is computed and thrown away from being NaN.
  void Row(int64_t y, int64_t first, int64_t need, T* to) const {
    const int64_t packed = plan.packed_channels, width = plan.shape.in_w;
    const size_t pixel_bytes = static_cast<size_t>(packed) * sizeof(T);
    std::fill(to + need * packed, to + plan.row_stride, T{0});
    const int64_t begin = y < 0 ? need : std::clamp<int64_t>(-first, 0, need);
    const int64_t end = y < 0 ? need : std::clamp<int64_t>(width - first, begin, need);
    InsideAny(y, first + begin, end - begin, to + begin * packed);
    const auto outside = [&](int64_t i) {
      const int64_t column = y < 0 ? -1 : PadIndex(first + i, width, plan.geometry.pad_mode);
      if (column < 0) {
        std::memcpy(to + i * packed, plan.pad_pixel.data(), pixel_bytes);
      } else if (column >= first + begin && column < first + end) {
        std::memcpy(to + i * packed, to + (column - first) * packed, pixel_bytes);
      } else {
        InsideAny(y, column, 1, to + i * packed);
      }
    };
    for (int64_t i = 0; i < begin; ++i) outside(i);
    for (int64_t i = end; i < need; ++i) outside(i);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
