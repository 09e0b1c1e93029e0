// The same numbers several times over: Expand (broadcasting) and Tile.
#include <string>
#include <vector>

#include "src/base/checked_math.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"
#include "src/ops/strided_copy.h"

namespace tempera::ops {
namespace {

Status InferExpand(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 2));
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<int64_t> shape, ConstantInts(c, 1, "shape"));
  TEMPERA_ASSIGN_OR_RETURN(c.outputs[0].shape, BroadcastShapes(c.inputs[0]->shape, shape));
  c.outputs[0].dtype = c.inputs[0]->dtype;
  return OkStatus();
}

Status ExpandReference(const ComputeContext& c) {
  const Tensor& x = *c.inputs[0];
  const Shape& shape = c.outputs[0]->shape();
  StridedCopy(DataTypeSize(x.dtype()), shape, x.raw(), BroadcastStrides(x.shape(), shape),
              c.outputs[0]->raw(), DenseStrides(shape));
  return OkStatus();
}

Status InferTile(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckOpset(c, 6));
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 2));
  const Shape& x = c.inputs[0]->shape;
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<int64_t> repeats, ConstantInts(c, 1, "repeats"));
  if (repeats.size() != x.size()) return CorruptModel("its repeats do not fit its input " + ShapeToString(x));
  c.outputs[0] = *c.inputs[0];
  for (size_t d = 0; d < x.size(); ++d) {
    if (repeats[d] < 0 || !CheckedMul(x[d], repeats[d], &c.outputs[0].shape[d])) {
      return CorruptModel("it cannot repeat " + std::to_string(repeats[d]) + " times");
    }
  }
  return OkStatus();
}

// The output seen as [repeat 0, size 0, repeat 1, size 1, ...]: repeats have stride 0.
Status TileReference(const ComputeContext& c) {
  const Tensor& x = *c.inputs[0];
  const Shape dense = DenseStrides(x.shape());
  Shape shape, strides;
  if (c.outputs[0]->element_count() == 0) return OkStatus();
  for (size_t d = 0; d < x.shape().size(); ++d) {
    shape.insert(shape.end(), {c.outputs[0]->shape()[d] / x.shape()[d], x.shape()[d]});
    strides.insert(strides.end(), {0, dense[d]});
  }
  StridedCopy(DataTypeSize(x.dtype()), shape, x.raw(), strides, c.outputs[0]->raw(), DenseStrides(shape));
  return OkStatus();
}

}  // namespace

Operator ExpandOperator() { return {"Expand", InferExpand, ExpandReference}; }
Operator TileOperator() { return {"Tile", InferTile, TileReference}; }

}  // namespace tempera::ops
