// y[i] = f(a[i], b[i]) with NumPy broadcasting: Add, Sub, Mul, Div, Mod, Pow, PRelu, and the
// variadic Min, Max, Sum and Mean.
#include <algorithm>
#include <cmath>
#include <limits>

#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/saturate.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

Status InferBroadcast(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 2));
  if (c.inputs[0]->dtype != c.inputs[1]->dtype) {
    return CorruptModel(std::string("its inputs have different types, ") + DataTypeName(c.inputs[0]->dtype) +
                        " and " + DataTypeName(c.inputs[1]->dtype));
  }
  TEMPERA_ASSIGN_OR_RETURN(c.outputs[0].shape, BroadcastShapes(c.inputs[0]->shape, c.inputs[1]->shape));
  c.outputs[0].dtype = c.inputs[0]->dtype;
  return OkStatus();
}

// Pow's exponent may have a type of its own.
Status InferPow(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 2));
  TEMPERA_ASSIGN_OR_RETURN(c.outputs[0].shape, BroadcastShapes(c.inputs[0]->shape, c.inputs[1]->shape));
  c.outputs[0].dtype = c.inputs[0]->dtype;
  return OkStatus();
}

// The slope is broadcast to x, never the other way round.
Status InferPRelu(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(InferBroadcast(c));
  if (c.outputs[0].shape != c.inputs[0]->shape) {
    return CorruptModel("its slope " + ShapeToString(c.inputs[1]->shape) + " does not fit its input " +
                        ShapeToString(c.inputs[0]->shape));
  }
  return OkStatus();
}

Status InferMod(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(InferBroadcast(c));
  if (c.node.attributes.Int("fmod", 0) == 0 && !IsInteger(c.inputs[0]->dtype))
    return CorruptModel("it takes floating-point numbers only with fmod=1");
  return OkStatus();
}

Status InferVariadic(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, std::numeric_limits<size_t>::max()));
  c.outputs[0] = *c.inputs[0];
  for (size_t i = 1; i < c.inputs.size(); ++i) {
    if (c.inputs[i] == nullptr) return CorruptModel("input " + std::to_string(i) + " is missing");
    if (c.inputs[i]->dtype != c.outputs[0].dtype) return CorruptModel("its inputs have different types");
    TEMPERA_ASSIGN_OR_RETURN(c.outputs[0].shape, BroadcastShapes(c.outputs[0].shape, c.inputs[i]->shape));
  }
  return OkStatus();
}

// Integers wrap around, as unsigned arithmetic does (signed overflow would be undefined). 16-bit
// products need 32 bits: uint16_t * uint16_t is computed in int, and overflows it.
template <typename T, typename F>
T Wrapping(T a, T b, F f) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::conditional_t<(sizeof(T) < 4), uint32_t, std::make_unsigned_t<T>>;
    return static_cast<T>(f(static_cast<U>(a), static_cast<U>(b)));
  } else {
    return f(a, b);
  }
}

struct Add {
  template <typename T>
  T operator()(T a, T b) const {
    return Wrapping(a, b, [](auto x, auto y) { return x + y; });
  }
};

struct Sub {
  template <typename T>
  T operator()(T a, T b) const {
    return Wrapping(a, b, [](auto x, auto y) { return x - y; });
  }
};

struct Mul {
  template <typename T>
  T operator()(T a, T b) const {
    return Wrapping(a, b, [](auto x, auto y) { return x * y; });
  }
};

struct Div {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      if (b == 0) return 0;  // undefined by ONNX; must not trap
      if constexpr (std::is_signed_v<T>) {
        if (b == T{-1}) return Sub()(T{0}, a);
      }
      return static_cast<T>(a / b);
    } else {
      return a / b;
    }
  }
};

// C's: the sign is the dividend's.
struct Remainder {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      if (b == 0) return 0;  // undefined by ONNX; must not trap
      if constexpr (std::is_signed_v<T>) {
        if (b == T{-1}) return 0;  // the lowest number's quotient is none
      }
      return static_cast<T>(a % b);
    } else {
      return std::fmod(a, b);
    }
  }
};

