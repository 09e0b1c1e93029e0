// QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear.
#include "src/ops/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "src/ops/element_types.h"
#include "src/ops/saturate.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {

Result<PerAxis> PerAxisOf(const Shape& numbers, const Shape& shape, int64_t axis, const char* what) {
  if (numbers.empty() || numbers == Shape{1}) return PerAxis{};
  const auto misfit = [&](const char* cure) {
    return Unsupported("its " + std::string(what) + " of shape " + ShapeToString(numbers) + " does not fit " +
                       ShapeToString(shape) + cure);
  };
  if (numbers.size() != 1) return misfit("; one number, or one along an axis, is supported");
  if (axis == kOnlyOne) return misfit(" here; one number is supported");
  TEMPERA_ASSIGN_OR_RETURN(axis, NormalizeAxis(axis, shape.size()));
  if (numbers[0] != shape[static_cast<size_t>(axis)]) return misfit(" along its axis");
  PerAxis p{numbers[0], 1};
  for (size_t d = static_cast<size_t>(axis) + 1; d < shape.size(); ++d) p.inner *= shape[d];
  return p;
}

Status CheckZeroPoints(const TensorInfo* zero_points, DataType type, const Shape& scales) {
  if (zero_points == nullptr) return OkStatus();
  if (zero_points->dtype != type) {
    return CorruptModel(std::string("its zero point is of type ") + DataTypeName(zero_points->dtype) +
                        " instead of " + DataTypeName(type));
  }
  const auto is_one = [](const Shape& s) { return s.empty() || s == Shape{1}; };
  if (zero_points->shape != scales && !(is_one(zero_points->shape) && is_one(scales))) {
    return CorruptModel("its zero point of shape " + ShapeToString(zero_points->shape) +
                        " does not fit its scale " + ShapeToString(scales));
  }
  return OkStatus();
}

int64_t IntegerAt(const Tensor& t, int64_t i) {
  switch (t.dtype()) {
    case DataType::kUint8:
      return t.data<uint8_t>()[i];
    case DataType::kInt8:
      return t.data<int8_t>()[i];
    case DataType::kUint16:
      return t.data<uint16_t>()[i];
    case DataType::kInt16:
      return t.data<int16_t>()[i];
    case DataType::kUint32:
      return t.data<uint32_t>()[i];
    default:
      return t.data<int32_t>()[i];
  }
}

Result<Tensor> WithoutZeroPoints(const Tensor& x, const Tensor* zero_points, PerAxis axis, DataType type) {
  TEMPERA_ASSIGN_OR_RETURN(Tensor out, Tensor::Create(type, x.shape()));
  for (int64_t i = 0; i < x.element_count(); ++i) {
    const int64_t zero = zero_points == nullptr ? 0 : IntegerAt(*zero_points, axis.NumberOf(i));
    const int64_t value = IntegerAt(x, i) - zero;
    if (type == DataType::kFloat32) out.data<float>()[i] = static_cast<float>(value);
    if (type == DataType::kInt32) out.data<int32_t>()[i] = static_cast<int32_t>(value);
  }
  return out;
}

Status CheckScale(const TensorInfo& scale) {
  return scale.dtype == DataType::kFloat32 || scale.dtype == DataType::kFloat16 ||
                 scale.dtype == DataType::kBfloat16
             ? OkStatus()
             : CorruptModel(std::string("its scale is of type ") + DataTypeName(scale.dtype));
}

namespace {

template <typename T>
T Saturated(int64_t value) {
  return static_cast<T>(
      std::clamp<int64_t>(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
}

bool IsQuantized(DataType type) {
  return type == DataType::kUint8 || type == DataType::kInt8 || type == DataType::kUint16 ||
         type == DataType::kInt16;
}

}  // namespace

void StoreQuantized(float over_scale, int64_t zero_point, int64_t i, Tensor* out) {
  // Far beyond 16 bits, and safe to convert.
  constexpr float kFar = 1 << 24;
  const float rounded = std::nearbyint(over_scale);
  const int64_t value =
      (rounded != rounded ? 0 : static_cast<int64_t>(std::clamp(rounded, -kFar, kFar))) + zero_point;
  switch (out->dtype()) {
    case DataType::kUint8:
      out->data<uint8_t>()[i] = Saturated<uint8_t>(value);
      break;
    case DataType::kInt8:
      out->data<int8_t>()[i] = Saturated<int8_t>(value);
      break;
    case DataType::kUint16:
      out->data<uint16_t>()[i] = Saturated<uint16_t>(value);
      break;
    default:
      out->data<int16_t>()[i] = Saturated<int16_t>(value);
      break;
  }
}

namespace {

// What the numbers become: as the zero point, or output_dtype (opset 21), or uint8.
DataType QuantizedType(const InferContext& c) {
  const int64_t given = c.node.attributes.Int("output_dtype", 0);
  if (const TensorInfo* zero_point = InputInfo(c, 2)) return zero_point->dtype;
  return given == 0 ? DataType::kUint8 : static_cast<DataType>(given);
}

Status CheckBlocks(const InferContext& c) {
  if (c.node.attributes.Int("block_size", 0) == 0) return OkStatus();
  return Unsupported("scales by blocks (block_size) are not supported; quantize by tensor or by axis");
}

// x, scale, zero point
Status InferQuantize(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 3));
  TEMPERA_RETURN_IF_ERROR(CheckBlocks(c));
  TEMPERA_RETURN_IF_ERROR(CheckScale(*c.inputs[1]));
  const TensorInfo& x = *c.inputs[0];
  if (x.dtype != DataType::kInt32) {
    TEMPERA_RETURN_IF_ERROR(DispatchFloating(x.dtype, []<typename T>() { return OkStatus(); }));
  }
  const DataType type = QuantizedType(c);
  if (!IsQuantized(type)) return UnsupportedType(type);
  TEMPERA_RETURN_IF_ERROR(
      PerAxisOf(c.inputs[1]->shape, x.shape, c.node.attributes.Int("axis", 1), "scale").status());
  TEMPERA_RETURN_IF_ERROR(CheckZeroPoints(InputInfo(c, 2), type, c.inputs[1]->shape));
  c.outputs[0] = {type, x.shape};
  return OkStatus();
}

// Real numbers, or int32, which QuantizeLinear takes too.
Result<Tensor> RealsOf(const Tensor& x) {
  if (x.dtype() != DataType::kInt32) return ToFloat32(x);
  TEMPERA_ASSIGN_OR_RETURN(Tensor out, Tensor::Create(DataType::kFloat32, x.shape()));
  for (int64_t i = 0; i < x.element_count(); ++i)
    out.data<float>()[i] = static_cast<float>(x.data<int32_t>()[i]);
  return out;
}

Status QuantizeReference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const Tensor x, RealsOf(*c.inputs[0]));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor scale, ToFloat32(*c.inputs[1]));
  const Tensor* zero = InputTensor(c, 2);
  TEMPERA_ASSIGN_OR_RETURN(const PerAxis axis,
                           PerAxisOf(scale.shape(), x.shape(), c.node.attributes.Int("axis", 1), "scale"));
  for (int64_t i = 0; i < x.element_count(); ++i) {
    const int64_t number = axis.NumberOf(i);
    StoreQuantized(x.data<float>()[i] / scale.data<float>()[number],
                   zero == nullptr ? 0 : IntegerAt(*zero, number), i, c.outputs[0]);
  }
  return OkStatus();
}

