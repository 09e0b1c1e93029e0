// Per-target code: what becomes of a dot kernel's sums: scaled, activated, counted into the moments and
// stored as pixels or planes.
#if defined(TEMPERA_KERNELS_NHWC_EPILOGUE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_NHWC_EPILOGUE_INL_H_
#undef TEMPERA_KERNELS_NHWC_EPILOGUE_INL_H_
#else
#define TEMPERA_KERNELS_NHWC_EPILOGUE_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/nhwc/half-inl.h"
#include "src/kernels/nhwc/shuffle_planes-inl.h"
#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// [columns] each.
struct WriteConstants {
  float *lo, *hi, *slope;
};

// What stands between the scale and the clamp.
enum class Bend { kNone, kSlope, kHardSwish };
// Sums of (y - shift) and of its square, [columns] each. The shift is the tile's first number of a column:
// a flat picture then has a variance of exactly 0, and a large mean costs no digits. Some hundred pixels are
// summed in fp32, those in double.
struct ColumnSums {
  double *sum, *squares;
  float *part, *part_squares;
  float* shift;
  int64_t started = 0;  // columns whose shift is set, from the first on
};

inline HWY_NOINLINE WriteConstants PrepareWrite(const ConvNhwcPlan& plan, const Pointwise& write,
                                                float* memory) {
  const int64_t columns = plan.columns;
  const WriteConstants c = {memory, memory + columns, memory + 2 * columns};
  std::fill(memory, memory + 3 * columns, 0.0f);  // channels that are padding become zeros
  const float most = plan.output == PictureLayout::kNhwcF16 ? kMostF16 : hwy::HighestValue<float>();
  for (int64_t o = 0; o < plan.shape.out_channels; ++o) {
    const bool clamp = write.activation == Activation::kClamp;
    c.lo[o] = std::clamp(clamp ? write.lo : -most, -most, most);
    c.hi[o] = std::clamp(clamp ? write.hi : most, -most, most);
    c.slope[o] = write.activation == Activation::kSlope ? write.slope[plan.ChannelOf(o)] : 1.0f;
  }
  return c;
}

// A dot call's outputs.
struct EpilogueArgs {
  const float *scale, *bias;
  WriteConstants write;
  void* sums;  // [pixels][columns], scribbled on
  int64_t pixels, columns;
  // kNhwcF16: the first pixel, and numbers between outputs. kPlanarF32: the first number of the first
  // plane, numbers between outputs and between planes.
  void* out;
  int64_t out_step, out_plane;
  int64_t out_channels;              // nhwc: with their padding
  int64_t shuffle = 1, out_row = 0;  // kPlanarF32: ConvShape's, and numbers between rows
  int64_t first_column = 0;          // of the sums among all columns
  ColumnSums* moments;               // or nullptr
};

// added[p][o] = sum over i < shifts of sums[p + i * step][i * out_channels + o], o < 4; see
// ConvNhwcPlan::shifts. Four lanes are read from any column, 16 bytes past the last sum at most.
template <typename Sum>
HWY_INLINE void AddShifted(const ConvNhwcPlan& plan, const Sum* sums, int64_t pixels, Sum* added) {
  const int64_t next = plan.shift_step * plan.dot_columns + plan.shape.out_channels;
#if HWY_TARGET == HWY_SCALAR
  for (int64_t i = 0; i < pixels * 8; ++i) {
    Sum sum = 0;
    for (int64_t j = 0; j < plan.shifts && i % 8 < 4; ++j)
      sum += sums[i / 8 * plan.dot_columns + i % 8 + j * next];
    added[i / 8 * plan.columns + i % 8] = sum;
  }
#else
  const hn::FixedTag<Sum, 4> d;
  for (int64_t p = 0; p < pixels; ++p) {
    const Sum* from = sums + p * plan.dot_columns;
    auto sum = hn::LoadU(d, from);
    for (int64_t i = 1; i < plan.shifts; ++i) sum = hn::Add(sum, hn::LoadU(d, from + i * next));
    hn::Store(sum, d, added + p * plan.columns);
    hn::Store(hn::Zero(d), d, added + p * plan.columns + 4);
  }
#endif
}

