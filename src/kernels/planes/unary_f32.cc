#include "src/kernels/planes/unary_f32.h"

#include <algorithm>
#include <limits>

#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/planes/unary_f32.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include <hwy/contrib/math/math-inl.h>

#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {

// x where it is NaN, y elsewhere: Highway's exponential makes zeros of NaN, minima and maxima lose it.
HWY_INLINE VF KeepNaN(VF x, VF y) { return hn::IfThenElse(hn::Eq(x, x), y, x); }

// Beyond 89 fp32's numbers end; Highway's exponential is made for at most 104.
HWY_INLINE VF Exp(DF d, VF x) { return hn::Exp(d, hn::Min(x, hn::Set(d, 100.0f))); }

// exp(x) - 1 for x <= 0; at -20 it is -1 in fp32.
HWY_INLINE VF ExpM1OfNegative(DF d, VF x) {
  return hn::Expm1(d, hn::Max(hn::Min(x, hn::Zero(d)), hn::Set(d, -20.0f)));
}

HWY_INLINE VF Log(DF d, VF x) {
  const float infinity = std::numeric_limits<float>::infinity();
  const VF y = hn::Log(d, x);
  const VF ended = hn::IfThenElse(hn::Eq(x, hn::Set(d, infinity)), x, y);
  const VF zero = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Set(d, -infinity), ended);
  const VF nan = hn::Set(d, std::numeric_limits<float>::quiet_NaN());
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), nan, zero);
}

// A quotient of polynomials in x^2, of degree 6 over 4, fitted on [-4, 4], where erf ends in fp32.
HWY_INLINE VF Erf(DF d, VF x) {
  constexpr float kAbove[] = {-2.72614225801306e-10f, 2.77068142495902e-08f,  -2.10102402082508e-06f,
                              -5.69250639462346e-05f, -7.34990630326855e-04f, -2.95459980854025e-03f,
                              -1.60960333262415e-02f};
  constexpr float kBelow[] = {-1.45660718464996e-05f, -2.13374055278905e-04f, -1.68282697438203e-03f,
                              -7.37332916720468e-03f, -1.42647390514189e-02f};
  x = hn::Min(hn::Max(x, hn::Set(d, -4.0f)), hn::Set(d, 4.0f));
  const VF square = hn::Mul(x, x);
  VF above = hn::Set(d, kAbove[0]), below = hn::Set(d, kBelow[0]);
  for (size_t i = 1; i < std::size(kAbove); ++i) above = hn::MulAdd(above, square, hn::Set(d, kAbove[i]));
  for (size_t i = 1; i < std::size(kBelow); ++i) below = hn::MulAdd(below, square, hn::Set(d, kBelow[i]));
  return hn::Div(hn::Mul(x, above), below);
}

HWY_INLINE VF Sigmoid(DF d, VF x) {
  // Beyond 80 the exponential leaves fp32, the result is within 2e-35 of 0 or 1.
  const VF limit = hn::Set(d, 80.0f), one = hn::Set(d, 1.0f);
  const VF e = hn::Exp(d, hn::Neg(hn::Min(hn::Max(hn::Neg(limit), x), limit)));
  return hn::Div(one, hn::Add(one, e));
}

HWY_INLINE VF Tanh(DF d, VF x) {
  // Highway's tanh is (e^2x - 1) / (e^2x + 1), which overflows from 44 on; at 10 it is 1 in fp32.
  const VF limit = hn::Set(d, 10.0f);
  return hn::Tanh(d, hn::Min(hn::Max(hn::Neg(limit), x), limit));
}

// With n = e^2x + 2 e^x, tanh(log(1 + e^x)) is n / (n + 2); at 20 it is 1 in fp32.
HWY_INLINE VF Mish(DF d, VF x) {
  const VF e = hn::Exp(d, hn::Min(x, hn::Set(d, 20.0f)));
  const VF n = hn::Mul(e, hn::Add(e, hn::Set(d, 2.0f)));
  return hn::Mul(x, hn::Div(n, hn::Add(n, hn::Set(d, 2.0f))));
}

