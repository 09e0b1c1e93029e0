#include "src/kernels/planes/resize_f32.h"

#include <algorithm>
#include <array>

#include "src/base/checked_math.h"
#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/planes/resize_f32.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The inputs of a vector of outputs from `at` on (into index and weight).
HWY_INLINE VF TapInputs(DF d, const ResizeAxis& x, const float* HWY_RESTRICT row, int64_t at) {
  const hn::RebindToSigned<DF> di;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int32_t* const index = x.index.data() + at;
  const auto indices = hn::LoadU(di, index);
  if (!x.ascends || index[lanes - 1] - index[0] >= lanes || index[0] + lanes > x.in) {
    return hn::GatherIndex(d, row, indices);
  }
  const auto lane = hn::Sub(indices, hn::Set(di, index[0]));
  return hn::TableLookupLanes(hn::LoadU(d, row + index[0]), hn::IndicesFromVec(d, lane));
}

template <int kTaps>
void ResizeRowAs(const ResizeAxis& x, const float* HWY_RESTRICT row, float* HWY_RESTRICT out) {
  const DF d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), width = x.out;
  const float* const weight = x.weight.data();
  int64_t i = 0;
  for (; i + lanes <= width; i += lanes) {
    VF sum = hn::Mul(TapInputs(d, x, row, i), hn::LoadU(d, weight + i));
    for (int t = 1; t < kTaps; ++t) {
      const int64_t at = t * width + i;
      sum = hn::MulAdd(TapInputs(d, x, row, at), hn::LoadU(d, weight + at), sum);
    }
    hn::StoreU(sum, d, out + i);
  }
  for (; i < width; ++i) {
    float sum = 0;
    for (int64_t t = 0; t < kTaps; ++t) {
      const auto at = static_cast<size_t>(t * width + i);
      sum += row[x.index[at]] * x.weight[at];
    }
    out[i] = sum;
  }
}

void ResizeRow(const ResizeAxis& x, const float* row, float* out) {
  if (x.taps == 1) return ResizeRowAs<1>(x, row, out);
  if (x.taps == 2) return ResizeRowAs<2>(x, row, out);
  return ResizeRowAs<kMostResizeTaps>(x, row, out);
}

// kStream: past the caches; `out` is then aligned to a vector.
template <int kTaps, bool kStream>
void BlendRows(const float* const* rows, const float* weights, int64_t width, float* HWY_RESTRICT out) {
  const DF d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= width; i += lanes) {
    auto sum = hn::Mul(hn::LoadU(d, rows[0] + i), hn::Set(d, weights[0]));
    for (int t = 1; t < kTaps; ++t) {
      sum = hn::MulAdd(hn::LoadU(d, rows[t] + i), hn::Set(d, weights[t]), sum);
    }
    if constexpr (kStream) {
      hn::Stream(sum, d, out + i);
    } else {
      hn::StoreU(sum, d, out + i);
    }
  }
  for (; i < width; ++i) {
    float sum = rows[0][i] * weights[0];
    for (int t = 1; t < kTaps; ++t) sum += rows[t][i] * weights[t];
    out[i] = sum;
  }
}

template <bool kStream>
void Blend(int64_t taps, const float* const* rows, const float* weights, int64_t width, float* out) {
  if (taps == 1) return BlendRows<1, kStream>(rows, weights, width, out);
  if (taps == 2) return BlendRows<2, kStream>(rows, weights, width, out);
  return BlendRows<kMostResizeTaps, kStream>(rows, weights, width, out);
}

void ResizeRows(const ResizeArgs& args, int64_t first, int64_t last, float* scratch) {
  const ResizeAxis &y = args.y, &x = args.x;
  const bool pending = !args.read.is_identity();
  // The taps of one output row are neighbours, so that rows modulo the most taps do not meet.
  std::array<int64_t, kMostResizeTaps> kept;
  kept.fill(-1);
  const int64_t width = RoundUp(x.out, 16);
  float* const read = scratch + kMostResizeTaps * width;
  for (int64_t o = first; o < last; ++o) {
    std::array<const float*, kMostResizeTaps> rows{};
    std::array<float, kMostResizeTaps> weights{};
    for (int64_t t = 0; t < y.taps; ++t) {
      const auto at = static_cast<size_t>(t * y.out + o), tap = static_cast<size_t>(t);
      const int64_t row = y.index[at];
      weights[tap] = y.weight[at];
      rows[tap] = args.input + row * x.in;
      if (x.is_identity && !pending) continue;
      const int64_t slot = row % kMostResizeTaps;
      float* resized = scratch + slot * width;
      if (kept[static_cast<size_t>(slot)] != row) {
        if (pending) {
          float* const to = x.is_identity ? resized : read;
          PointwiseRow(args.read, args.channel, rows[tap], to, x.in);
          rows[tap] = to;
        }
        if (!x.is_identity) ResizeRow(x, rows[tap], resized);
      }
      kept[static_cast<size_t>(slot)] = row;
      rows[tap] = resized;
    }
    float* const to = args.output + o * x.out;
    const bool aligned = reinterpret_cast<uintptr_t>(to) % (hn::MaxLanes(DF()) * sizeof(float)) == 0;
    (args.stream && aligned ? &Blend<true> : &Blend<false>)(y.taps, rows.data(), weights.data(), x.out, to);
  }
  if (args.stream) hwy::FlushStream();
}

ResizeRowsF32 GetResizeRows() { return &ResizeRows; }

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(ResizeRowsF32, ChooseResizeRowsF32, GetResizeRows);
int64_t ResizeScratchFloats(const ResizeAxis& x) {
  return kMostResizeTaps * RoundUp(x.out, 16) + RoundUp(x.in, 16);
}

bool Ascends(const ResizeAxis& axis) {
  for (int64_t t = 0; t < axis.taps; ++t) {
    const auto* first = axis.index.data() + t * axis.out;
    if (!std::is_sorted(first, first + axis.out)) return false;
  }
  return true;
}
}  // namespace tempera::kernels
#endif  // HWY_ONCE
