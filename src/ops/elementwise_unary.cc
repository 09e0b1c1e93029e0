// y[i] = f(x[i]): Relu, LeakyRelu, Elu, Sigmoid, Tanh, HardSigmoid, HardSwish, Sqrt, Exp, Neg.
#include <algorithm>
#include <cmath>

#include "src/ops/elementwise_unary.h"

namespace tempera::ops {
namespace {

struct Relu {
  explicit Relu(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return x < T{0} ? T{0} : x;  // NaN stays
  }
};

struct LeakyRelu {
  explicit LeakyRelu(const graph::Node& n) : alpha(n.attributes.Float("alpha", 0.01f)) {}
  template <typename T>
  T operator()(T x) const {
    return x < T{0} ? static_cast<T>(alpha) * x : x;
  }
  float alpha;
};

struct Elu {
  explicit Elu(const graph::Node& n) : alpha(n.attributes.Float("alpha", 1.0f)) {}
  template <typename T>
  T operator()(T x) const {
    return x < T{0} ? static_cast<T>(alpha) * std::expm1(x) : x;
  }
  float alpha;
};

struct Sigmoid {
  explicit Sigmoid(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return T{1} / (T{1} + std::exp(-x));
  }
};

struct Tanh {
  explicit Tanh(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return std::tanh(x);
  }
};

struct HardSigmoid {
  explicit HardSigmoid(const graph::Node& n)
      : alpha(n.attributes.Float("alpha", 0.2f)), beta(n.attributes.Float("beta", 0.5f)) {}
  template <typename T>
  T operator()(T x) const {
    return std::max(T{0}, std::min(T{1}, static_cast<T>(alpha) * x + static_cast<T>(beta)));
  }
  float alpha, beta;
};

struct HardSwish {
  explicit HardSwish(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return x * std::max(T{0}, std::min(T{1}, x / T{6} + T{0.5}));
  }
};

struct Sqrt {
  explicit Sqrt(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return std::sqrt(x);
  }
};

struct Exp {
  explicit Exp(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return std::exp(x);
  }
};

struct Neg {
  explicit Neg(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(0u - static_cast<std::make_unsigned_t<T>>(x));
    if constexpr (!std::is_integral_v<T>) return -x;
  }
};

}  // namespace

Operator ReluOperator() { return {"Relu", InferSame, NumericReference<Relu>}; }
Operator LeakyReluOperator() { return {"LeakyRelu", InferSame, FloatReference<LeakyRelu>}; }
Operator EluOperator() { return {"Elu", InferSame, FloatReference<Elu>}; }
Operator SigmoidOperator() { return {"Sigmoid", InferSame, FloatReference<Sigmoid>}; }
Operator TanhOperator() { return {"Tanh", InferSame, FloatReference<Tanh>}; }
Operator HardSigmoidOperator() { return {"HardSigmoid", InferSame, FloatReference<HardSigmoid>}; }
Operator HardSwishOperator() { return {"HardSwish", InferSame, FloatReference<HardSwish>}; }
Operator SqrtOperator() { return {"Sqrt", InferSame, FloatReference<Sqrt>}; }
Operator ExpOperator() { return {"Exp", InferSame, FloatReference<Exp>}; }
Operator NegOperator() { return {"Neg", InferSame, NumericReference<Neg>}; }

}  // namespace tempera::ops
