#include "src/kernels/planes/softmax_f32.h"

#include <algorithm>
#include <cmath>

#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/planes/softmax_f32.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// As many distributions side by side as a vector has lanes; number k of each is `stride` behind k - 1.
HWY_INLINE void SoftmaxLanes(const float* in, float* out, int64_t size, int64_t stride) {
  const hn::ScalableTag<float> d;
  auto most = hn::LoadU(d, in);
  for (int64_t k = 1; k < size; ++k) most = hn::Max(most, hn::LoadU(d, in + k * stride));
  auto sum = hn::Zero(d);
  // Below -87 the exponential leaves fp32's normal numbers: 0 for every purpose.
  const auto least = hn::Set(d, -87.0f);
  for (int64_t k = 0; k < size; ++k) {
    const auto shifted = hn::Sub(hn::LoadU(d, in + k * stride), most);
    const auto e = hn::IfThenZeroElse(hn::Lt(shifted, least), hn::Exp(d, hn::Max(shifted, least)));
    hn::StoreU(e, d, out + k * stride);
    sum = hn::Add(sum, e);
  }
  const auto scale = hn::Div(hn::Set(d, 1.0f), sum);
  for (int64_t k = 0; k < size; ++k) {
    hn::StoreU(hn::Mul(hn::LoadU(d, out + k * stride), scale), d, out + k * stride);
  }
}

void Softmax(const float* input, int64_t size, int64_t inner, int64_t first, int64_t last, float* output,
             float* scratch) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
  for (int64_t i = first; i < last;) {
    const int64_t at = i / inner * size * inner + i % inner;
    const int64_t together = std::min(last - i, inner - i % inner);
    if (together >= lanes) {
      SoftmaxLanes(input + at, output + at, size, inner);
      i += lanes;
      continue;
    }
    // Fewer: lane by lane into scratch and back; lanes without a distribution repeat the last one.
    const int64_t count = std::min(last - i, lanes);
    for (int64_t l = 0; l < lanes; ++l) {
      const int64_t j = i + std::min(l, count - 1);
      const float* from = input + j / inner * size * inner + j % inner;
      for (int64_t k = 0; k < size; ++k) scratch[k * lanes + l] = from[k * inner];
    }
    SoftmaxLanes(scratch, scratch, size, lanes);
    for (int64_t l = 0; l < count; ++l) {
      float* to = output + (i + l) / inner * size * inner + (i + l) % inner;
      for (int64_t k = 0; k < size; ++k) to[k * inner] = scratch[k * lanes + l];
    }
    i += count;
  }
}

SoftmaxF32 GetSoftmax() { return &Softmax; }

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(SoftmaxF32, ChooseSoftmaxF32, GetSoftmax);
// Of the widest vector.
int64_t SoftmaxScratchFloats(int64_t size) { return size * 16; }
}  // namespace tempera::kernels
#endif  // HWY_ONCE
