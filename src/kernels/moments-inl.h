// Per-target code: moments of a region, by shifted sums.
#if defined(TEMPERA_KERNELS_MOMENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_MOMENTS_INL_H_
#undef TEMPERA_KERNELS_MOMENTS_INL_H_
#else
#define TEMPERA_KERNELS_MOMENTS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "src/kernels/moments.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The first number is subtracted from all before they are summed: a flat picture gives a
// variance of exactly 0, and a large mean costs no digits. Each row is summed in fp32 lanes in
// runs of at most kRun numbers, then in double.
HWY_INLINE Moments RegionMoments(const float* data, int64_t rows, int64_t columns, int64_t row_stride) {
  constexpr int64_t kRun = 4096;
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  if (rows <= 0 || columns <= 0) return {};
  const float first = data[0];
  const auto shift = hn::Set(d, first);
  double total = 0, total_squares = 0;
  for (int64_t y = 0; y < rows; ++y) {
    const float* row = data + y * row_stride;
    for (int64_t start = 0; start < columns; start += kRun) {
      const int64_t end = std::min(columns, start + kRun);
      auto sum0 = hn::Zero(d), sum1 = hn::Zero(d), squares0 = hn::Zero(d), squares1 = hn::Zero(d);
      int64_t x = start;
      for (; x + 2 * lanes <= end; x += 2 * lanes) {
        const auto v0 = hn::Sub(hn::LoadU(d, row + x), shift);
        const auto v1 = hn::Sub(hn::LoadU(d, row + x + lanes), shift);
        sum0 = hn::Add(sum0, v0);
        sum1 = hn::Add(sum1, v1);
        squares0 = hn::MulAdd(v0, v0, squares0);
        squares1 = hn::MulAdd(v1, v1, squares1);
      }
      float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
      float squares = hn::GetLane(hn::SumOfLanes(d, hn::Add(squares0, squares1)));
      for (; x < end; ++x) {
        const float v = row[x] - first;
        sum += v;
        squares += v * v;
      }
      total += sum;
      total_squares += squares;
    }
  }
  const double count = static_cast<double>(rows) * static_cast<double>(columns);
  const double mean = total / count;
  return {count, first + mean, std::max(0.0, total_squares - total * mean)};
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