// Python's: the sign is the divisor's.
struct Modulo {
  template <typename T>
  T operator()(T a, T b) const {
    const T r = Remainder()(a, b);
    return r != T{0} && (r < T{0}) != (b < T{0}) ? static_cast<T>(r + b) : r;
  }
};

struct PRelu {
  template <typename T>
  T operator()(T x, T slope) const {
    return x < T{0} ? Mul()(x, slope) : x;
  }
};

// NaN wins, as in NumPy.
struct Min {
  template <typename T>
  T operator()(T a, T b) const {
    return a < b || a != a ? a : b;
  }
};

struct Max {
  template <typename T>
  T operator()(T a, T b) const {
    return a > b || a != a ? a : b;
  }
};

struct Pow {
  template <typename T, typename E>
  T operator()(T base, E exponent) const {
    if constexpr (std::is_integral_v<T> && std::is_integral_v<E>) {
      if (exponent >= 0) {  // exact, by squaring
        T result = 1;
        for (auto e = static_cast<uint64_t>(exponent); e != 0; e >>= 1) {
          if (e & 1) result = Mul()(result, base);
          base = Mul()(base, base);
        }
        return result;
      }
    }
    if constexpr (std::is_same_v<T, float>) {
      return std::pow(base, static_cast<float>(exponent));
    } else {
      return SaturateCast<T>(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
    }
  }
};

template <typename A, typename B, typename Function>
void Broadcast(const Tensor& a, const Tensor& b, Tensor* out) {
  const Function f;
  const Shape& shape = out->shape();
  const Shape a_strides = BroadcastStrides(a.shape(), shape), b_strides = BroadcastStrides(b.shape(), shape);
  const int64_t width = shape.empty() ? 1 : shape.back();
  const int64_t a_step = shape.empty() ? 0 : a_strides.back(), b_step = shape.empty() ? 0 : b_strides.back();
  ForEachRow<3>(shape, {a_strides, b_strides, DenseStrides(shape)},
                [&](const std::array<int64_t, 3>& offsets) {
                  const A* pa = a.data<A>() + offsets[0];
                  const B* pb = b.data<B>() + offsets[1];
                  A* po = out->data<A>() + offsets[2];
                  const auto one = [&](A x, B y) {
                    return static_cast<A>(f(static_cast<ComputeType<A>>(x), static_cast<ComputeType<B>>(y)));
                  };
                  if (a_step == 1 && b_step == 1) {
                    for (int64_t x = 0; x < width; ++x) po[x] = one(pa[x], pb[x]);
                  } else if (a_step == 1 && b_step == 0) {
                    const B y = *pb;
                    for (int64_t x = 0; x < width; ++x) po[x] = one(pa[x], y);
                  } else {
                    for (int64_t x = 0; x < width; ++x) po[x] = one(pa[x * a_step], pb[x * b_step]);
                  }
                });
}

template <typename Function>
Status BinaryReference(const ComputeContext& c) {
  if (c.inputs[0]->dtype() == DataType::kBool) return UnsupportedType(DataType::kBool);
  TEMPERA_ASSIGN_OR_RETURN(const Widened a, Widened::Of(*c.inputs[0]));
  TEMPERA_ASSIGN_OR_RETURN(const Widened b, Widened::Of(*c.inputs[1]));
  TEMPERA_ASSIGN_OR_RETURN(WideOutput out, WideOutput::For(c.outputs[0]));
  TEMPERA_RETURN_IF_ERROR(DispatchWide(c.inputs[0]->dtype(), [&]<typename T>() {
    Broadcast<T, T, Function>(*a, *b, *out);
    return OkStatus();
  }));
  return out.Store();
}

Status ModReference(const ComputeContext& c) {
  return c.node.attributes.Int("fmod", 0) != 0 ? BinaryReference<Remainder>(c) : BinaryReference<Modulo>(c);
}

// The exponent in the widest type of its kind: two instances of Pow per base type instead of twelve.
Result<Tensor> WideExponent(const Tensor& exponent) {
  const bool integer = exponent.dtype() != DataType::kUint64 && IsInteger(exponent.dtype());
  const DataType wide = integer ? DataType::kInt64 : DataType::kFloat64;
  TEMPERA_ASSIGN_OR_RETURN(Tensor out, Tensor::Create(wide, exponent.shape()));
  TEMPERA_RETURN_IF_ERROR(DispatchNumeric(exponent.dtype(), [&]<typename E>() {
    const E* from = exponent.data<E>();
    for (int64_t i = 0; i < exponent.element_count(); ++i) {
      if (integer) {
        out.data<int64_t>()[i] = static_cast<int64_t>(static_cast<ComputeType<E>>(from[i]));
      } else {
        out.data<double>()[i] = static_cast<double>(from[i]);
      }
    }
    return OkStatus();
  }));
  return out;
}

Status PowReference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const Tensor exponent, WideExponent(*c.inputs[1]));
  return DispatchNumeric(c.inputs[0]->dtype(), [&]<typename T>() {
    if (exponent.dtype() == DataType::kInt64) {
      Broadcast<T, int64_t, Pow>(*c.inputs[0], exponent, c.outputs[0]);
    } else {
      Broadcast<T, double, Pow>(*c.inputs[0], exponent, c.outputs[0]);
    }
    return OkStatus();
  });
}

