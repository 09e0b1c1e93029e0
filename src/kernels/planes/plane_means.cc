// The mean of each plane, as gates of channels ask for it.
#include <algorithm>
#include <cstdint>

#include "src/kernels/planes/pool_f32.h"
#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/planes/plane_means.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Sums what is above the first number, which costs a large mean no digits: in fp32 lanes in runs of at most
// kRun numbers, then in double.
float PlaneMean(const float* HWY_RESTRICT plane, int64_t numbers) {
  constexpr int64_t kRun = 4096;
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const float first = plane[0];
  const auto shift = hn::Set(d, first);
  double total = 0;
  for (int64_t start = 0; start < numbers; start += kRun) {
    const int64_t end = std::min(numbers, start + kRun);
    auto a = hn::Zero(d), b = a, c = a, e = a;
    int64_t i = start;
    for (; i + 4 * lanes <= end; i += 4 * lanes) {
      a = hn::Add(a, hn::Sub(hn::LoadU(d, plane + i), shift));
      b = hn::Add(b, hn::Sub(hn::LoadU(d, plane + i + lanes), shift));
      c = hn::Add(c, hn::Sub(hn::LoadU(d, plane + i + 2 * lanes), shift));
      e = hn::Add(e, hn::Sub(hn::LoadU(d, plane + i + 3 * lanes), shift));
    }
    for (; i + lanes <= end; i += lanes) a = hn::Add(a, hn::Sub(hn::LoadU(d, plane + i), shift));
    float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(a, b), hn::Add(c, e))));
    for (; i < end; ++i) sum += plane[i] - first;
    total += static_cast<double>(sum);
  }
  return static_cast<float>(static_cast<double>(first) + total / static_cast<double>(numbers));
}

void PlaneMeans(const float* planes, int64_t count, int64_t numbers, float* means) {
  for (int64_t i = 0; i < count; ++i) means[i] = PlaneMean(planes + i * numbers, numbers);
}

PlaneMeansF32 GetPlaneMeans() { return &PlaneMeans; }

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(PlaneMeansF32, ChoosePlaneMeansF32, GetPlaneMeans);
}  // namespace tempera::kernels
#endif  // HWY_ONCE
