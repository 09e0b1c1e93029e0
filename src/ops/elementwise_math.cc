// More of y[i] = f(x[i]), as other networks and exporters' size arithmetic need it: Abs, Ceil, Celu, Cos,
// Erf, Floor, Gelu, Log, Mish, Reciprocal, Round, Selu, Shrink, Sign, Sin, Softplus, Softsign,
// ThresholdedRelu.
#include <cmath>
#include <string>
#include <type_traits>

#include "src/ops/elementwise_unary.h"
#include "src/ops/saturate.h"

namespace tempera::ops {
namespace {

struct Abs {
  explicit Abs(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    if constexpr (std::is_integral_v<T>) {
      using U = std::make_unsigned_t<T>;
      return x < 0 ? static_cast<T>(U{0} - static_cast<U>(x)) : x;  // the lowest stays: it has no positive
    } else {
      return std::abs(x);
    }
  }
};

struct Ceil {
  explicit Ceil(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return std::ceil(x);
  }
};

// Barron, arXiv 1704.07483.
struct Celu {
  explicit Celu(const graph::Node& n) : alpha(n.attributes.Float("alpha", 1.0f)) {}
  template <typename T>
  T operator()(T x) const {
    const T a = static_cast<T>(alpha);
    return x > T{0} ? x : a * std::expm1(x / a);
  }
  float alpha;
};

struct Cos {
  explicit Cos(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return std::cos(x);
  }
};

struct Erf {
  explicit Erf(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return std::erf(x);
  }
};

struct Floor {
  explicit Floor(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return std::floor(x);
  }
};

struct Log {
  explicit Log(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return std::log(x);
  }
};

struct Reciprocal {
  explicit Reciprocal(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return T{1} / x;
  }
};

struct Round {
  explicit Round(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return std::nearbyint(x);  // halves to even
  }
};

struct Sign {
  explicit Sign(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return static_cast<T>((x > T{0}) - (x < T{0}));
  }
};

struct Sin {
  explicit Sin(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return std::sin(x);
  }
};

struct Softplus {
  explicit Softplus(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return x > T{0} ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
  }
};

// Misra, arXiv 1908.08681.
struct Mish {
  explicit Mish(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return x * std::tanh(x > T{0} ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)));
  }
};

// What exporters write as several operators (graph/pass_function.cc).
struct Silu {
  explicit Silu(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return x / (T{1} + std::exp(-x));
  }
};

struct Gelu {
  explicit Gelu(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return x * (std::erf(x / std::sqrt(T{2})) + T{1}) / T{2};
  }
};

// Hendrycks and Gimpel, arXiv 1606.08415, with their approximation.
struct TanhGelu {
  explicit TanhGelu(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    // sqrt(2 / pi)
    return x *
           (T{1} +
            std::tanh(static_cast<T>(0.7978845608028654) * (x + static_cast<T>(0.044715) * x * x * x))) /
           T{2};
  }
};

Status InferGelu(InferContext& c) {
  const std::string approximate = c.node.attributes.String("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    return CorruptModel("approximate '" + approximate + "' is none of ONNX's values");
  return InferSame(c);
}

Status GeluReference(const ComputeContext& c) {
  const bool approximate = c.node.attributes.String("approximate", "none") == "tanh";
  return approximate ? FloatReference<TanhGelu>(c) : FloatReference<Gelu>(c);
}

struct Shrink {
  explicit Shrink(const graph::Node& n)
      : bias(n.attributes.Float("bias", 0)), lambd(n.attributes.Float("lambd", 0.5f)) {}
  template <typename T>
  T operator()(T x) const {
    const auto number = static_cast<std::conditional_t<std::is_same_v<T, float>, float, double>>(x);
    if (number < -lambd) return SaturateCast<T>(number + bias);
    if (number > lambd) return SaturateCast<T>(number - bias);
    return x != x ? x : T{0};
  }
  float bias, lambd;
};

struct Softsign {
  explicit Softsign(const graph::Node&) {}
  template <typename T>
  T operator()(T x) const {
    return x / (T{1} + std::abs(x));
  }
};

// Klambauer et al., arXiv 1706.02515.
struct Selu {
  explicit Selu(const graph::Node& n)
      : alpha(n.attributes.Float("alpha", 1.67326319f)), gamma(n.attributes.Float("gamma", 1.05070102f)) {}
  template <typename T>
  T operator()(T x) const {
    return static_cast<T>(gamma) * (x > T{0} ? x : static_cast<T>(alpha) * std::expm1(x));
  }
  float alpha, gamma;
};

struct ThresholdedRelu {
  explicit ThresholdedRelu(const graph::Node& n) : alpha(n.attributes.Float("alpha", 1.0f)) {}
  template <typename T>
  T operator()(T x) const {
    return x > static_cast<T>(alpha) ? x : T{0};
  }
  float alpha;
};

}  // namespace

Operator AbsOperator() { return {"Abs", InferSame, NumericReference<Abs>}; }
Operator CeilOperator() { return {"Ceil", InferSame, FloatReference<Ceil>}; }
Operator CeluOperator() { return {"Celu", InferSame, FloatReference<Celu>}; }
Operator CosOperator() { return {"Cos", InferSame, FloatReference<Cos>}; }
Operator FusedGeluOperator() { return {"tempera.Gelu", InferFused, FloatReference<Gelu>}; }
Operator FusedMishOperator() { return {"tempera.Mish", InferFused, FloatReference<Mish>}; }
Operator FusedSiluOperator() { return {"tempera.Silu", InferFused, FloatReference<Silu>}; }
Operator ErfOperator() { return {"Erf", InferSame, FloatReference<Erf>}; }
Operator FloorOperator() { return {"Floor", InferSame, FloatReference<Floor>}; }
Operator GeluOperator() { return {"Gelu", InferGelu, GeluReference}; }
Operator LogOperator() { return {"Log", InferSame, FloatReference<Log>}; }
Operator MishOperator() { return {"Mish", InferSame, FloatReference<Mish>}; }
Operator ReciprocalOperator() { return {"Reciprocal", InferSame, FloatReference<Reciprocal>}; }
Operator RoundOperator() { return {"Round", InferSame, FloatReference<Round>}; }
Operator SeluOperator() { return {"Selu", InferSame, FloatReference<Selu>}; }
Operator ShrinkOperator() { return {"Shrink", InferSame, NumericReference<Shrink>}; }
Operator SignOperator() { return {"Sign", InferSame, NumericReference<Sign>}; }
Operator SinOperator() { return {"Sin", InferSame, FloatReference<Sin>}; }
Operator SoftplusOperator() { return {"Softplus", InferSame, FloatReference<Softplus>}; }
Operator SoftsignOperator() { return {"Softsign", InferSame, FloatReference<Softsign>}; }
Operator ThresholdedReluOperator() { return {"ThresholdedRelu", InferSame, FloatReference<ThresholdedRelu>}; }

}  // namespace tempera::ops
