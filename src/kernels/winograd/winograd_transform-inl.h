// Per-target code: the one-dimensional transforms of inputs and of sums, on vectors of neighbouring tiles.
// With the points of winograd_points.h, row i of an input transform is the polynomial that vanishes at all
// other finite points (Toom 1963, Cook 1966).
#if defined(TEMPERA_KERNELS_WINOGRAD_TRANSFORM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_WINOGRAD_TRANSFORM_INL_H_
#undef TEMPERA_KERNELS_WINOGRAD_TRANSFORM_INL_H_
#else
#define TEMPERA_KERNELS_WINOGRAD_TRANSFORM_INL_H_
#endif

#include <hwy/highway.h>

#include "src/kernels/pointwise-inl.h"
#include "src/kernels/winograd/winograd_points.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE VF Constant(double x) { return hn::Set(DF(), static_cast<float>(x)); }

HWY_INLINE VF ActivateAs(Activation activation, VF x, const ChannelPointwise& c) {
  const DF d;
  switch (activation) {
    case Activation::kClamp:
      return Activate<Activation::kClamp>(d, x, c);
    case Activation::kSlope:
      return Activate<Activation::kSlope>(d, x, c);
    case Activation::kHardSwish:
      return Activate<Activation::kHardSwish>(d, x, c);
    case Activation::kNone:
      break;
  }
  return x;
}

// Points in the order 0, a, -a, b, infinity.
struct F42 {
  static constexpr int kStep = 4, kInputs = 5, kPoints = 5, kOutputs = 4;
  static constexpr double kA2 = kF42A * kF42A, kB2 = kF42B * kF42B;

  static HWY_INLINE void Input(const VF (&x)[kInputs], VF (&v)[kPoints]) {
    const VF a = Constant(kF42A), b = Constant(kF42B), a2 = Constant(kA2);
    v[3] = hn::NegMulAdd(a2, x[1], x[3]);
    v[0] = hn::NegMulAdd(b, hn::NegMulAdd(a2, x[0], x[2]), v[3]);
    v[4] = hn::NegMulAdd(b, v[3], hn::NegMulAdd(a2, x[2], x[4]));
    const VF same = hn::NegMulAdd(b, x[2], x[3]), turned = hn::NegMulAdd(b, x[1], x[2]);
    v[1] = hn::MulAdd(a, turned, same);
    v[2] = hn::NegMulAdd(a, turned, same);
  }
  static HWY_INLINE void Output(const VF (&m)[kPoints], VF (&y)[kOutputs]) {
    const VF sum = hn::Add(m[1], m[2]), dif = hn::Sub(m[1], m[2]);
    y[0] = hn::Add(hn::Add(m[0], m[3]), sum);
    y[1] = hn::MulAdd(Constant(kF42A), dif, hn::Mul(Constant(kF42B), m[3]));
    y[2] = hn::MulAdd(Constant(kA2), sum, hn::Mul(Constant(kB2), m[3]));
    y[3] = hn::MulAdd(Constant(kA2 * kF42A), dif, hn::MulAdd(Constant(kB2 * kF42B), m[3], m[4]));
  }
};

// Points in the order a, -a, b, -b, c, -c, infinity.
struct F44 {
  static constexpr int kStep = 4, kInputs = 7, kPoints = 7, kOutputs = 4;
  static constexpr double kA2 = kF44A * kF44A, kB2 = kF44B * kF44B, kC2 = kF44C * kF44C;

  // The products of the points +-a; p, q: squares of the other points.
  static HWY_INLINE void Pair(const VF (&x)[kInputs], double a, double p, double q, VF& plus, VF& minus) {
    const VF sum = Constant(p + q), product = Constant(p * q), at = Constant(a);
    const VF even = hn::MulAdd(product, x[0], hn::NegMulAdd(sum, x[2], x[4]));
    const VF odd = hn::MulAdd(product, x[1], hn::NegMulAdd(sum, x[3], x[5]));
    plus = hn::MulAdd(at, even, odd);
    minus = hn::NegMulAdd(at, even, odd);
  }
  static HWY_INLINE void Input(const VF (&x)[kInputs], VF (&v)[kPoints]) {
    const VF e1 = Constant(kA2 + kB2 + kC2), e2 = Constant(kA2 * kB2 + kA2 * kC2 + kB2 * kC2);
    const VF e3 = Constant(kA2 * kB2 * kC2);
    Pair(x, kF44A, kB2, kC2, v[0], v[1]);
    Pair(x, kF44B, kA2, kC2, v[2], v[3]);
    Pair(x, kF44C, kA2, kB2, v[4], v[5]);
    v[6] = hn::NegMulAdd(e3, x[0], hn::MulAdd(e2, x[2], hn::NegMulAdd(e1, x[4], x[6])));
  }
  static HWY_INLINE void Output(const VF (&m)[kPoints], VF (&y)[kOutputs]) {
    const VF sum_a = hn::Add(m[0], m[1]), dif_a = hn::Sub(m[0], m[1]);
    const VF sum_b = hn::Add(m[2], m[3]), dif_b = hn::Sub(m[2], m[3]);
    const VF sum_c = hn::Add(m[4], m[5]), dif_c = hn::Sub(m[4], m[5]);
    y[0] = hn::Add(hn::Add(sum_a, sum_b), sum_c);
    y[1] = hn::MulAdd(Constant(kF44A), dif_a,
                      hn::MulAdd(Constant(kF44B), dif_b, hn::Mul(Constant(kF44C), dif_c)));
    y[2] = hn::MulAdd(Constant(kA2), sum_a, hn::MulAdd(Constant(kB2), sum_b, hn::Mul(Constant(kC2), sum_c)));
    y[3] =
        hn::MulAdd(Constant(kA2 * kF44A), dif_a,
                   hn::MulAdd(Constant(kB2 * kF44B), dif_b, hn::MulAdd(Constant(kC2 * kF44C), dif_c, m[6])));
  }
};

