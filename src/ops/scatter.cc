// ScatterElements (Scatter before opset 11) and ScatterND: a copy of the input in which elements, or slices,
// are replaced or combined with updates. Updates that meet are taken in the order in which they lie.
#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>

#include "src/ops/element_types.h"
#include "src/ops/indices.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

enum class Reduction { kNone, kAdd, kMul, kMax, kMin };

Result<Reduction> ReductionOf(const graph::Node& node) {
  const std::string name = node.attributes.String("reduction", "none");
  if (name == "none") return Reduction::kNone;
  if (name == "add") return Reduction::kAdd;
  if (name == "mul") return Reduction::kMul;
  if (name == "max") return Reduction::kMax;
  if (name == "min") return Reduction::kMin;
  return CorruptModel("reduction '" + name + "' is none of ONNX's values");
}

// Integers wrap around; NaN wins, as in NumPy.
template <typename T>
void Combine(Reduction reduction, const T* updates, int64_t count, T* out) {
  using V = ComputeType<T>;
  using U = std::conditional_t<std::is_integral_v<V>, uint64_t, V>;
  for (int64_t i = 0; i < count; ++i) {
    const V a = static_cast<V>(out[i]), b = static_cast<V>(updates[i]);
    switch (reduction) {
      case Reduction::kAdd:
        out[i] = static_cast<T>(static_cast<V>(static_cast<U>(a) + static_cast<U>(b)));
        break;
      case Reduction::kMul:
        out[i] = static_cast<T>(static_cast<V>(static_cast<U>(a) * static_cast<U>(b)));
        break;
      case Reduction::kMax:
        out[i] = static_cast<T>(a > b || a != a ? a : b);
        break;
      case Reduction::kMin:
        out[i] = static_cast<T>(a < b || a != a ? a : b);
        break;
      case Reduction::kNone:
        out[i] = updates[i];
        break;
    }
  }
}

// What both operators check alike.
Status InferCommon(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 3, 3));
  TEMPERA_RETURN_IF_ERROR(CheckIndexType(*c.inputs[1]));
  TEMPERA_ASSIGN_OR_RETURN(const Reduction reduction, ReductionOf(c.node));
  if (c.inputs[2]->dtype != c.inputs[0]->dtype) return CorruptModel("its updates have another type");
  if (reduction != Reduction::kNone && c.inputs[0]->dtype == DataType::kBool)
    return UnsupportedType(DataType::kBool);
  c.outputs[0] = *c.inputs[0];
  return OkStatus();
}

Status Misfit(const InferContext& c) {
  return CorruptModel("its indices " + ShapeToString(c.inputs[1]->shape) + " and updates " +
                      ShapeToString(c.inputs[2]->shape) + " do not fit its input " +
                      ShapeToString(c.inputs[0]->shape));
}

Status InferElements(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(InferCommon(c));
  const Shape& x = c.inputs[0]->shape;
  const Shape& indices = c.inputs[1]->shape;
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis, NormalizeAxis(c.node.attributes.Int("axis", 0), x.size()));
  bool fits = indices.size() == x.size() && c.inputs[2]->shape == indices;
  for (size_t d = 0; fits && d < x.size(); ++d) fits = d == static_cast<size_t>(axis) || indices[d] <= x[d];
  return fits ? OkStatus() : Misfit(c);
}

Status InferNd(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(InferCommon(c));
  const Shape& x = c.inputs[0]->shape;
  const Shape& indices = c.inputs[1]->shape;
  if (indices.empty() || indices.back() < 1 || indices.back() > static_cast<int64_t>(x.size()))
    return Misfit(c);
  Shape updates(indices.begin(), indices.end() - 1);
  updates.insert(updates.end(), x.data() + indices.back(), x.data() + x.size());
  return c.inputs[2]->shape == updates ? OkStatus() : Misfit(c);
}

void CopyInput(const ComputeContext& c) {
  if (c.inputs[0]->size_bytes() > 0)
    std::memcpy(c.outputs[0]->raw(), c.inputs[0]->raw(), c.inputs[0]->size_bytes());
}

// `count` updates from their `from`th on go into the output from its `to`th element on. Bool, which is
// replaced at most, goes as uint8.
Status Put(const ComputeContext& c, Reduction reduction, int64_t from, int64_t count, int64_t to) {
  const DataType type = c.outputs[0]->dtype();
  return DispatchNumeric(type == DataType::kBool ? DataType::kUint8 : type, [&]<typename T>() {
    Combine(reduction, c.inputs[2]->data<T>() + from, count, c.outputs[0]->data<T>() + to);
    return OkStatus();
  });
}

Status ElementsReference(const ComputeContext& c) {
  const Shape& x = c.inputs[0]->shape();
  const Tensor& indices = *c.inputs[1];
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis, NormalizeAxis(c.node.attributes.Int("axis", 0), x.size()));
  TEMPERA_ASSIGN_OR_RETURN(const Reduction reduction, ReductionOf(c.node));
  CopyInput(c);
  const auto along = static_cast<size_t>(axis);
  Shape strides = DenseStrides(x);
  const int64_t stride = strides[along], count = x[along];
  strides[along] = 0;  // the index says where
  const int64_t width = indices.shape().back(), step = strides.back();
  Status status;
  ForEachRow<2>(
      indices.shape(), {strides, DenseStrides(indices.shape())}, [&](const std::array<int64_t, 2>& offsets) {
        for (int64_t k = 0; k < width && status.ok(); ++k) {
          const auto place = PlaceOf(IndexAt(indices, offsets[1] + k), count);
          status = place.ok() ? Put(c, reduction, offsets[1] + k, 1, offsets[0] + k * step + *place * stride)
                              : place.status();
        }
      });
  return status;
}

Status NdReference(const ComputeContext& c) {
  const Shape& x = c.inputs[0]->shape();
  const Tensor& indices = *c.inputs[1];
  TEMPERA_ASSIGN_OR_RETURN(const Reduction reduction, ReductionOf(c.node));
  CopyInput(c);
  const int64_t depth = indices.shape().back();
  const Shape strides = DenseStrides(x);
  int64_t slice = 1;
  for (size_t d = static_cast<size_t>(depth); d < x.size(); ++d) slice *= x[d];
  for (int64_t i = 0; i < indices.element_count() / depth; ++i) {
    int64_t to = 0;
    for (int64_t d = 0; d < depth; ++d) {
      const auto dim = static_cast<size_t>(d);
      TEMPERA_ASSIGN_OR_RETURN(const int64_t place, PlaceOf(IndexAt(indices, i * depth + d), x[dim]));
      to += place * strides[dim];
    }
    TEMPERA_RETURN_IF_ERROR(Put(c, reduction, i * slice, slice, to));
  }
  return OkStatus();
}

}  // namespace

Operator ScatterOperator() { return {"Scatter", InferElements, ElementsReference}; }
Operator ScatterElementsOperator() { return {"ScatterElements", InferElements, ElementsReference}; }
Operator ScatterNDOperator() { return {"ScatterND", InferNd, NdReference}; }

}  // namespace tempera::ops
