// Per-target code: rows of a depthwise convolution's output, several side by side, from rows in scratch.
#if defined(TEMPERA_KERNELS_PLANES_DEPTHWISE_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_PLANES_DEPTHWISE_ROWS_INL_H_
#undef TEMPERA_KERNELS_PLANES_DEPTHWISE_ROWS_INL_H_
#else
#define TEMPERA_KERNELS_PLANES_DEPTHWISE_ROWS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct RowsOut {
  float* to;          // first row, first column
  int64_t row_width;  // between rows
  int64_t columns;
  int64_t groups = 1;  // of rows side by side that follow each other, in the output and among the rows read
  // Up to where the task may write. Rows that follow one another without a gap are written in whole vectors
  // before it, each row over what the one before wrote too much; nullptr: there are gaps.
  const float* end = nullptr;
  ChannelPointwise write;  // of a clamp or of nothing, which is a clamp to infinity
  float bias;
};

// kHardSwish and kSlope; all others are clamps.
template <Activation kWrite>
HWY_INLINE VF Finish(DF d, VF x, const ChannelPointwise& write) {
  return Activate<kWrite>(d, x, write);
}

// Makes the compiler finish these sums before it goes on: it would otherwise compute one output row after the
// other and keep all input vectors until then, on the stack (clang 19).
template <int kRows>
HWY_INLINE void FinishSums([[maybe_unused]] VF* acc) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4
  for (int r = 0; r < kRows; ++r) __asm__ volatile("" : "+x"(acc[r].raw));
#endif
}

// body(x, acc): the sums of the outputs from column x on, a whole vector of each row. The last vector of a
// row that is not a multiple of vectors is moved back over numbers already written (the same again); a row
// shorter than one vector goes through a buffer, where it may not be written too far.
template <int kRows, Activation kWrite, typename Body>
HWY_INLINE void ForColumns(DF d, const RowsOut& out, int64_t group, const Body& body) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const ChannelPointwise write = out.write;
  const int64_t columns = out.columns, row_width = out.row_width;
  float* const to = out.to + group * kRows * row_width;
  VF acc[kRows];
  for (int64_t x = 0; x < columns; x += lanes) {
    x = std::max<int64_t>(0, std::min(x, columns - lanes));
    body(x, acc);  // called in one place only, so that it is inlined
    if (columns >= lanes) {
      for (int r = 0; r < kRows; ++r) {
        hn::StoreU(Finish<kWrite>(d, acc[r], write), d, to + r * row_width + x);
      }
      continue;
    }
    HWY_ALIGN float rest[hn::MaxLanes(DF())];
    for (int r = 0; r < kRows; ++r) {
      const VF y = Finish<kWrite>(d, acc[r], write);
      if (to + r * row_width + lanes <= out.end) {
        hn::StoreU(y, d, to + r * row_width);
        continue;
      }
      hn::Store(y, d, rest);
      std::memcpy(to + r * row_width, rest, static_cast<size_t>(columns) * sizeof(float));
    }
  }
}

// Where columns of a window lie: `apart` numbers from each other where they are dilated (without stride),
// otherwise split by stride, segments `apart` numbers from each other; `phase` columns lie before the
// window's first one.
struct WindowColumns {
  int64_t apart = 0, phase = 0;
  template <int kStride, bool kDilated>
  HWY_INLINE int64_t At(int k) const {
    if constexpr (kDilated) return k * apart;
    if constexpr (kStride == 1) return k;
    return (k + phase) % kStride * apart + (k + phase) / kStride;
  }
};

// Input row kInput of a window adds to the output rows that see it.
template <int kSize, int kStride, int kRows, bool kDilated, int kInput>
HWY_INLINE void AddInputRow(DF d, const float* row, const WindowColumns& columns, const VF* w, VF* acc) {
  for (int k = 0; k < kSize; ++k) {
    const VF v = hn::LoadU(d, row + columns.At<kStride, kDilated>(k));
    for (int r = 0; r < kRows; ++r) {
      const int ky = kInput - r * kStride;
      if (ky >= 0 && ky < kSize) acc[r] = hn::MulAdd(v, w[ky * kSize + k], acc[r]);
    }
  }
  FinishSums<kRows>(acc);
}

// Rows ascend, so that each output adds its taps in reading order, however many rows go side by side.
template <int kSize, int kStride, int kRows, bool kDilated, int... kInput>
HWY_INLINE void AddInputRows(DF d, const float* const* rows, const WindowColumns& columns, int64_t x,
                             const VF* w, VF* acc, std::integer_sequence<int, kInput...>) {
  (AddInputRow<kSize, kStride, kRows, kDilated, kInput>(d, rows[kInput] + x, columns, w, acc), ...);
}

