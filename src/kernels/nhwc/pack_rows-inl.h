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

#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/nhwc/elements-inl.h"
#include "src/kernels/pad_index.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

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

// A vector of elements, two of Elements where those leave half of 128 bits empty: kParts * D's lanes from
// `from`.
template <bool kSlope, typename T, int kParts, class D>
HWY_INLINE auto ElementsOf(D d, const float* from, const ReadVectors<D>& c) {
  const auto low = Elements<kSlope, T>(d, hn::LoadU(d, from), c);
#if HWY_TARGET == HWY_SCALAR
  return low;
#else
  if constexpr (kParts == 1) {
    return low;
  } else {
    const auto high = Elements<kSlope, T>(d, hn::LoadU(d, from + hn::MaxLanes(d)), c);
    return hn::Combine(hn::Twice<hn::Rebind<T, D> >(), high, low);
  }
#endif
}

// Three channels, `plane` numbers apart, into pixels of three elements.
template <bool kSlope, typename T>
HWY_INLINE void PackThree(const ReadConstants& constants, const float* from, int64_t plane, int64_t pixels,
                          T* line, T* to) {
  const hn::CappedTag<float, 16> d;
  constexpr int kParts = HWY_TARGET != HWY_SCALAR && hn::MaxLanes(d) * sizeof(T) <= 8 ? 2 : 1;
  const int64_t step = kParts * static_cast<int64_t>(hn::MaxLanes(d));
  const auto c0 = SetRead(d, constants, 0), c1 = SetRead(d, constants, 1), c2 = SetRead(d, constants, 2);
  int64_t i = 0;
  for (; i + step <= pixels; i += step) {
    const auto x0 = ElementsOf<kSlope, T, kParts>(d, from + i, c0);
    const auto x1 = ElementsOf<kSlope, T, kParts>(d, from + plane + i, c1);
    const auto x2 = ElementsOf<kSlope, T, kParts>(d, from + 2 * plane + i, c2);
    hn::StoreInterleaved3(x0, x1, x2, hn::DFromV<decltype(x0)>(), to + 3 * i);
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
      return PackPixels<kSlope>(constants, packed, from, pixels, to);
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
      const int64_t column = y < 0 ? -1 : PadIndex(first + i, width, plan.pad_mode);
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
