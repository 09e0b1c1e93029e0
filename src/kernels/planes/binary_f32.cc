#include "src/kernels/planes/binary_f32.h"

#include <cstring>

#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/planes/binary_f32.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/planes/window_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <BinaryOp kOp>
HWY_INLINE VF Join(VF a, VF b) {
  if constexpr (kOp == BinaryOp::kAdd) return hn::Add(a, b);
  if constexpr (kOp == BinaryOp::kSub) return hn::Sub(a, b);
  if constexpr (kOp == BinaryOp::kMul) return hn::Mul(a, b);
  if constexpr (kOp == BinaryOp::kDiv) return hn::Div(a, b);
  // NaN wins on either side; Highway's Min and Max leave that to the processor.
  const auto nan = hn::IsNaN(a);
  if constexpr (kOp == BinaryOp::kMin) {
    return hn::IfThenElse(hn::Or(hn::Lt(a, b), nan), a, b);
  } else {
    return hn::IfThenElse(hn::Or(hn::Gt(a, b), nan), a, b);
  }
}

template <BinaryOp kOp>
void BinaryAs(const Pointwise& a, const Pointwise& b, int64_t channel, const float* x, int64_t x_step,
              const float* y, int64_t y_step, float* output, int64_t count) {
  const DF d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  if (count == 0) return;
  const RowPointwise pa(d, a, channel), pb(d, b, channel);
  const VF x0 = hn::Set(d, x[0]), y0 = hn::Set(d, y[0]);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const VF u = pa(d, x_step != 0 ? hn::LoadU(d, x + i) : x0);
    const VF v = pb(d, y_step != 0 ? hn::LoadU(d, y + i) : y0);
    hn::StoreU(Join<kOp>(u, v), d, output + i);
  }
  if (i == count) return;
  HWY_ALIGN float u[hn::MaxLanes(DF())] = {}, v[hn::MaxLanes(DF())] = {};
  const size_t bytes = static_cast<size_t>(count - i) * sizeof(float);
  if (x_step != 0) std::memcpy(u, x + i, bytes);
  if (y_step != 0) std::memcpy(v, y + i, bytes);
  const VF p = pa(d, x_step != 0 ? hn::Load(d, u) : x0), q = pb(d, y_step != 0 ? hn::Load(d, v) : y0);
  hn::Store(Join<kOp>(p, q), d, u);
  std::memcpy(output + i, u, bytes);
}

void Binary(BinaryOp op, const Pointwise& a, const Pointwise& b, int64_t channel, const float* x,
            int64_t x_step, const float* y, int64_t y_step, float* output, int64_t count) {
  switch (op) {
    case BinaryOp::kAdd:
      return BinaryAs<BinaryOp::kAdd>(a, b, channel, x, x_step, y, y_step, output, count);
    case BinaryOp::kSub:
      return BinaryAs<BinaryOp::kSub>(a, b, channel, x, x_step, y, y_step, output, count);
    case BinaryOp::kMul:
      return BinaryAs<BinaryOp::kMul>(a, b, channel, x, x_step, y, y_step, output, count);
    case BinaryOp::kDiv:
      return BinaryAs<BinaryOp::kDiv>(a, b, channel, x, x_step, y, y_step, output, count);
    case BinaryOp::kMin:
      return BinaryAs<BinaryOp::kMin>(a, b, channel, x, x_step, y, y_step, output, count);
    case BinaryOp::kMax:
      return BinaryAs<BinaryOp::kMax>(a, b, channel, x, x_step, y, y_step, output, count);
  }
}

BinaryF32 GetBinary() { return &Binary; }

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(BinaryF32, ChooseBinaryF32, GetBinary);
}  // namespace tempera::kernels
#endif  // HWY_ONCE
