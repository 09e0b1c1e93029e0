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

// Distributions side by side, whole vectors of them: number k of each lies `step` behind k - 1.
struct Lanes {
  const float* in;
  int64_t in_step;
  float* out;
  int64_t out_step;
  int64_t width;
};

// Planes that are a multiple of 4 KiB apart fall on the same sets of the L1: they are read and written once,
// some cache lines of each at a time, and in between the numbers lie in `near`, [size][width]; it may be `in`
// and `out`.
HWY_INLINE void SoftmaxLanes(const Lanes& l, int64_t size, float* near) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  HWY_ALIGN float most[kSoftmaxWidth];
  for (int64_t x = 0; x < l.width; x += lanes) hn::Store(hn::LoadU(d, l.in + x), d, most + x);
  for (int64_t k = 0; k < size; ++k) {
    for (int64_t x = 0; x < l.width; x += lanes) {
      const auto v = hn::LoadU(d, l.in + k * l.in_step + x);
      hn::Store(hn::Max(hn::Load(d, most + x), v), d, most + x);
      hn::StoreU(v, d, near + k * l.width + x);
    }
  }
  // Below -87 the exponential leaves fp32's normal numbers: 0 for every purpose.
  const auto least = hn::Set(d, -87.0f);
  for (int64_t x = 0; x < l.width; x += lanes) {
    const auto highest = hn::Load(d, most + x);
    auto sum = hn::Zero(d);
    for (int64_t k = 0; k < size; ++k) {
      const auto shifted = hn::Sub(hn::LoadU(d, near + k * l.width + x), highest);
      const auto e = hn::IfThenZeroElse(hn::Lt(shifted, least), hn::Exp(d, hn::Max(shifted, least)));
      hn::StoreU(e, d, near + k * l.width + x);
      sum = hn::Add(sum, e);
    }
    hn::Store(hn::Div(hn::Set(d, 1.0f), sum), d, most + x);
  }
  for (int64_t k = 0; k < size; ++k) {
    for (int64_t x = 0; x < l.width; x += lanes) {
      const auto e = hn::LoadU(d, near + k * l.width + x);
      hn::StoreU(hn::Mul(e, hn::Load(d, most + x)), d, l.out + k * l.out_step + x);
    }
  }
}

void Softmax(const float* input, int64_t size, int64_t inner, int64_t first, int64_t last, float* output,
             float* scratch) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
  const int64_t most = size <= kSoftmaxNear ? kSoftmaxWidth : lanes;
  for (int64_t i = first; i < last;) {
    const int64_t at = i / inner * size * inner + i % inner;
    const int64_t together = std::min({last - i, inner - i % inner, most}) / lanes * lanes;
    if (together > 0) {
      SoftmaxLanes({input + at, inner, output + at, inner, together}, size, scratch);
      i += together;
      continue;
    }
    // Fewer: lane by lane into scratch and back; lanes without a distribution repeat the last one.
    const int64_t count = std::min(last - i, lanes);
    for (int64_t l = 0; l < lanes; ++l) {
      const int64_t j = i + std::min(l, count - 1);
      const float* from = input + j / inner * size * inner + j % inner;
      for (int64_t k = 0; k < size; ++k) scratch[k * lanes + l] = from[k * inner];
    }
    SoftmaxLanes({scratch, lanes, scratch, lanes, lanes}, size, scratch);
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
int64_t SoftmaxScratchFloats(int64_t size) {
  constexpr int64_t kWidestVector = 16;
  return size * (size <= kSoftmaxNear ? kSoftmaxWidth : kWidestVector);
}
}  // namespace tempera::kernels
#endif  // HWY_ONCE
