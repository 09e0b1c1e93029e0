// Tensors of zeros and ones: OneHot, EyeLike; and NonZero, which says where something is.
#include <cstring>
#include <string>

#include "src/ops/around_axis.h"
#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/saturate.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

// One number of any type; what counts is cut to an integer. NaN and what int64 does not hold are far away.
Result<int64_t> WholeNumberAt(const Tensor& t, int64_t i) {
  int64_t value = 0;
  TEMPERA_RETURN_IF_ERROR(DispatchNumeric(t.dtype(), [&]<typename T>() {
    const auto number = static_cast<double>(static_cast<ComputeType<T>>(t.data<T>()[i]));
    if (!(number > -9e18 && number < 9e18)) {
      value = INT64_MAX;
      return OkStatus();
    }
    value = SaturateCast<int64_t>(static_cast<ComputeType<T>>(t.data<T>()[i]));
    return OkStatus();
  }));
  return value;
}

// indices, depth, [off, on]; the new axis has `depth` places.
Status InferOneHot(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 3, 3));
  const Shape& indices = c.inputs[0]->shape;
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis,
                           NormalizeAxis(c.node.attributes.Int("axis", -1), indices.size() + 1));
  if (c.inputs[2]->shape != Shape{2}) return CorruptModel("its values are not two");
  if (c.constants[1] == nullptr)
    return Unsupported(
        "its depth depends on the picture's content; only what follows from shapes is supported");
  if (c.constants[1]->element_count() != 1) return CorruptModel("its depth is not a single number");
  TEMPERA_ASSIGN_OR_RETURN(const int64_t depth, WholeNumberAt(*c.constants[1], 0));
  if (depth < 0) return CorruptModel("its depth is " + std::to_string(depth));
  c.outputs[0] = {c.inputs[2]->dtype, indices};
  c.outputs[0].shape.insert(c.outputs[0].shape.begin() + static_cast<ptrdiff_t>(axis), depth);
  return OkStatus();
}

// An index outside [-depth, depth) has no place that is on.
Status OneHotReference(const ComputeContext& c) {
  const Shape& y = c.outputs[0]->shape();
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis, NormalizeAxis(c.node.attributes.Int("axis", -1), y.size()));
  const AroundAxis a(y, axis);
  const size_t size = DataTypeSize(c.outputs[0]->dtype());
  const auto* off = c.inputs[2]->data<uint8_t>();
  auto* out = c.outputs[0]->data<uint8_t>();
  for (int64_t i = 0; i < c.outputs[0]->element_count(); ++i) {
    std::memcpy(out + static_cast<size_t>(i) * size, off, size);
  }
  for (int64_t i = 0; i < c.inputs[0]->element_count(); ++i) {
    TEMPERA_ASSIGN_OR_RETURN(int64_t place, WholeNumberAt(*c.inputs[0], i));
    if (place < 0) place += a.size;
    if (place < 0 || place >= a.size) continue;
    const int64_t to = (i / a.inner * a.size + place) * a.inner + i % a.inner;
    std::memcpy(out + static_cast<size_t>(to) * size, off + size, size);
  }
  return OkStatus();
}

Status InferEyeLike(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  const TensorInfo& x = *c.inputs[0];
  if (x.shape.size() != 2) return CorruptModel("its input " + ShapeToString(x.shape) + " is not a matrix");
  const auto given = static_cast<DataType>(c.node.attributes.Int("dtype", static_cast<int64_t>(x.dtype)));
  if (DataTypeSize(given) == 0) return UnsupportedType(given);
  c.outputs[0] = {given, x.shape};
  return OkStatus();
}

Status EyeLikeReference(const ComputeContext& c) {
  const int64_t rows = c.outputs[0]->shape()[0], columns = c.outputs[0]->shape()[1];
  const int64_t diagonal = c.node.attributes.Int("k", 0);
  const DataType type = c.outputs[0]->dtype();
  return DispatchNumeric(type == DataType::kBool ? DataType::kUint8 : type, [&]<typename T>() {
    for (int64_t i = 0; i < rows * columns; ++i) {
      c.outputs[0]->data<T>()[i] = static_cast<T>(i % columns - i / columns == diagonal ? 1.0f : 0.0f);
    }
    return OkStatus();
  });
}

// How many of t's numbers are not 0; f(i) for each.
template <typename F>
Status EachNonZero(const Tensor& t, F&& f) {
  const DataType type = t.dtype();
  return DispatchNumeric(type == DataType::kBool ? DataType::kUint8 : type, [&]<typename T>() {
    for (int64_t i = 0; i < t.element_count(); ++i) {
      if (static_cast<ComputeType<T>>(t.data<T>()[i]) != ComputeType<T>{0}) f(i);
    }
    return OkStatus();
  });
}

// A single number counts as a list of one, as in ONNX Runtime.
Shape Places(const Shape& x) { return x.empty() ? Shape{1} : x; }

Status InferNonZero(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  if (c.constants[0] == nullptr) {
    return Unsupported(
        "how much it finds depends on the picture's content; only what follows from shapes is "
        "supported");
  }
  int64_t found = 0;
  TEMPERA_RETURN_IF_ERROR(EachNonZero(*c.constants[0], [&](int64_t) { ++found; }));
  c.outputs[0] = {DataType::kInt64, {static_cast<int64_t>(Places(c.inputs[0]->shape).size()), found}};
  return OkStatus();
}

// One column for each number found: its index in every dimension.
Status NonZeroReference(const ComputeContext& c) {
  const Shape x = Places(c.inputs[0]->shape());
  const Shape strides = DenseStrides(x);
  const int64_t found = c.outputs[0]->shape()[1];
  int64_t column = 0;
  return EachNonZero(*c.inputs[0], [&](int64_t i) {
    for (size_t d = 0; d < x.size(); ++d) {
      c.outputs[0]->data<int64_t>()[static_cast<int64_t>(d) * found + column] = i / strides[d] % x[d];
    }
    ++column;
  });
}

}  // namespace

Operator OneHotOperator() { return {"OneHot", InferOneHot, OneHotReference}; }
Operator EyeLikeOperator() { return {"EyeLike", InferEyeLike, EyeLikeReference}; }
Operator NonZeroOperator() { return {"NonZero", InferNonZero, NonZeroReference}; }

}  // namespace tempera::ops
