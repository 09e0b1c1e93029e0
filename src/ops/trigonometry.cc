// Angles: Tan, Asin, Acos, Atan; and their hyperbolic kin: Sinh, Cosh, Asinh, Acosh, Atanh.
#include <cmath>

#include "src/ops/elementwise_unary.h"

namespace tempera::ops {
namespace {

// Once for floats and once for doubles.
using OfFloat = float (*)(float);
using OfDouble = double (*)(double);

template <OfFloat kFloat, OfDouble kDouble>
struct Of {
  explicit Of(const graph::Node&) {}
  float operator()(float x) const { return kFloat(x); }
  double operator()(double x) const { return kDouble(x); }
};

}  // namespace

Operator AcosOperator() { return {"Acos", InferSame, FloatReference<Of<std::acos, std::acos>>}; }
Operator AcoshOperator() { return {"Acosh", InferSame, FloatReference<Of<std::acosh, std::acosh>>}; }
Operator AsinOperator() { return {"Asin", InferSame, FloatReference<Of<std::asin, std::asin>>}; }
Operator AsinhOperator() { return {"Asinh", InferSame, FloatReference<Of<std::asinh, std::asinh>>}; }
Operator AtanOperator() { return {"Atan", InferSame, FloatReference<Of<std::atan, std::atan>>}; }
Operator AtanhOperator() { return {"Atanh", InferSame, FloatReference<Of<std::atanh, std::atanh>>}; }
Operator CoshOperator() { return {"Cosh", InferSame, FloatReference<Of<std::cosh, std::cosh>>}; }
Operator SinhOperator() { return {"Sinh", InferSame, FloatReference<Of<std::sinh, std::sinh>>}; }
Operator TanOperator() { return {"Tan", InferSame, FloatReference<Of<std::tan, std::tan>>}; }

}  // namespace tempera::ops
