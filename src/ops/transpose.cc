// Transpose: permutes dimensions.
#include <vector>

#include "src/ops/op.h"
#include "src/ops/shape_rules.h"
#include "src/ops/strided_copy.h"

namespace tempera::ops {
namespace {

// The perm attribute; without it the dimensions are reversed.
Result<std::vector<int64_t>> Permutation(const graph::Node& node, size_t rank) {
  std::vector<int64_t> perm = node.attributes.Ints("perm");
  if (perm.empty()) {
    for (size_t i = rank; i-- > 0;) perm.push_back(static_cast<int64_t>(i));
  }
  if (perm.size() != rank) return CorruptModel("its perm does not fit an input of that rank");
  return NormalizeAxes(std::move(perm), rank);
}

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  const Shape& x = c.inputs[0]->shape;
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<int64_t> perm, Permutation(c.node, x.size()));
  c.outputs[0].dtype = c.inputs[0]->dtype;
  for (const int64_t p : perm) c.outputs[0].shape.push_back(x[static_cast<size_t>(p)]);
  return OkStatus();
}

Status Reference(const ComputeContext& c) {
  const Tensor& x = *c.inputs[0];
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<int64_t> perm, Permutation(c.node, x.shape().size()));
  const Shape dense = DenseStrides(x.shape());
  Shape strides;
  for (const int64_t p : perm) strides.push_back(dense[static_cast<size_t>(p)]);
  const Shape& shape = c.outputs[0]->shape();
  StridedCopy(DataTypeSize(x.dtype()), shape, x.raw(), strides, c.outputs[0]->raw(), DenseStrides(shape));
  return OkStatus();
}

}  // namespace

Operator TransposeOperator() { return {"Transpose", Infer, Reference}; }

}  // namespace tempera::ops