// The same column by column: only a column's weights need registers, and each column has sums of its own of
// kChains, so that more of them are in flight than there are rows; a multiplier takes one only every fourth
// cycle.
template <int kSize, int kStride, int kRows, int kChains, bool kDilated, int k, int... kInput>
HWY_INLINE void AddColumn(DF d, const float* const* rows, const WindowColumns& columns, int64_t x,
                          const float* weights, VF (&acc)[kChains][kRows],
                          std::integer_sequence<int, kInput...>) {
  VF w[kSize];
  for (int ky = 0; ky < kSize; ++ky) w[ky] = hn::Set(d, weights[ky * kSize + k]);
  const auto add = [&](auto input) HWY_ATTR __attribute__((always_inline)) {
    constexpr int i = decltype(input)::value;
    const VF v = hn::LoadU(d, rows[i] + x + columns.At<kStride, kDilated>(k));
    for (int r = 0; r < kRows; ++r) {
      const int ky = i - r * kStride;
      if (ky >= 0 && ky < kSize) acc[k % kChains][r] = hn::MulAdd(v, w[ky], acc[k % kChains][r]);
    }
  };
  (add(std::integral_constant<int, kInput>()), ...);
  FinishSums<kRows>(acc[k % kChains]);
}
template <int kSize, int kStride, int kRows, int kChains, bool kDilated, int... k>
HWY_INLINE void AddColumns(DF d, const float* const* rows, const WindowColumns& columns, int64_t x,
                           const float* weights, VF (&acc)[kChains][kRows],
                           std::integer_sequence<int, k...>) {
  constexpr auto kInputs = std::make_integer_sequence<int, (kRows - 1) * kStride + kSize>();
  (AddColumn<kSize, kStride, kRows, kChains, kDilated, k>(d, rows, columns, x, weights, acc, kInputs), ...);
}

// With 32 registers eight sums and a column's weights leave room; with 16, all weights of a 3x3 window and
// four sums, or a column of five and eight.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_ARCH_ARM_A64
inline constexpr bool kManyRegisters = true;
#else
inline constexpr bool kManyRegisters = false;
#endif
constexpr int ChainsOf(int size, int rows) { return std::min(size, std::max(1, 8 / rows)); }

// out.groups times kRows output rows side by side, a window of kSize x kSize, strides kStride. rows: the
// (out.groups * kRows - 1) * kStride + kSize input rows.
template <int kSize, int kStride, int kRows, Activation kWrite, bool kDilated = false>
void SquareRows(const float* const* rows, const WindowColumns& where, const float* weights,
                const RowsOut& out) {
  const WindowColumns columns = where;
  const DF d;
  const VF bias = hn::Set(d, out.bias);
  constexpr int kInputs = (kRows - 1) * kStride + kSize;
  constexpr bool kByColumns = !kDilated && (kManyRegisters || kSize > 3);
  VF w[kByColumns ? 1 : kSize * kSize];
  if constexpr (!kByColumns) {
    for (int i = 0; i < kSize * kSize; ++i) w[i] = hn::Set(d, weights[i]);
  }
  for (int64_t group = 0; group < out.groups; ++group, rows += kRows * kStride) {
    const float* in[kInputs];
    for (int i = 0; i < kInputs; ++i) in[i] = rows[i];
    ForColumns<kRows, kWrite>(d, out, group, [&](int64_t x, VF* acc) HWY_ATTR __attribute__((always_inline)) {
      if constexpr (kByColumns) {
        constexpr int kChains = ChainsOf(kSize, kRows);
        VF sums[kChains][kRows];
        for (int c = 0; c < kChains; ++c) {
          for (int r = 0; r < kRows; ++r) sums[c][r] = c == 0 ? bias : hn::Zero(d);
        }
        AddColumns<kSize, kStride, kRows, kChains, kDilated>(d, in, columns, x, weights, sums,
                                                             std::make_integer_sequence<int, kSize>());
        for (int r = 0; r < kRows; ++r) {
          acc[r] = sums[0][r];
          for (int c = 1; c < kChains; ++c) acc[r] = hn::Add(acc[r], sums[c][r]);
        }
      } else {
        for (int r = 0; r < kRows; ++r) acc[r] = bias;
        AddInputRows<kSize, kStride, kRows, kDilated>(d, in, columns, x, w, acc,
                                                      std::make_integer_sequence<int, kInputs>());
      }
    });
  }
}

using SquareFunction = void (*)(const float* const* rows, const WindowColumns& where, const float* weights,
                                const RowsOut& out);

// The one for `count` rows at once; nullptr: any window, row by row.
template <int kSize, int kStride, Activation kWrite>
SquareFunction SquareOf(int64_t count) {
  if constexpr (kStride == 1) {
    if (count == 4) return &SquareRows<kSize, 1, 4, kWrite>;
    if (count == 3) return &SquareRows<kSize, 1, 3, kWrite>;
  }
  return count == 2 ? &SquareRows<kSize, kStride, 2, kWrite> : &SquareRows<kSize, kStride, 1, kWrite>;
}
template <Activation kWrite>
SquareFunction ChooseSquare(const ConvShape& s, int64_t count) {
  if (s.kernel_h != s.kernel_w || s.stride_h != s.stride_w) return nullptr;
  if (s.dilation_h != 1 || s.dilation_w != 1) {
    const bool dilated = s.kernel_h == 3 && s.stride_h == 1 && count == 1;
    return dilated ? &SquareRows<3, 1, 1, kWrite, /*kDilated=*/true> : nullptr;
  }
  if (s.kernel_h == 3) {
    if (s.stride_h == 1) return SquareOf<3, 1, kWrite>(count);
    if (s.stride_h == 2) return SquareOf<3, 2, kWrite>(count);
  } else if (s.kernel_h == 5) {
    if (s.stride_h == 1) return SquareOf<5, 1, kWrite>(count);
    if (s.stride_h == 2) return SquareOf<5, 2, kWrite>(count);
  }
  return nullptr;
}

SquareFunction ChooseSquareFor(Activation write, const ConvShape& s, int64_t count) {
  if (write == Activation::kSlope) return ChooseSquare<Activation::kSlope>(s, count);
  if (write == Activation::kHardSwish) return ChooseSquare<Activation::kHardSwish>(s, count);
  return ChooseSquare<Activation::kClamp>(s, count);
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