template <Bend kBend, typename Sum, class D>
HWY_INLINE hn::Vec<D> Finish(D d, const Sum* sums, hn::Vec<D> scale, hn::Vec<D> bias, hn::Vec<D> lo,
                             hn::Vec<D> hi, hn::Vec<D> slope) {
  hn::Vec<D> y;
  if constexpr (std::is_same_v<Sum, int32_t>) {
    y = hn::ConvertTo(d, hn::Load(hn::RebindToSigned<D>(), sums));
  } else {
    y = hn::Load(d, sums);
  }
  y = hn::MulAdd(y, scale, bias);
  if constexpr (kBend == Bend::kSlope) y = hn::IfThenElse(hn::Lt(y, hn::Zero(d)), hn::Mul(y, slope), y);
  if constexpr (kBend == Bend::kHardSwish) y = HardSwish(d, y);
  return hn::Min(hn::Max(y, lo), hi);
}

// Joins the fp32 sums of columns [from, to) to the doubles.
HWY_INLINE void FlushMoments(ColumnSums& m, int64_t from, int64_t to) {
  for (int64_t c = from; c < to; ++c) {
    m.sum[c] += static_cast<double>(m.part[c]);
    m.squares[c] += static_cast<double>(m.part_squares[c]);
    m.part[c] = m.part_squares[c] = 0;
  }
}

#if HWY_TARGET != HWY_SCALAR
// The first `count` channels of four pixels, a pixel in each vector, to planes `plane` numbers apart.
template <class D>
HWY_INLINE void StoreSquare(D d, hn::Vec<D> p0, hn::Vec<D> p1, hn::Vec<D> p2, hn::Vec<D> p3, int64_t count,
                            int64_t plane, float* to) {
  const auto even = hn::InterleaveLower(d, p0, p2), odd = hn::InterleaveLower(d, p1, p3);
  hn::StoreU(hn::InterleaveLower(d, even, odd), d, to);
  if (count > 1) hn::StoreU(hn::InterleaveUpper(d, even, odd), d, to + plane);
  if (count < 3) return;
  const auto high_even = hn::InterleaveUpper(d, p0, p2), high_odd = hn::InterleaveUpper(d, p1, p3);
  hn::StoreU(hn::InterleaveLower(d, high_even, high_odd), d, to + 2 * plane);
  if (count > 3) hn::StoreU(hn::InterleaveUpper(d, high_even, high_odd), d, to + 3 * plane);
}
#endif

// Finished numbers, [pixels][columns] in a.sums, to their planes: four pixels of four channels at a time.
inline HWY_NOINLINE void StorePlanes(const EpilogueArgs& a, int64_t channels) {
  const int64_t pixels = a.pixels, columns = a.columns, step = a.out_step;
  for (int64_t first = 0; first < channels; first += 4) {
    const float* from = static_cast<const float*>(a.sums) + first;
    float* to = static_cast<float*>(a.out) + (a.first_column + first) * a.out_plane;
    const int64_t count = std::min<int64_t>(4, channels - first);
    int64_t p = 0;
#if HWY_TARGET != HWY_SCALAR
    const hn::FixedTag<float, 4> d;
    for (; step == 1 && p + 4 <= pixels; p += 4) {
      const float* at = from + p * columns;
      StoreSquare(d, hn::LoadU(d, at), hn::LoadU(d, at + columns), hn::LoadU(d, at + 2 * columns),
                  hn::LoadU(d, at + 3 * columns), count, a.out_plane, to + p);
    }
#endif
    for (; p < pixels; ++p) {
      for (int64_t o = 0; o < count; ++o) to[o * a.out_plane + p * step] = from[p * columns + o];
    }
  }
}

