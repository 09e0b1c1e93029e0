#include "src/base/tensor.h"

#include "src/base/checked_math.h"
#include "src/base/memory.h"

namespace tempera {

size_t DataTypeSize(DataType type) {
  switch (type) {
    case DataType::kUint8:
    case DataType::kInt8:
    case DataType::kBool:
      return 1;
    case DataType::kUint16:
    case DataType::kInt16:
    case DataType::kFloat16:
    case DataType::kBfloat16:
      return 2;
    case DataType::kFloat32:
    case DataType::kInt32:
    case DataType::kUint32:
      return 4;
    case DataType::kInt64:
    case DataType::kUint64:
    case DataType::kFloat64:
      return 8;
    default:
      return 0;
  }
}

const char* DataTypeName(DataType type) {
  static constexpr const char* kNames[] = {
      "undefined", "float32", "uint8",   "int8",   "uint16", "int16",     "int32",      "int64",   "string",
      "bool",      "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16"};
  const auto i = static_cast<size_t>(type);
  return i < std::size(kNames) ? kNames[i] : "unknown";
}

std::string ShapeToString(std::span<const int64_t> shape) {
  std::string s = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i) s += ", ";
    s += shape[i] < 0 ? "?" : std::to_string(shape[i]);
  }
  return s + "]";
}

Result<int64_t> ElementCount(std::span<const int64_t> shape, DataType type) {
  int64_t n = 0, bytes = 0;
  const auto size = static_cast<int64_t>(DataTypeSize(type));
  if (!CheckedElementCount(shape, &n) || !CheckedMul(n, size ? size : 1, &bytes) ||
      bytes > kMostTensorBytes) {
    return InvalidArgument("tensor shape " + ShapeToString(shape) + " is negative or larger than " +
                           BytesToString(static_cast<double>(kMostTensorBytes)));
  }
  return n;
}

Result<Tensor> Tensor::Create(DataType dtype, Shape shape) {
  if (DataTypeSize(dtype) == 0) {
    return Unsupported(std::string("tensors of type ") + DataTypeName(dtype) + " are not supported");
  }
  TEMPERA_ASSIGN_OR_RETURN(const int64_t n, ElementCount(shape, dtype));
  TEMPERA_ASSIGN_OR_RETURN(AlignedBuffer buffer,
                           AlignedBuffer::Allocate(static_cast<uint64_t>(n) * DataTypeSize(dtype)));
  Tensor t;
  t.info_ = {dtype, std::move(shape)};
  t.element_count_ = n;
  t.storage_ = std::make_shared<AlignedBuffer>(std::move(buffer));
  return t;
}

Tensor Tensor::ShapeOnly(TensorInfo info) {
  Tensor t;
  t.info_ = std::move(info);
  return t;
}

Tensor Tensor::Borrow(TensorInfo info, void* data) {
  Tensor t = ShapeOnly(std::move(info));
  t.element_count_ = 1;
  for (const int64_t d : t.info_.shape) t.element_count_ *= d;
  t.borrowed_ = data;
  return t;
}

Result<Tensor> Tensor::Reshaped(Shape shape) const {
  TEMPERA_ASSIGN_OR_RETURN(const int64_t n, ElementCount(shape, info_.dtype));
  if (n != element_count_) {
    return InvalidArgument("cannot reshape " + ShapeToString(info_.shape) + " to " + ShapeToString(shape));
  }
  Tensor t = *this;
  t.info_.shape = std::move(shape);
  return t;
}

}  // namespace tempera
