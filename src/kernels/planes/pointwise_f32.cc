#include "src/kernels/planes/pointwise_f32.h"

#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/planes/pointwise_f32.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {

void Apply(const Pointwise& p, int64_t channel, const float* input, float* output, int64_t count) {
  PointwiseRow(p, channel, input, output, count);
}

template <Activation kA, Activation kB, Activation kOut>
void AddAs(const Pointwise& a, const Pointwise& b, const Pointwise& out, int64_t channel, const float* x,
           const float* y, float* output, int64_t count) {
  const DF d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const ChannelPointwise ca = LoadPointwise(d, a, channel);
  const ChannelPointwise cb = LoadPointwise(d, b, channel);
  const ChannelPointwise co = LoadPointwise(d, out, channel);
  const auto sum = [&](VF u, VF v) HWY_ATTR {
    // Without scale and shift these are 1 and 0, and the multiply-add changes nothing.
    u = Activate<kA>(d, hn::MulAdd(u, ca.scale, ca.shift), ca);
    v = Activate<kB>(d, hn::MulAdd(v, cb.scale, cb.shift), cb);
    return Activate<kOut>(d, hn::Add(u, v), co);
  };
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(sum(hn::LoadU(d, x + i), hn::LoadU(d, y + i)), d, output + i);
  }
  if (i == count) return;
  HWY_ALIGN float u[hn::MaxLanes(DF())] = {}, v[hn::MaxLanes(DF())] = {};
  const size_t bytes = static_cast<size_t>(count - i) * sizeof(float);
  std::memcpy(u, x + i, bytes);
  std::memcpy(v, y + i, bytes);
  hn::Store(sum(hn::Load(d, u), hn::Load(d, v)), d, u);
  std::memcpy(output + i, u, bytes);
}

using AddFunction = PointwiseF32::Add;

template <Activation kA, Activation kB>
AddFunction AddOf(Activation out) {
  switch (out) {
    case Activation::kClamp:
      return &AddAs<kA, kB, Activation::kClamp>;
    case Activation::kSlope:
      return &AddAs<kA, kB, Activation::kSlope>;
    default:
      return &AddAs<kA, kB, Activation::kNone>;
  }
}
template <Activation kA>
AddFunction AddOf(Activation b, Activation out) {
  switch (b) {
    case Activation::kClamp:
      return AddOf<kA, Activation::kClamp>(out);
    case Activation::kSlope:
      return AddOf<kA, Activation::kSlope>(out);
    default:
      return AddOf<kA, Activation::kNone>(out);
  }
}

void Add(const Pointwise& a, const Pointwise& b, const Pointwise& out, int64_t channel, const float* x,
         const float* y, float* output, int64_t count) {
  AddFunction add;
  switch (a.activation) {
    case Activation::kClamp:
      add = AddOf<Activation::kClamp>(b.activation, out.activation);
      break;
    case Activation::kSlope:
      add = AddOf<Activation::kSlope>(b.activation, out.activation);
      break;
    default:
      add = AddOf<Activation::kNone>(b.activation, out.activation);
  }
  add(a, b, out, channel, x, y, output, count);
}

const PointwiseF32& GetPointwise() {
  static constexpr PointwiseF32 functions = {&Apply, &Add};
  return functions;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(const PointwiseF32&, ChoosePointwiseF32, GetPointwise);
}  // namespace tempera::kernels
#endif  // HWY_ONCE
