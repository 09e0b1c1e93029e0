#include "src/kernels/planes/resize_f32.h"

#include <algorithm>
#include <array>

#include "src/base/checked_math.h"
#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/planes/resize_f32.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void ResizeRow(const ResizeAxis& x, const float* HWY_RESTRICT row, float* HWY_RESTRICT out) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= x.out; i += lanes) {
    auto sum = hn::Zero(d);
    for (int64_t t = 0; t < x.taps; ++t) {
      const int64_t at = t * x.out + i;
      const auto index = hn::LoadU(di, x.index.data() + at);
      sum = hn::MulAdd(hn::GatherIndex(d, row, index), hn::LoadU(d, x.weight.data() + at), sum);
    }
    hn::StoreU(sum, d, out + i);
  }
  for (; i < x.out; ++i) {
    float sum = 0;
    for (int64_t t = 0; t < x.taps; ++t) {
      const auto at = static_cast<size_t>(t * x.out + i);
      sum += row[x.index[at]] * x.weight[at];
    }
    out[i] = sum;
  }
}

template <int kTaps>
void BlendRows(const float* const* rows, const float* weights, int64_t width, float* HWY_RESTRICT out) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= width; i += lanes) {
    auto sum = hn::Mul(hn::LoadU(d, rows[0] + i), hn::Set(d, weights[0]));
    for (int t = 1; t < kTaps; ++t) {
      sum = hn::MulAdd(hn::LoadU(d, rows[t] + i), hn::Set(d, weights[t]), sum);
    }
    hn::StoreU(sum, d, out + i);
  }
  for (; i < width; ++i) {
    float sum = rows[0][i] * weights[0];
    for (int t = 1; t < kTaps; ++t) sum += rows[t][i] * weights[t];
    out[i] = sum;
  }
}

void ResizeRows(const ResizeAxis& y, const ResizeAxis& x, const float* input, float* output, int64_t first,
                int64_t last, float* scratch) {
  // The taps of one output row are neighbours, so that rows modulo the most taps do not meet.
  std::array<int64_t, kMostResizeTaps> kept;
  kept.fill(-1);
  const int64_t width = RoundUp(x.out, 16);
  for (int64_t o = first; o < last; ++o) {
    std::array<const float*, kMostResizeTaps> rows{};
    std::array<float, kMostResizeTaps> weights{};
    for (int64_t t = 0; t < y.taps; ++t) {
      const auto at = static_cast<size_t>(t * y.out + o), tap = static_cast<size_t>(t);
      const int64_t row = y.index[at];
      weights[tap] = y.weight[at];
      rows[tap] = input + row * x.in;
      if (x.is_identity) continue;
      const int64_t slot = row % kMostResizeTaps;
      float* resized = scratch + slot * width;
      if (kept[static_cast<size_t>(slot)] != row) ResizeRow(x, rows[tap], resized);
      kept[static_cast<size_t>(slot)] = row;
      rows[tap] = resized;
    }
    float* const to = output + o * x.out;
    if (y.taps == 1) {
      BlendRows<1>(rows.data(), weights.data(), x.out, to);
    } else if (y.taps == 2) {
      BlendRows<2>(rows.data(), weights.data(), x.out, to);
    } else {
      BlendRows<kMostResizeTaps>(rows.data(), weights.data(), x.out, to);
    }
  }
}

ResizeRowsF32 GetResizeRows() { return &ResizeRows; }

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
HWY_EXPORT(GetResizeRows);

ResizeRowsF32 ChooseResizeRowsF32(int64_t highway_bit) {
  return ChooseForTarget(HWY_DISPATCH_TABLE(GetResizeRows), highway_bit)();
}
int64_t ResizeScratchFloats(const ResizeAxis& x) { return kMostResizeTaps * RoundUp(x.out, 16); }
}  // namespace tempera::kernels
#endif  // HWY_ONCE