// out = f(f(x0, x1), x2) ...; the first step is f(x0, x0) = x0, spread over the output.
template <typename Function>
Status VariadicReference(const ComputeContext& c) {
  if (c.inputs[0]->dtype() == DataType::kBool) return UnsupportedType(DataType::kBool);
  TEMPERA_ASSIGN_OR_RETURN(WideOutput out, WideOutput::For(c.outputs[0]));
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    TEMPERA_ASSIGN_OR_RETURN(const Widened x, Widened::Of(*c.inputs[i]));
    TEMPERA_RETURN_IF_ERROR(DispatchWide(c.inputs[0]->dtype(), [&]<typename T>() {
      Broadcast<T, T, Function>(i == 0 ? *x : **out, *x, *out);
      return OkStatus();
    }));
  }
  return out.Store();
}

// As VariadicReference, but without the first step, which f(x0, x0) would get wrong.
Status SumReference(const ComputeContext& c) {
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    std::fill_n(c.outputs[0]->data<T>(), c.outputs[0]->element_count(), T{});
    for (const Tensor* x : c.inputs) Broadcast<T, T, Add>(*c.outputs[0], *x, c.outputs[0]);
    if (c.node.op_type == "Mean") {
      const auto count = static_cast<ComputeType<T>>(c.inputs.size());
      T* out = c.outputs[0]->data<T>();
      for (int64_t i = 0; i < c.outputs[0]->element_count(); ++i) {
        out[i] = static_cast<T>(static_cast<ComputeType<T>>(out[i]) / count);
      }
    }
    return OkStatus();
  });
}

}  // namespace

Operator MeanOperator() { return {"Mean", InferVariadic, SumReference}; }
Operator SumOperator() { return {"Sum", InferVariadic, SumReference}; }
Operator AddOperator() { return {"Add", InferBroadcast, BinaryReference<Add>}; }
Operator SubOperator() { return {"Sub", InferBroadcast, BinaryReference<Sub>}; }
Operator MulOperator() { return {"Mul", InferBroadcast, BinaryReference<Mul>}; }
Operator DivOperator() { return {"Div", InferBroadcast, BinaryReference<Div>}; }
Operator ModOperator() { return {"Mod", InferMod, ModReference}; }
Operator PowOperator() { return {"Pow", InferPow, PowReference}; }
Operator PReluOperator() { return {"PRelu", InferPRelu, BinaryReference<PRelu>}; }
Operator MinOperator() { return {"Min", InferVariadic, VariadicReference<Min>}; }
Operator MaxOperator() { return {"Max", InferVariadic, VariadicReference<Max>}; }

}  // namespace tempera::ops
