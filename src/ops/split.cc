// Split: cuts a tensor along one axis; sizes as attribute before opset 13, as input since.
#include <string>
#include <vector>

#include "src/base/checked_math.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"
#include "src/ops/strided_copy.h"

namespace tempera::ops {
namespace {

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckOpset(c, 2));
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 2, c.outputs.size()));
  const Shape& x = c.inputs[0]->shape;
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis, NormalizeAxis(c.node.attributes.Int("axis", 0), x.size()));
  const int64_t size = x[static_cast<size_t>(axis)];
  std::vector<int64_t> sizes = c.node.attributes.Ints("split");
  if (c.opset >= 13 && InputInfo(c, 1)) {
    TEMPERA_ASSIGN_OR_RETURN(sizes, ConstantInts(c, 1, "split"));
  }
  const auto parts = static_cast<int64_t>(c.outputs.size());
  if (sizes.empty()) {
    // Equal parts; since opset 18 (num_outputs) the last one may be smaller.
    const bool uneven = c.node.attributes.Has("num_outputs");
    if (size % parts != 0 && !uneven) {
      return InvalidArgument(std::to_string(size) + " cannot be cut into " + std::to_string(parts) +
                             " equal parts");
    }
    const int64_t part = CeilDiv(size, parts);
    for (int64_t i = 0; i < parts; ++i)
      sizes.push_back(std::min(part, std::max<int64_t>(0, size - i * part)));
  }
  int64_t sum = 0;
  for (const int64_t s : sizes) {
    if (s < 0 || !CheckedAdd(sum, s, &sum))
      return CorruptModel("a part of " + std::to_string(s) + " is impossible");
  }
  if (sizes.size() != c.outputs.size() || sum != size) {
    return InvalidArgument("its parts " + ShapeToString(sizes) + " do not add up to " + std::to_string(size));
  }
  for (size_t i = 0; i < sizes.size(); ++i) {
    c.outputs[i] = *c.inputs[0];
    c.outputs[i].shape[static_cast<size_t>(axis)] = sizes[i];
  }
  return OkStatus();
}

Status Reference(const ComputeContext& c) {
  const Tensor& x = *c.inputs[0];
  const size_t element = DataTypeSize(x.dtype());
  const Shape strides = DenseStrides(x.shape());
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis,
                           NormalizeAxis(c.node.attributes.Int("axis", 0), x.shape().size()));
  const auto a = static_cast<size_t>(axis);
  const int64_t total = x.shape()[a];
  // Unused outputs are not here to tell their size: with equal parts it is that of the others.
  int64_t start = 0;
  std::vector<int64_t> sizes = c.node.attributes.Ints("split");
  if (c.opset >= 13 && InputTensor(c, 1)) {
    TEMPERA_ASSIGN_OR_RETURN(sizes, IntsOf(*c.inputs[1]));
  }
  const int64_t part = CeilDiv(total, static_cast<int64_t>(c.outputs.size()));
  for (size_t i = 0; i < c.outputs.size(); ++i) {
    if (Tensor* out = c.outputs[i]; out && out->element_count() > 0) {
      StridedCopy(element, out->shape(),
                  x.data<uint8_t>() + static_cast<size_t>(start * strides[a]) * element, strides, out->raw(),
                  DenseStrides(out->shape()));
    }
    start += sizes.empty() ? part : sizes[i];
  }
  return OkStatus();
}

}  // namespace

Operator SplitOperator() { return {"Split", Infer, Reference}; }

}  // namespace tempera::ops
