// Tensors: typed numbers with a shape, row-major, little-endian.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"

namespace tempera {

// Values equal onnx.TensorProto.DataType.
enum class DataType : int32_t {
  kUndefined = 0,
  kFloat32 = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,  // known, never computed with
  kBool = 9,
  kFloat16 = 10,
  kFloat64 = 11,
  kUint32 = 12,
  kUint64 = 13,
  kComplex64 = 14,   // known, never computed with
  kComplex128 = 15,  // known, never computed with
  kBfloat16 = 16,
};

// Bytes per element; 0 for types we do not compute with.
size_t DataTypeSize(DataType type);
// "float32", "int64", ...
const char* DataTypeName(DataType type);

using Shape = std::vector<int64_t>;

// "[1, 3, 480, 640]"
std::string ShapeToString(std::span<const int64_t> shape);

// Element count, or an error when a dim is negative or the bytes overflow
// (the limit is kMostTensorBytes of checked_math.h).
Result<int64_t> ElementCount(std::span<const int64_t> shape, DataType type);

struct TensorInfo {
  DataType dtype = DataType::kUndefined;
  Shape shape;
};

// Owned numbers; copies share the storage (treat a shared tensor as read-only).
class Tensor {
 public:
  Tensor() = default;
  // Zero-filled.
  static Result<Tensor> Create(DataType dtype, Shape shape);
  // No storage (raw() is nullptr): for operators that read nothing but the shape.
  static Tensor ShapeOnly(TensorInfo info);
  // Numbers that somebody else owns (an arena); they must outlive every copy of the tensor. `info` must
  // describe at most what lies at `data`.
  static Tensor Borrow(TensorInfo info, void* data);

  DataType dtype() const { return info_.dtype; }
  const Shape& shape() const { return info_.shape; }
  const TensorInfo& info() const { return info_; }
  int64_t element_count() const { return element_count_; }
  size_t size_bytes() const { return static_cast<size_t>(element_count_) * DataTypeSize(info_.dtype); }
  bool defined() const { return info_.dtype != DataType::kUndefined; }

  void* raw() { return storage_ ? storage_->data() : borrowed_; }
  const void* raw() const { return storage_ ? storage_->data() : borrowed_; }
  template <typename T>
  T* data() {
    return static_cast<T*>(raw());
  }
  template <typename T>
  const T* data() const {
    return static_cast<const T*>(raw());
  }
  template <typename T>
  std::span<const T> span() const {
    return {data<T>(), static_cast<size_t>(element_count_)};
  }

  // The same storage seen under another shape of equal element count.
  Result<Tensor> Reshaped(Shape shape) const;

 private:
  TensorInfo info_;
  int64_t element_count_ = 0;
  std::shared_ptr<AlignedBuffer> storage_;
  void* borrowed_ = nullptr;
};

}  // namespace tempera