// One vector of columns at a time, so that its constants and sums stay in registers.
template <Bend kBend, bool kNhwc, bool kMoments, typename Sum, class D>
HWY_INLINE void EpilogueAs(D d, const EpilogueArgs& a) {
  const hn::Rebind<hwy::float16_t, D> dh;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t channels = std::min(a.out_channels - a.first_column, a.columns);
  const int64_t pixels = a.pixels, columns = a.columns, out_step = a.out_step;
  for (int64_t column = 0; column < channels; column += lanes) {
    const int64_t c = a.first_column + column;
    const auto scale = hn::LoadU(d, a.scale + c), bias = hn::LoadU(d, a.bias + c);
    const auto lo = hn::LoadU(d, a.write.lo + c), hi = hn::LoadU(d, a.write.hi + c);
    const auto slope = hn::LoadU(d, a.write.slope + c);
    const Sum* from = static_cast<const Sum*>(a.sums) + column;
    auto shift = hn::Zero(d);
    if constexpr (kMoments) {
      if (c >= a.moments->started) {
        hn::StoreU(Finish<kBend>(d, from, scale, bias, lo, hi, slope), d, a.moments->shift + c);
      }
      shift = hn::LoadU(d, a.moments->shift + c);
    }
    auto sum0 = hn::Zero(d), sum1 = sum0, squares0 = sum0, squares1 = sum0;
    auto* half = static_cast<hwy::float16_t*>(a.out) + c;
    float* single = static_cast<float*>(a.sums) + column;
    const auto one = [=](int64_t p, hn::Vec<D>& sum, hn::Vec<D>& squares) HWY_ATTR {
      const auto y = Finish<kBend>(d, from + p * columns, scale, bias, lo, hi, slope);
      if constexpr (kMoments) {
        const auto v = hn::Sub(y, shift);
        sum = hn::Add(sum, v);
        squares = hn::MulAdd(v, v, squares);
      }
      if constexpr (kNhwc) {
        hn::StoreU(ToF16(d, y), dh, half + p * out_step);
      } else {
        hn::Store(y, d, single + p * columns);
      }
    };
    int64_t p = 0;
    for (; p + 2 <= pixels; p += 2) {
      one(p, sum0, squares0);
      one(p + 1, sum1, squares1);
    }
    if (p < pixels) one(p, sum0, squares0);
    if constexpr (kMoments) {
      const auto add = [&](hn::Vec<D> v, float* to)
                           HWY_ATTR { hn::StoreU(hn::Add(hn::LoadU(d, to), v), d, to); };
      add(hn::Add(sum0, sum1), a.moments->part + c);
      add(hn::Add(squares0, squares1), a.moments->part_squares + c);
    }
  }
  if constexpr (kMoments) a.moments->started = std::max(a.moments->started, a.first_column + channels);
  if constexpr (!kNhwc) {
    if (a.shuffle > 1) {
      StoreShuffledPlanes({static_cast<const float*>(a.sums), a.pixels, columns, a.first_column, channels},
                          a.shuffle, static_cast<float*>(a.out), {a.out_row, a.out_plane});
    } else {
      StorePlanes(a, channels);
    }
  }
}

template <Bend kBend, bool kNhwc, bool kMoments, typename Sum>
HWY_INLINE void EpilogueFor(const EpilogueArgs& a) {
  using Widest = hn::CappedTag<float, 16>;
  using Narrow = hn::CappedTag<float, 8>;
  if constexpr (!std::is_same_v<Widest, Narrow>) {
    if (a.columns % 16 == 0 && a.out_channels % 16 == 0 && a.first_column % 16 == 0) {
      return EpilogueAs<kBend, kNhwc, kMoments, Sum>(Widest(), a);
    }
  }
  EpilogueAs<kBend, kNhwc, kMoments, Sum>(Narrow(), a);
}

using EpilogueFunction = void (*)(const EpilogueArgs&);
template <Bend kBend, typename Sum>
EpilogueFunction ChooseEpilogueFor(bool nhwc, bool moments) {
  static constexpr EpilogueFunction table[2][2] = {
      {&EpilogueFor<kBend, false, false, Sum>, &EpilogueFor<kBend, false, true, Sum>},
      {&EpilogueFor<kBend, true, false, Sum>, &EpilogueFor<kBend, true, true, Sum>}};
  return table[nhwc][moments];
}
template <typename Sum>
EpilogueFunction ChooseEpilogueOf(Activation activation, bool nhwc, bool moments) {
  if (activation == Activation::kSlope) return ChooseEpilogueFor<Bend::kSlope, Sum>(nhwc, moments);
  if (activation == Activation::kHardSwish) return ChooseEpilogueFor<Bend::kHardSwish, Sum>(nhwc, moments);
  return ChooseEpilogueFor<Bend::kNone, Sum>(nhwc, moments);
}
HWY_INLINE EpilogueFunction ChooseEpilogue(const ConvNhwcPlan& plan, const ConvNhwcArgs& args) {
  const bool nhwc = plan.output == PictureLayout::kNhwcF16, moments = args.moments != nullptr;
  return plan.precision == ConvPrecision::kInt8
             ? ChooseEpilogueOf<int32_t>(args.write.activation, nhwc, moments)
             : ChooseEpilogueOf<float>(args.write.activation, nhwc, moments);
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
