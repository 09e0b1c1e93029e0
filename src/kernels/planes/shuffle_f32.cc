#include "src/kernels/planes/shuffle_f32.h"

#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/planes/shuffle_f32.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/conv/shuffle-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {

void Interleave(const float* from, int64_t plane, int64_t block, int64_t count, float* to) {
  InterleaveRow(from, plane, block, count, to);
}

InterleaveF32 GetInterleave() { return &Interleave; }

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(InterleaveF32, ChooseInterleaveF32, GetInterleave);
}  // namespace tempera::kernels
#endif  // HWY_ONCE
