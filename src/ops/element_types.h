// From a DataType at run time to a C++ type: half precision as a value type, and
// the dispatch that picks a template instance.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "src/base/half.h"
#include "src/base/status.h"
#include "src/base/tensor.h"

namespace tempera::ops {

// Arithmetic happens in float, by implicit conversion.
struct Half {
  uint16_t bits = 0;
  Half() = default;
  Half(float v) : bits(FloatToHalf(v)) {}               // NOLINT: a number like any other
  operator float() const { return HalfToFloat(bits); }  // NOLINT
};

struct Bfloat {
  uint16_t bits = 0;
  Bfloat() = default;
  Bfloat(float v) : bits(FloatToBfloat(v)) {}             // NOLINT
  operator float() const { return BfloatToFloat(bits); }  // NOLINT
};

// What a T is computed in: itself, or float for the 16-bit floats.
template <typename T>
using ComputeType = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, Bfloat>, float, T>;

template <typename T>
inline constexpr bool kIsFloating = std::is_floating_point_v<ComputeType<T>>;

constexpr bool IsInteger(DataType type) {
  return type == DataType::kUint8 || type == DataType::kInt8 || type == DataType::kUint16 ||
         type == DataType::kInt16 || type == DataType::kUint32 || type == DataType::kInt32 ||
         type == DataType::kUint64 || type == DataType::kInt64;
}

inline Status UnsupportedType(DataType type) {
  return Unsupported(std::string("values of type ") + DataTypeName(type) + " are not supported here");
}

// TEMPERA_FEWER_OPERATORS, a browser's build: those that networks for pictures use between their nodes.

// Calls f.template operator()<T>() with the C++ type of `type`.
template <typename F>
Status DispatchFloating(DataType type, F&& f) {
  switch (type) {
    case DataType::kFloat32:
      return f.template operator()<float>();
    case DataType::kFloat16:
      return f.template operator()<Half>();
#if !defined(TEMPERA_FEWER_OPERATORS)
    case DataType::kFloat64:
      return f.template operator()<double>();
    case DataType::kBfloat16:
      return f.template operator()<Bfloat>();
#endif
    default:
      return UnsupportedType(type);
  }
}

template <typename F>
Status DispatchNumeric(DataType type, F&& f) {
  switch (type) {
    case DataType::kUint8:
      return f.template operator()<uint8_t>();
    case DataType::kInt8:
      return f.template operator()<int8_t>();
#if !defined(TEMPERA_FEWER_OPERATORS)
    case DataType::kUint16:
      return f.template operator()<uint16_t>();
    case DataType::kInt16:
      return f.template operator()<int16_t>();
    case DataType::kUint32:
      return f.template operator()<uint32_t>();
    case DataType::kUint64:
      return f.template operator()<uint64_t>();
#endif
    case DataType::kInt32:
      return f.template operator()<int32_t>();
    case DataType::kInt64:
      return f.template operator()<int64_t>();
    default:
      return DispatchFloating(type, f);
  }
}

// Loops that are the same for all numbers are written for four types, each the widest of its kind: int64,
// uint64, float (also for 16 bits) and double. Written for all twelve, they were a tenth of the library.
constexpr DataType WideType(DataType type) {
  switch (type) {
    case DataType::kFloat32:
    case DataType::kFloat16:
    case DataType::kBfloat16:
      return DataType::kFloat32;
    case DataType::kFloat64:
      return DataType::kFloat64;
#if !defined(TEMPERA_FEWER_OPERATORS)
    case DataType::kUint8:
    case DataType::kUint16:
    case DataType::kUint32:
    case DataType::kBool:
#endif
    case DataType::kUint64:
      return DataType::kUint64;
    default:
      return DataType::kInt64;
  }
}

// The tensor itself where its type is wide already, else a copy in the wide type.
class Widened {
 public:
  static Result<Widened> Of(const Tensor& tensor);
  const Tensor& operator*() const { return copy_.defined() ? copy_ : *given_; }

 private:
  const Tensor* given_ = nullptr;
  Tensor copy_;
};

// What a loop in the wide type writes to: `out` itself, or a copy that Store() puts there, integers wrapped
// around.
class WideOutput {
 public:
  static Result<WideOutput> For(Tensor* out);
  Tensor* operator*() { return copy_.defined() ? &copy_ : out_; }
  Status Store() const;

 private:
  Tensor* out_ = nullptr;
  Tensor copy_;
};

// TEMPERA_FEWER_OPERATORS, a browser's build: those that networks for pictures use between their nodes.

// Calls f.template operator()<T>() with the C++ type of WideType(type).
template <typename F>
Status DispatchWide(DataType type, F&& f) {
  switch (WideType(type)) {
    case DataType::kInt64:
      return IsInteger(type) || type == DataType::kBool ? f.template operator()<int64_t>()
                                                        : UnsupportedType(type);
#if defined(TEMPERA_FEWER_OPERATORS)
    case DataType::kUint64:
    case DataType::kFloat64:
      return UnsupportedType(type);
#else
    case DataType::kUint64:
      return f.template operator()<uint64_t>();
    case DataType::kFloat64:
      return f.template operator()<double>();
#endif
    default:
      return f.template operator()<float>();
  }
}

// float32 stands for every floating type: converts the 16- and 64-bit tensors first and
// back afterwards. For operators whose loop exists in float only.
Result<Tensor> ToFloat32(const Tensor& tensor);
// out is allocated, of a floating type, and of from's shape.
Status FromFloat32(const Tensor& from, Tensor* out);

}  // namespace tempera::ops
