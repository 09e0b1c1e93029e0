// GatherElements: one element for each index; GatherND: one slice for each row of indices.
#include <algorithm>
#include <cstring>
#include <string>

#include "src/ops/indices.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

Status InferElements(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 2));
  TEMPERA_RETURN_IF_ERROR(CheckIndexType(*c.inputs[1]));
  const Shape& x = c.inputs[0]->shape;
  const Shape& indices = c.inputs[1]->shape;
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis, NormalizeAxis(c.node.attributes.Int("axis", 0), x.size()));
  bool fits = indices.size() == x.size();
  for (size_t d = 0; fits && d < x.size(); ++d) fits = d == static_cast<size_t>(axis) || indices[d] <= x[d];
  if (!fits) {
    return CorruptModel("its indices " + ShapeToString(indices) + " do not fit its input " +
                        ShapeToString(x));
  }
  c.outputs[0] = {c.inputs[0]->dtype, indices};
  return OkStatus();
}

Status ElementsReference(const ComputeContext& c) {
  const Tensor& x = *c.inputs[0];
  const Tensor& indices = *c.inputs[1];
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis,
                           NormalizeAxis(c.node.attributes.Int("axis", 0), x.shape().size()));
  const auto along = static_cast<size_t>(axis);
  Shape strides = DenseStrides(x.shape());
  const int64_t stride = strides[along], count = x.shape()[along];
  strides[along] = 0;  // the index says where
  const auto size = static_cast<int64_t>(DataTypeSize(x.dtype()));
  const int64_t width = indices.shape().back(), step = strides.back();
  Status status;
  ForEachRow<2>(indices.shape(), {strides, DenseStrides(indices.shape())},
                [&](const std::array<int64_t, 2>& offsets) {
                  for (int64_t k = 0; k < width && status.ok(); ++k) {
                    const auto place = PlaceOf(IndexAt(indices, offsets[1] + k), count);
                    if (!place.ok()) {
                      status = place.status();
                      return;
                    }
                    std::memcpy(c.outputs[0]->data<uint8_t>() + (offsets[1] + k) * size,
                                x.data<uint8_t>() + (offsets[0] + k * step + *place * stride) * size,
                                static_cast<size_t>(size));
                  }
                });
  return status;
}

Status InferNd(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 2));
  TEMPERA_RETURN_IF_ERROR(CheckIndexType(*c.inputs[1]));
  const Shape& x = c.inputs[0]->shape;
  const Shape& indices = c.inputs[1]->shape;
  const int64_t batch = c.node.attributes.Int("batch_dims", 0);
  const auto rank = static_cast<int64_t>(x.size());
  bool fits = batch >= 0 && batch < rank && batch < static_cast<int64_t>(indices.size()) &&
              indices.back() >= 1 && indices.back() <= rank - batch;
  fits = fits && std::equal(x.data(), x.data() + batch, indices.data());
  if (!fits) {
    return CorruptModel("its indices " + ShapeToString(indices) + " do not fit its input " +
                        ShapeToString(x) + " with batch_dims " + std::to_string(batch));
  }
  c.outputs[0] = {c.inputs[0]->dtype, Shape(indices.begin(), indices.end() - 1)};
  c.outputs[0].shape.insert(c.outputs[0].shape.end(), x.data() + batch + indices.back(), x.data() + x.size());
  return OkStatus();
}

// Of dimensions [first, last).
int64_t Product(const Shape& shape, int64_t first, int64_t last) {
  int64_t product = 1;
  for (int64_t d = first; d < last; ++d) product *= shape[static_cast<size_t>(d)];
  return product;
}

Status NdReference(const ComputeContext& c) {
  const Tensor& x = *c.inputs[0];
  const Tensor& indices = *c.inputs[1];
  const int64_t batch = c.node.attributes.Int("batch_dims", 0), depth = indices.shape().back();
  const Shape strides = DenseStrides(x.shape());
  const auto rank = static_cast<int64_t>(x.shape().size());
  const int64_t batches = Product(x.shape(), 0, batch);
  const int64_t batch_size = Product(x.shape(), batch, rank);
  const int64_t slice =
      Product(x.shape(), batch + depth, rank) * static_cast<int64_t>(DataTypeSize(x.dtype()));
  // Not nothing: an output is not empty.
  const int64_t slices = indices.element_count() / depth;
  auto* out = c.outputs[0]->data<uint8_t>();
  for (int64_t i = 0; i < slices; ++i) {
    int64_t at = i / (slices / batches) * batch_size;
    for (int64_t d = 0; d < depth; ++d) {
      const auto dim = static_cast<size_t>(batch + d);
      TEMPERA_ASSIGN_OR_RETURN(const int64_t place, PlaceOf(IndexAt(indices, i * depth + d), x.shape()[dim]));
      at += place * strides[dim];
    }
    std::memcpy(out + i * slice, x.data<uint8_t>() + at * static_cast<int64_t>(DataTypeSize(x.dtype())),
                static_cast<size_t>(slice));
  }
  return OkStatus();
}

}  // namespace

Operator GatherElementsOperator() { return {"GatherElements", InferElements, ElementsReference}; }
Operator GatherNDOperator() { return {"GatherND", InferNd, NdReference}; }

}  // namespace tempera::ops