template <UnaryOp kOp>
HWY_INLINE VF Function(DF d, VF x, VF alpha, VF beta) {
  const VF zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  switch (kOp) {
    case UnaryOp::kAbs:
      return hn::Abs(x);
    case UnaryOp::kCeil:
      return hn::Ceil(x);
    case UnaryOp::kCelu: {
      const VF below = hn::Mul(alpha, ExpM1OfNegative(d, hn::Div(hn::Min(x, zero), alpha)));
      return KeepNaN(x, hn::Add(hn::Max(x, zero), hn::Min(zero, below)));
    }
    case UnaryOp::kElu:
      return hn::IfThenElse(hn::Lt(x, zero), hn::Mul(alpha, ExpM1OfNegative(d, x)), x);
    case UnaryOp::kErf:
      return KeepNaN(x, Erf(d, x));
    case UnaryOp::kExp:
      return KeepNaN(x, Exp(d, x));
    case UnaryOp::kFloor:
      return hn::Floor(x);
    case UnaryOp::kGelu: {
      const VF erf = Erf(d, hn::Mul(x, hn::Set(d, 0.70710678f)));
      // Where the sum is 0 the product with -infinity would be none.
      const VF far = hn::Max(x, hn::Set(d, -100.0f));
      return KeepNaN(x, hn::Mul(hn::Mul(hn::Set(d, 0.5f), far), hn::Add(one, erf)));
    }
    case UnaryOp::kHardSigmoid:
      return KeepNaN(x, hn::Min(hn::Max(hn::MulAdd(x, alpha, beta), zero), one));
    case UnaryOp::kHardSwish: {
      const VF line = hn::MulAdd(x, hn::Set(d, 1.0f / 6), hn::Set(d, 0.5f));
      return hn::Mul(x, hn::Min(hn::Max(line, zero), one));
    }
    case UnaryOp::kLog:
      return KeepNaN(x, Log(d, x));
    case UnaryOp::kMish:
      return KeepNaN(x, Mish(d, hn::Max(x, hn::Set(d, -100.0f))));
    case UnaryOp::kNeg:
      return hn::Neg(x);
    case UnaryOp::kReciprocal:
      return hn::Div(one, x);
    case UnaryOp::kRound:
      return hn::Round(x);
    case UnaryOp::kSelu: {
      const VF below = hn::Mul(alpha, ExpM1OfNegative(d, x));
      return KeepNaN(x, hn::Mul(beta, hn::IfThenElse(hn::Gt(x, zero), x, below)));
    }
    case UnaryOp::kSigmoid:
      return KeepNaN(x, Sigmoid(d, x));
    case UnaryOp::kSign: {
      const VF above = hn::IfThenElseZero(hn::Gt(x, zero), one);
      return hn::IfThenElse(hn::Lt(x, zero), hn::Set(d, -1.0f), above);
    }
    case UnaryOp::kSilu:
      return KeepNaN(x, hn::Mul(hn::Max(x, hn::Set(d, -100.0f)), Sigmoid(d, x)));
    case UnaryOp::kSoftplus: {
      const VF tail = hn::Log1p(d, Exp(d, hn::Neg(hn::Abs(x))));
      return KeepNaN(x, hn::Add(hn::Max(x, zero), tail));
    }
    case UnaryOp::kSoftsign:
      return hn::Div(x, hn::Add(one, hn::Abs(x)));
    case UnaryOp::kSqrt:
      return hn::Sqrt(x);
    case UnaryOp::kSquare:
      return hn::Mul(x, x);
    case UnaryOp::kTanh:
      return KeepNaN(x, Tanh(d, x));
    case UnaryOp::kThresholdedRelu:
      return hn::IfThenElseZero(hn::Gt(x, alpha), x);
  }
  return x;
}

template <UnaryOp kOp>
void Row(const UnaryFunction& f, const float* input, float* output, int64_t count) {
  const VF alpha = hn::Set(DF(), f.alpha), beta = hn::Set(DF(), f.beta);
  MapRow(input, output, count, [&](DF d, VF x) HWY_ATTR { return Function<kOp>(d, x, alpha, beta); });
}

void Unary(const UnaryFunction& f, const Pointwise& p, int64_t channel, const float* input, float* output,
           int64_t count) {
  if (!p.is_identity()) {
    PointwiseRow(p, channel, input, output, count);
    input = output;
  }
  // By UnaryOp.
  using RowOf = void (*)(const UnaryFunction& f, const float* input, float* output, int64_t count);
  static constexpr RowOf kRows[] = {&Row<UnaryOp::kAbs>,
                                    &Row<UnaryOp::kCeil>,
                                    &Row<UnaryOp::kCelu>,
                                    &Row<UnaryOp::kElu>,
                                    &Row<UnaryOp::kErf>,
                                    &Row<UnaryOp::kExp>,
                                    &Row<UnaryOp::kFloor>,
                                    &Row<UnaryOp::kGelu>,
                                    &Row<UnaryOp::kHardSigmoid>,
                                    &Row<UnaryOp::kHardSwish>,
                                    &Row<UnaryOp::kLog>,
                                    &Row<UnaryOp::kMish>,
                                    &Row<UnaryOp::kNeg>,
                                    &Row<UnaryOp::kReciprocal>,
                                    &Row<UnaryOp::kRound>,
                                    &Row<UnaryOp::kSelu>,
                                    &Row<UnaryOp::kSigmoid>,
                                    &Row<UnaryOp::kSign>,
                                    &Row<UnaryOp::kSilu>,
                                    &Row<UnaryOp::kSoftplus>,
                                    &Row<UnaryOp::kSoftsign>,
                                    &Row<UnaryOp::kSqrt>,
                                    &Row<UnaryOp::kSquare>,
                                    &Row<UnaryOp::kTanh>,
                                    &Row<UnaryOp::kThresholdedRelu>};
  kRows[static_cast<size_t>(f.op)](f, input, output, count);
}

UnaryF32 GetUnary() { return &Unary; }

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(UnaryF32, ChooseUnaryF32, GetUnary);
}  // namespace tempera::kernels
#endif  // HWY_ONCE
