// Questions and choices, mostly found where exporters compute sizes: Equal, Greater, GreaterOrEqual, Less,
// LessOrEqual, And, Or, Xor, Not, Where.
#include <cstddef>
#include <cstring>
#include <string>

#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

Status InferCompare(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckOpset(c, 7));
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 2));
  if (c.inputs[0]->dtype != c.inputs[1]->dtype) return CorruptModel("its inputs have different types");
  TEMPERA_ASSIGN_OR_RETURN(c.outputs[0].shape, BroadcastShapes(c.inputs[0]->shape, c.inputs[1]->shape));
  c.outputs[0].dtype = DataType::kBool;
  return OkStatus();
}

Status InferLogic(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(InferCompare(c));
  return c.inputs[0]->dtype == DataType::kBool ? OkStatus() : CorruptModel("its inputs are not bool");
}

struct Equal {
  template <typename T>
  bool operator()(T a, T b) const {
    return a == b;
  }
};
struct Greater {
  template <typename T>
  bool operator()(T a, T b) const {
    return a > b;
  }
};
struct GreaterOrEqual {
  template <typename T>
  bool operator()(T a, T b) const {
    return a >= b;
  }
};
struct Less {
  template <typename T>
  bool operator()(T a, T b) const {
    return a < b;
  }
};
struct LessOrEqual {
  template <typename T>
  bool operator()(T a, T b) const {
    return a <= b;
  }
};
struct And {
  bool operator()(uint8_t a, uint8_t b) const { return a != 0 && b != 0; }
};
struct Or {
  bool operator()(uint8_t a, uint8_t b) const { return a != 0 || b != 0; }
};
struct Xor {
  bool operator()(uint8_t a, uint8_t b) const { return (a != 0) != (b != 0); }
};

template <typename T, typename Function>
void Ask(const Tensor& left, const Tensor& right, Tensor* answers) {
  const Function f;
  const Shape& shape = answers->shape();
  const Shape a = BroadcastStrides(left.shape(), shape), b = BroadcastStrides(right.shape(), shape);
  const int64_t width = shape.empty() ? 1 : shape.back();
  const int64_t a_step = shape.empty() ? 0 : a.back(), b_step = shape.empty() ? 0 : b.back();
  ForEachRow<3>(shape, {a, b, DenseStrides(shape)}, [&](const std::array<int64_t, 3>& offsets) {
    const T* pa = left.data<T>() + offsets[0];
    const T* pb = right.data<T>() + offsets[1];
    uint8_t* out = answers->data<uint8_t>() + offsets[2];
    for (int64_t x = 0; x < width; ++x) out[x] = f(pa[x * a_step], pb[x * b_step]) ? 1 : 0;
  });
}

template <typename Function>
Status CompareReference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const Widened a, Widened::Of(*c.inputs[0]));
  TEMPERA_ASSIGN_OR_RETURN(const Widened b, Widened::Of(*c.inputs[1]));
  return DispatchWide(c.inputs[0]->dtype(), [&]<typename T>() {
    Ask<T, Function>(*a, *b, c.outputs[0]);
    return OkStatus();
  });
}

template <typename Function>
Status LogicReference(const ComputeContext& c) {
  Ask<uint8_t, Function>(*c.inputs[0], *c.inputs[1], c.outputs[0]);
  return OkStatus();
}

Status InferNot(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  c.outputs[0] = *c.inputs[0];
  return c.inputs[0]->dtype == DataType::kBool ? OkStatus() : CorruptModel("its input is not bool");
}

Status NotReference(const ComputeContext& c) {
  for (int64_t i = 0; i < c.inputs[0]->element_count(); ++i) {
    c.outputs[0]->data<uint8_t>()[i] = c.inputs[0]->data<uint8_t>()[i] == 0 ? 1 : 0;
  }
  return OkStatus();
}

// condition, where true, where false
Status InferWhere(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 3, 3));
  if (c.inputs[0]->dtype != DataType::kBool) return CorruptModel("its condition is not bool");
  if (c.inputs[1]->dtype != c.inputs[2]->dtype) return CorruptModel("its choices have different types");
  TEMPERA_ASSIGN_OR_RETURN(const Shape choices, BroadcastShapes(c.inputs[1]->shape, c.inputs[2]->shape));
  TEMPERA_ASSIGN_OR_RETURN(c.outputs[0].shape, BroadcastShapes(c.inputs[0]->shape, choices));
  c.outputs[0].dtype = c.inputs[1]->dtype;
  return OkStatus();
}

// Numbers are moved, not looked at: their size is all that matters.
template <typename T>
void Choose(const ComputeContext& c) {
  const Shape& shape = c.outputs[0]->shape();
  const Shape s[3] = {BroadcastStrides(c.inputs[0]->shape(), shape),
                      BroadcastStrides(c.inputs[1]->shape(), shape),
                      BroadcastStrides(c.inputs[2]->shape(), shape)};
  const int64_t width = shape.empty() ? 1 : shape.back();
  const auto step = [&](int i) { return shape.empty() ? 0 : s[i].back(); };
  const auto at = [](const Tensor& t, int64_t i) {
    return static_cast<const std::byte*>(t.raw()) + i * int64_t{sizeof(T)};
  };
  ForEachRow<4>(shape, {s[0], s[1], s[2], DenseStrides(shape)}, [&](const std::array<int64_t, 4>& offsets) {
    const uint8_t* condition = c.inputs[0]->data<uint8_t>() + offsets[0];
    const std::byte* yes = at(*c.inputs[1], offsets[1]);
    const std::byte* no = at(*c.inputs[2], offsets[2]);
    auto* out = static_cast<std::byte*>(c.outputs[0]->raw()) + offsets[3] * int64_t{sizeof(T)};
    for (int64_t x = 0; x < width; ++x) {
      const std::byte* from = condition[x * step(0)] ? yes + x * step(1) * int64_t{sizeof(T)}
                                                     : no + x * step(2) * int64_t{sizeof(T)};
      std::memcpy(out + x * int64_t{sizeof(T)}, from, sizeof(T));
    }
  });
}

Status WhereReference(const ComputeContext& c) {
  switch (DataTypeSize(c.outputs[0]->dtype())) {
    case 1:
      Choose<uint8_t>(c);
      return OkStatus();
    case 2:
      Choose<uint16_t>(c);
      return OkStatus();
    case 4:
      Choose<uint32_t>(c);
      return OkStatus();
    default:
      Choose<uint64_t>(c);
      return OkStatus();
  }
}

}  // namespace

Operator AndOperator() { return {"And", InferLogic, LogicReference<And>}; }
Operator EqualOperator() { return {"Equal", InferCompare, CompareReference<Equal>}; }
Operator GreaterOperator() { return {"Greater", InferCompare, CompareReference<Greater>}; }
Operator GreaterOrEqualOperator() {
  return {"GreaterOrEqual", InferCompare, CompareReference<GreaterOrEqual>};
}
Operator LessOperator() { return {"Less", InferCompare, CompareReference<Less>}; }
Operator LessOrEqualOperator() { return {"LessOrEqual", InferCompare, CompareReference<LessOrEqual>}; }
Operator NotOperator() { return {"Not", InferNot, NotReference}; }
Operator OrOperator() { return {"Or", InferLogic, LogicReference<Or>}; }
Operator WhereOperator() { return {"Where", InferWhere, WhereReference}; }
Operator XorOperator() { return {"Xor", InferLogic, LogicReference<Xor>}; }

}  // namespace tempera::ops
