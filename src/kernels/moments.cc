#include "src/kernels/moments.h"

#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/moments.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/moments-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {

Moments RegionMomentsEntry(const float* data, int64_t rows, int64_t columns, int64_t row_stride) {
  return RegionMoments(data, rows, columns, row_stride);
}
RegionMomentsF32 GetRegionMoments() { return &RegionMomentsEntry; }

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(RegionMomentsF32, ChooseRegionMomentsF32, GetRegionMoments);
}  // namespace tempera::kernels
#endif  // HWY_ONCE
