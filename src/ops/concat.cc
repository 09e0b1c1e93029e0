#include "src/base/checked_math.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"
#include "src/ops/strided_copy.h"

// Concat: joins tensors along one axis.
#include <limits>
#include <string>

namespace tempera::ops {
namespace {

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckOpset(c, 4));
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, std::numeric_limits<size_t>::max()));
  if (!c.node.attributes.Has("axis")) return CorruptModel("its axis is missing");
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis,
                           NormalizeAxis(c.node.attributes.Int("axis", 0), c.inputs[0]->shape.size()));
  c.outputs[0] = *c.inputs[0];
  for (size_t i = 1; i < c.inputs.size(); ++i) {
    if (c.inputs[i] == nullptr) return CorruptModel("input " + std::to_string(i) + " is missing");
    Shape expected = c.inputs[0]->shape;
    const Shape& s = c.inputs[i]->shape;
    const auto a = static_cast<size_t>(axis);
    if (s.size() == expected.size()) expected[a] = s[a];
    if (s != expected || c.inputs[i]->dtype != c.inputs[0]->dtype) {
      return InvalidArgument("its inputs " + ShapeToString(c.inputs[0]->shape) + " and " + ShapeToString(s) +
                             " do not fit together; use a picture whose size is a multiple of 4, or of 8");
    }
    // Beside a dimension of zero any other may be as long as a number goes.
    if (!CheckedAdd(c.outputs[0].shape[a], s[a], &c.outputs[0].shape[a])) {
      return CorruptModel("its inputs are " + ShapeToString(s) + " and more together than can be counted");
    }
  }
  return OkStatus();
}

Status Reference(const ComputeContext& c) {
  Tensor& out = *c.outputs[0];
  const size_t element = DataTypeSize(out.dtype());
  const Shape strides = DenseStrides(out.shape());
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis,
                           NormalizeAxis(c.node.attributes.Int("axis", 0), out.shape().size()));
  int64_t offset = 0;
  for (const Tensor* in : c.inputs) {
    if (in->element_count() > 0) {
      StridedCopy(element, in->shape(), in->raw(), DenseStrides(in->shape()),
                  out.data<uint8_t>() + static_cast<size_t>(offset) * element, strides);
    }
    offset += in->shape()[static_cast<size_t>(axis)] * strides[static_cast<size_t>(axis)];
  }
  return OkStatus();
}

}  // namespace

Operator ConcatOperator() { return {"Concat", Infer, Reference}; }

}  // namespace tempera::ops