// x, scale, zero point
Status InferDequantize(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 3));
  TEMPERA_RETURN_IF_ERROR(CheckBlocks(c));
  TEMPERA_RETURN_IF_ERROR(CheckScale(*c.inputs[1]));
  const TensorInfo& x = *c.inputs[0];
  if (!IsQuantized(x.dtype) && x.dtype != DataType::kInt32 && x.dtype != DataType::kUint32)
    return UnsupportedType(x.dtype);
  TEMPERA_RETURN_IF_ERROR(
      PerAxisOf(c.inputs[1]->shape, x.shape, c.node.attributes.Int("axis", 1), "scale").status());
  TEMPERA_RETURN_IF_ERROR(CheckZeroPoints(InputInfo(c, 2), x.dtype, c.inputs[1]->shape));
  c.outputs[0] = {c.inputs[1]->dtype, x.shape};
  return OkStatus();
}

Status DequantizeReference(const ComputeContext& c) {
  const Tensor& x = *c.inputs[0];
  TEMPERA_ASSIGN_OR_RETURN(const Tensor scale, ToFloat32(*c.inputs[1]));
  const Tensor* zero = InputTensor(c, 2);
  TEMPERA_ASSIGN_OR_RETURN(const PerAxis axis,
                           PerAxisOf(scale.shape(), x.shape(), c.node.attributes.Int("axis", 1), "scale"));
  return DispatchFloating(c.outputs[0]->dtype(), [&]<typename T>() {
    for (int64_t i = 0; i < x.element_count(); ++i) {
      const int64_t number = axis.NumberOf(i);
      const int64_t off = IntegerAt(x, i) - (zero == nullptr ? 0 : IntegerAt(*zero, number));
      c.outputs[0]->data<T>()[i] = static_cast<T>(static_cast<float>(off) * scale.data<float>()[number]);
    }
    return OkStatus();
  });
}

Status InferDynamic(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1, 3));
  if (c.inputs[0]->dtype != DataType::kFloat32) return UnsupportedType(c.inputs[0]->dtype);
  c.outputs[0] = {DataType::kUint8, c.inputs[0]->shape};
  if (c.outputs.size() > 1) c.outputs[1] = {DataType::kFloat32, {}};
  if (c.outputs.size() > 2) c.outputs[2] = {DataType::kUint8, {}};
  return OkStatus();
}

// The range of the numbers themselves, widened to hold 0, spread over uint8.
Status DynamicReference(const ComputeContext& c) {
  const Tensor& x = *c.inputs[0];
  float low = 0, high = 0;
  for (const float v : x.span<float>()) {
    low = std::min(low, v);  // NaN is passed over
    high = std::max(high, v);
  }
  // As ONNX Runtime has it where all numbers are 0.
  const float scale = low == high ? 1 : (high - low) / 255;
  const auto zero = SaturateCast<int64_t>(std::nearbyint(std::clamp(-low / scale, 0.0f, 255.0f)));
  if (c.outputs[0] != nullptr) {
    for (int64_t i = 0; i < x.element_count(); ++i)
      StoreQuantized(x.data<float>()[i] / scale, zero, i, c.outputs[0]);
  }
  if (c.outputs.size() > 1 && c.outputs[1] != nullptr) *c.outputs[1]->data<float>() = scale;
  if (c.outputs.size() > 2 && c.outputs[2] != nullptr)
    *c.outputs[2]->data<uint8_t>() = static_cast<uint8_t>(zero);
  return OkStatus();
}

}  // namespace

Operator QuantizeLinearOperator() { return {"QuantizeLinear", InferQuantize, QuantizeReference}; }
Operator DequantizeLinearOperator() { return {"DequantizeLinear", InferDequantize, DequantizeReference}; }
Operator DynamicQuantizeLinearOperator() { return {"DynamicQuantizeLinear", InferDynamic, DynamicReference}; }

}  // namespace tempera::ops