// Points in the order 0, a, -a, b, -b, infinity.
struct F43 {
  static constexpr int kStep = 4, kInputs = 6, kPoints = 6, kOutputs = 4;
  static constexpr double kA2 = kF43A * kF43A, kB2 = kF43B * kF43B;

  static HWY_INLINE void Input(const VF (&x)[kInputs], VF (&v)[kPoints]) {
    const VF a = Constant(kF43A), b = Constant(kF43B), a2 = Constant(kA2), b2 = Constant(kB2);
    const VF sum = Constant(kA2 + kB2), product = Constant(kA2 * kB2);
    v[0] = hn::MulAdd(product, x[0], hn::NegMulAdd(sum, x[2], x[4]));
    v[5] = hn::MulAdd(product, x[1], hn::NegMulAdd(sum, x[3], x[5]));
    const VF even_a = hn::NegMulAdd(b2, x[2], x[4]), odd_a = hn::NegMulAdd(b2, x[1], x[3]);
    v[1] = hn::MulAdd(a, odd_a, even_a);
    v[2] = hn::NegMulAdd(a, odd_a, even_a);
    const VF even_b = hn::NegMulAdd(a2, x[2], x[4]), odd_b = hn::NegMulAdd(a2, x[1], x[3]);
    v[3] = hn::MulAdd(b, odd_b, even_b);
    v[4] = hn::NegMulAdd(b, odd_b, even_b);
  }
  static HWY_INLINE void Output(const VF (&m)[kPoints], VF (&y)[kOutputs]) {
    const VF sum_a = hn::Add(m[1], m[2]), dif_a = hn::Sub(m[1], m[2]);
    const VF sum_b = hn::Add(m[3], m[4]), dif_b = hn::Sub(m[3], m[4]);
    y[0] = hn::Add(hn::Add(m[0], sum_a), sum_b);
    y[1] = hn::MulAdd(Constant(kF43A), dif_a, hn::Mul(Constant(kF43B), dif_b));
    y[2] = hn::MulAdd(Constant(kA2), sum_a, hn::Mul(Constant(kB2), sum_b));
    y[3] = hn::MulAdd(Constant(kA2 * kF43A), dif_a, hn::MulAdd(Constant(kB2 * kF43B), dif_b, m[5]));
  }
};

// Points in the order 0, 1, -1, h, infinity; h = 1/2 is used as such below.
struct F33 {
  static constexpr int kStep = 3, kInputs = 5, kPoints = 5, kOutputs = 3;
  static_assert(kF33H == 0.5);

  static HWY_INLINE void Input(const VF (&x)[kInputs], VF (&v)[kPoints]) {
    const VF h = Constant(kF33H);
    v[3] = hn::Sub(x[3], x[1]);
    v[0] = hn::NegMulAdd(h, hn::Sub(x[2], x[0]), v[3]);
    v[1] = hn::MulAdd(h, hn::Sub(x[2], x[1]), x[3]);
    v[2] = hn::NegMulAdd(Constant(1 + kF33H), x[2], hn::MulAdd(h, x[1], x[3]));
    v[4] = hn::NegMulAdd(h, v[3], hn::Sub(x[4], x[2]));
  }
  static HWY_INLINE void Output(const VF (&m)[kPoints], VF (&y)[kOutputs]) {
    const VF sum = hn::Add(m[1], m[2]);
    y[0] = hn::Add(hn::Add(m[0], m[3]), sum);
    y[1] = hn::MulAdd(Constant(kF33H), m[3], hn::Sub(m[1], m[2]));
    y[2] = hn::MulAdd(Constant(kF33H * kF33H), m[3], hn::Add(sum, m[4]));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
