// Split: cuts a tensor along one axis; sizes as attribute before opset 13, as input since.
#include <string>
#include <vector>

#include "src/base/checked_math.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"
#include "src/ops/slice.h"
#include "src/ops/strided_copy.h"

namespace tempera::ops {
namespace {

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckOpset(c, 2));
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 2, c.outputs.size()));
  const Shape& x = c.inputs[0]->shape;
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis, NormalizeAxis(c.node.attributes.Int("axis", 0), x.size()));
  const int64_t size = x[static_cast<size_t>(axis)];
  if (c.opset >= 13 && InputInfo(c, 1)) {
    TEMPERA_RETURN_IF_ERROR(ConstantInts(c, 1, "split").status());
  }
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes,
                           SplitSizes(c.node, c.opset, size, c.outputs.size(), c.constants));
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
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes,
                           SplitSizes(c.node, c.opset, x.shape()[a], c.outputs.size(), c.inputs));
  int64_t start = 0;
  for (size_t i = 0; i < c.outputs.size(); ++i) {
    if (Tensor* out = c.outputs[i]; out && out->element_count() > 0) {
      StridedCopy(element, out->shape(),
                  x.data<uint8_t>() + static_cast<size_t>(start * strides[a]) * element, strides, out->raw(),
                  DenseStrides(out->shape()));
    }
    start += sizes[i];
  }
  return OkStatus();
}

}  // namespace

Result<std::vector<int64_t>> SplitSizes(const graph::Node& node, int opset, int64_t total, size_t parts,
                                        std::span<const Tensor* const> constants) {
  std::vector<int64_t> sizes = node.attributes.Ints("split");
  if (opset >= 13 && constants.size() > 1 && constants[1] != nullptr) {
    TEMPERA_ASSIGN_OR_RETURN(sizes, IntsOf(*constants[1]));
  }
  const auto count = static_cast<int64_t>(parts);
  if (sizes.empty()) {
    // Equal parts; since opset 18 (num_outputs) the last one may be smaller.
    const bool uneven = node.attributes.Has("num_outputs");
    if (total % count != 0 && !uneven) {
      return InvalidArgument(std::to_string(total) + " cannot be cut into " + std::to_string(count) +
                             " equal parts");
    }
    const int64_t part = CeilDiv(total, count);
    for (int64_t i = 0; i < count; ++i)
      sizes.push_back(std::min(part, std::max<int64_t>(0, total - i * part)));
  }
  int64_t sum = 0;
  for (const int64_t s : sizes) {
    if (s < 0 || !CheckedAdd(sum, s, &sum))
      return CorruptModel("a part of " + std::to_string(s) + " is impossible");
  }
  if (sizes.size() != parts || sum != total) {
    return InvalidArgument("its parts " + ShapeToString(sizes) + " do not add up to " +
                           std::to_string(total));
  }
  return sizes;
}

Operator SplitOperator() { return {"Split", Infer, Reference}; }

}  // namespace tempera::ops
