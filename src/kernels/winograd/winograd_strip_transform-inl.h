// Per-target code: one strip kind's transforms along columns. `Input` takes kInputs rows, `Output` makes
// four.
#if defined(TEMPERA_KERNELS_WINOGRAD_STRIP_TRANSFORM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_WINOGRAD_STRIP_TRANSFORM_INL_H_
#undef TEMPERA_KERNELS_WINOGRAD_STRIP_TRANSFORM_INL_H_
#else
#define TEMPERA_KERNELS_WINOGRAD_STRIP_TRANSFORM_INL_H_
#endif

#include <hwy/highway.h>

#include "src/kernels/pointwise-inl.h"
#include "src/kernels/winograd/winograd_points.h"
#include "src/kernels/winograd/winograd_transform-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct Rows43 : F43 {
  static constexpr int kPhases = 1;
};

// Points in the order 0, a, -a, b, -b, c, -c, infinity.
struct Rows45 {
  static constexpr int kInputs = 8, kPoints = 8, kOutputs = 4, kPhases = 1;
  static constexpr double kA2 = kF45A * kF45A, kB2 = kF45B * kF45B, kC2 = kF45C * kF45C;

  // The two products of the points +-a; p, q: squares of the other points.
  static HWY_INLINE void Pair(const VF (&x)[kInputs], double a, double p, double q, VF& plus, VF& minus) {
    const VF sum = Constant(p + q), product = Constant(p * q), at = Constant(a);
    const VF even = hn::MulAdd(product, x[2], hn::NegMulAdd(sum, x[4], x[6]));
    const VF odd = hn::MulAdd(product, x[1], hn::NegMulAdd(sum, x[3], x[5]));
    plus = hn::MulAdd(at, odd, even);
    minus = hn::NegMulAdd(at, odd, even);
  }
  static HWY_INLINE void Input(const VF (&x)[kInputs], VF (&v)[kPoints]) {
    const VF e1 = Constant(kA2 + kB2 + kC2), e2 = Constant(kA2 * kB2 + kA2 * kC2 + kB2 * kC2);
    const VF e3 = Constant(kA2 * kB2 * kC2);
    v[0] = hn::NegMulAdd(e3, x[0], hn::MulAdd(e2, x[2], hn::NegMulAdd(e1, x[4], x[6])));
    Pair(x, kF45A, kB2, kC2, v[1], v[2]);
    Pair(x, kF45B, kA2, kC2, v[3], v[4]);
    Pair(x, kF45C, kA2, kB2, v[5], v[6]);
    v[7] = hn::NegMulAdd(e3, x[1], hn::MulAdd(e2, x[3], hn::NegMulAdd(e1, x[5], x[7])));
  }
  static HWY_INLINE void Output(const VF (&m)[kPoints], VF (&y)[kOutputs]) {
    const VF sum_a = hn::Add(m[1], m[2]), dif_a = hn::Sub(m[1], m[2]);
    const VF sum_b = hn::Add(m[3], m[4]), dif_b = hn::Sub(m[3], m[4]);
    const VF sum_c = hn::Add(m[5], m[6]), dif_c = hn::Sub(m[5], m[6]);
    y[0] = hn::Add(hn::Add(m[0], sum_a), hn::Add(sum_b, sum_c));
    y[1] = hn::MulAdd(Constant(kF45A), dif_a,
                      hn::MulAdd(Constant(kF45B), dif_b, hn::Mul(Constant(kF45C), dif_c)));
    y[2] = hn::MulAdd(Constant(kA2), sum_a, hn::MulAdd(Constant(kB2), sum_b, hn::Mul(Constant(kC2), sum_c)));
    y[3] =
        hn::MulAdd(Constant(kA2 * kF45A), dif_a,
                   hn::MulAdd(Constant(kB2 * kF45B), dif_b, hn::MulAdd(Constant(kC2 * kF45C), dif_c, m[7])));
  }
};

// F(4,2) has as many points as F(3,3), and so the same transform of the input.
struct Rows42 {
  static constexpr int kInputs = 5, kPoints = 5, kOutputs = 4, kPhases = 2;

  static HWY_INLINE void Input(const VF (&x)[kInputs], VF (&v)[kPoints]) { F33::Input(x, v); }
  static HWY_INLINE void Output(const VF (&m)[kPoints], VF (&y)[kOutputs]) {
    const VF sum = hn::Add(m[1], m[2]), dif = hn::Sub(m[1], m[2]);
    y[0] = hn::Add(hn::Add(m[0], m[3]), sum);
    y[1] = hn::MulAdd(Constant(kF33H), m[3], dif);
    y[2] = hn::MulAdd(Constant(kF33H * kF33H), m[3], sum);
    y[3] = hn::MulAdd(Constant(kF33H * kF33H * kF33H), m[3], hn::Add(dif, m[4]));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
