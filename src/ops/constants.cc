// Values that come from the model or from shapes: Constant, ConstantOfShape, Shape, Size, Range.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "src/base/checked_math.h"
#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/saturate.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

using Type = onnx::Attribute::Type;

template <typename T>
Result<Tensor> TensorOf(DataType type, Shape shape, const std::vector<T>& values) {
  TEMPERA_ASSIGN_OR_RETURN(Tensor t, Tensor::Create(type, std::move(shape)));
  std::copy(values.begin(), values.end(), t.data<T>());
  return t;
}

// Whichever of ONNX's value attributes the node has.
Result<Tensor> ConstantValue(const graph::Node& node) {
  const graph::Attributes& a = node.attributes;
  if (const auto* v = a.Find("value"); v && v->type == Type::kTensor) {
    return v->t.defined() ? Result<Tensor>(v->t) : CorruptModel("it holds no value");
  }
  if (const auto* v = a.Find("value_float")) return TensorOf<float>(DataType::kFloat32, {}, {v->f});
  if (const auto* v = a.Find("value_int")) return TensorOf<int64_t>(DataType::kInt64, {}, {v->i});
  if (const auto* v = a.Find("value_floats")) {
    return TensorOf(DataType::kFloat32, {static_cast<int64_t>(v->floats.size())}, v->floats);
  }
  if (const auto* v = a.Find("value_ints")) {
    return TensorOf(DataType::kInt64, {static_cast<int64_t>(v->ints.size())}, v->ints);
  }
  if (a.Has("value_string") || a.Has("value_strings")) return Unsupported("it holds text, not numbers");
  return CorruptModel("it holds no value");
}

Status InferConstant(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 0, 0));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor value, ConstantValue(c.node));
  c.outputs[0] = value.info();
  return OkStatus();
}

Status ConstantReference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const Tensor value, ConstantValue(c.node));
  if (value.size_bytes() > 0) std::memcpy(c.outputs[0]->raw(), value.raw(), value.size_bytes());
  return OkStatus();
}

Status InferConstantOfShape(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  TEMPERA_ASSIGN_OR_RETURN(c.outputs[0].shape, ConstantInts(c, 0, "shape"));
  const auto* value = c.node.attributes.Find("value");
  c.outputs[0].dtype = DataType::kFloat32;
  if (value && value->type == Type::kTensor) {
    if (!value->t.defined()) return CorruptModel("its value is missing");
    if (value->t.element_count() != 1) return CorruptModel("its value is not a single number");
    c.outputs[0].dtype = value->t.dtype();
  }
  return OkStatus();
}

Status ConstantOfShapeReference(const ComputeContext& c) {
  const auto* value = c.node.attributes.Find("value");
  if (value == nullptr || value->type != Type::kTensor) {
    std::fill_n(c.outputs[0]->data<float>(), c.outputs[0]->element_count(), 0.0f);
    return OkStatus();
  }
  const size_t size = DataTypeSize(value->t.dtype());
  auto* out = c.outputs[0]->data<uint8_t>();
  for (int64_t i = 0; i < c.outputs[0]->element_count(); ++i) {
    std::memcpy(out + static_cast<size_t>(i) * size, value->t.raw(), size);
  }
  return OkStatus();
}

// Dimensions [start, end), counted from the back when negative, clipped to what is there.
std::pair<int64_t, int64_t> ShapeRange(const graph::Node& node, size_t rank) {
  const auto r = static_cast<int64_t>(rank);
  const auto place = [r](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? std::max(at, -r) + r : at, 0, r);
  };
  const int64_t start = place(node.attributes.Int("start", 0));
  return {start, std::max(start, place(node.attributes.Int("end", r)))};
}

Status InferShape(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  const auto [start, end] = ShapeRange(c.node, c.inputs[0]->shape.size());
  c.outputs[0] = {DataType::kInt64, {end - start}};
  return OkStatus();
}

Status ShapeReference(const ComputeContext& c) {
  const Shape& shape = c.inputs[0]->shape();
  const auto [start, end] = ShapeRange(c.node, shape.size());
  std::copy(shape.data() + start, shape.data() + end, c.outputs[0]->data<int64_t>());
  return OkStatus();
}

Status InferSize(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  c.outputs[0] = {DataType::kInt64, {}};
  return OkStatus();
}

Status SizeReference(const ComputeContext& c) {
  return CheckedElementCount(c.inputs[0]->shape(), c.outputs[0]->data<int64_t>())
             ? OkStatus()
             : CorruptModel("it counts too much");
}

// start, limit, delta; the count is ceil((limit - start) / delta).
Status InferRange(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 3, 3));
  double v[3];
  for (size_t i = 0; i < 3; ++i) {
    const Tensor* t = c.constants[i];
    if (t == nullptr) return Unsupported("its bounds depend on the picture's content");
    if (t->element_count() != 1 || t->dtype() != c.inputs[0]->dtype)
      return CorruptModel("its bounds are not single numbers of one type");
    TEMPERA_RETURN_IF_ERROR(DispatchNumeric(t->dtype(), [&]<typename T>() {
      v[i] = static_cast<double>(*t->data<T>());
      return OkStatus();
    }));
  }
  const double count = std::ceil((v[1] - v[0]) / v[2]);
  if (!(count < 0x1p40)) return CorruptModel("its steps never reach the limit");  // NaN too
  c.outputs[0] = {c.inputs[0]->dtype, {std::max<int64_t>(0, static_cast<int64_t>(std::max(count, 0.0)))}};
  return OkStatus();
}

Status RangeReference(const ComputeContext& c) {
  return DispatchNumeric(c.outputs[0]->dtype(), [&]<typename T>() {
    const auto start = static_cast<double>(*c.inputs[0]->data<T>()),
               delta = static_cast<double>(*c.inputs[2]->data<T>());
    for (int64_t i = 0; i < c.outputs[0]->element_count(); ++i) {
      c.outputs[0]->data<T>()[i] =
          static_cast<T>(SaturateCast<ComputeType<T>>(start + static_cast<double>(i) * delta));
    }
    return OkStatus();
  });
}

}  // namespace

Operator RangeOperator() { return {"Range", InferRange, RangeReference}; }
Operator SizeOperator() { return {"Size", InferSize, SizeReference}; }
Operator ConstantOperator() { return {"Constant", InferConstant, ConstantReference}; }
Operator ConstantOfShapeOperator() {
  return {"ConstantOfShape", InferConstantOfShape, ConstantOfShapeReference};
}
Operator ShapeOperator() { return {"Shape", InferShape, ShapeReference}; }

}  // namespace tempera::ops
