// DepthToSpace (pixel shuffle; Shi et al., arXiv 1609.05158) and SpaceToDepth: blocks of b x b pixels
// become b * b channels, and back.
#include <string>

#include "src/base/checked_math.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"
#include "src/ops/strided_copy.h"

namespace tempera::ops {
namespace {

Result<int64_t> BlockSize(const InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  const int64_t block = c.node.attributes.Int("blocksize", 0);
  // 2^15 keeps the square of it, and every product with a dimension that fits in memory, exact.
  if (block < 1 || block > (int64_t{1} << 15))
    return CorruptModel("blocksize " + std::to_string(block) + " is impossible");
  if (c.inputs[0]->shape.size() != 4) {
    return Unsupported("its input " + ShapeToString(c.inputs[0]->shape) + " has not four dimensions");
  }
  return block;
}

Status InferDepthToSpace(InferContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const int64_t b, BlockSize(c));
  const Shape& x = c.inputs[0]->shape;
  if (x[1] % (b * b) != 0) {
    return CorruptModel(std::to_string(x[1]) + " channels cannot become blocks of " + std::to_string(b) +
                        " x " + std::to_string(b));
  }
  const std::string mode = c.node.attributes.String("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") return CorruptModel("its mode '" + mode + "' is neither DCR nor CRD");
  Shape out = {x[0], x[1] / (b * b), 0, 0};
  if (!CheckedMul(x[2], b, &out[2]) || !CheckedMul(x[3], b, &out[3]))
    return CorruptModel("its result is impossibly large");
  c.outputs[0] = {c.inputs[0]->dtype, out};
  return OkStatus();
}

Status InferSpaceToDepth(InferContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const int64_t b, BlockSize(c));
  const Shape& x = c.inputs[0]->shape;
  if (x[2] % b != 0 || x[3] % b != 0) {
    return InvalidArgument("a picture of " + std::to_string(x[3]) + " x " + std::to_string(x[2]) +
                           " cannot be cut into blocks of " + std::to_string(b) + "; use multiples of " +
                           std::to_string(b));
  }
  Shape out = {x[0], 0, x[2] / b, x[3] / b};
  if (!CheckedMul(x[1], b * b, &out[1])) return CorruptModel("its result is impossibly large");
  c.outputs[0] = {c.inputs[0]->dtype, out};
  return OkStatus();
}

// The output [n, c, h, by, w, bx] (six dimensions) reads the input [n, by, bx, c, h, w] in DCR
// mode and [n, c, by, bx, h, w] in CRD mode.
Status DepthToSpaceReference(const ComputeContext& c) {
  const int64_t b = c.node.attributes.Int("blocksize", 1);
  const Shape& out = c.outputs[0]->shape();
  const int64_t h = out[2] / b, w = out[3] / b, channels = out[1];
  const Shape shape = {out[0], channels, h, b, w, b};
  const bool depth_first = c.node.attributes.String("mode", "DCR") == "DCR";
  const int64_t plane = h * w;
  const int64_t block_x = depth_first ? channels * plane : plane;
  const int64_t channel = depth_first ? plane : b * b * plane;
  const Shape strides = {channels * b * b * plane, channel, w, b * block_x, 1, block_x};
  StridedCopy(DataTypeSize(c.inputs[0]->dtype()), shape, c.inputs[0]->raw(), strides, c.outputs[0]->raw(),
              DenseStrides(shape));
  return OkStatus();
}

// The output [n, by, bx, c, h, w] reads the input [n, c, h, by, w, bx].
Status SpaceToDepthReference(const ComputeContext& c) {
  const int64_t b = c.node.attributes.Int("blocksize", 1);
  const Shape& in = c.inputs[0]->shape();
  const Shape shape = {in[0], b, b, in[1], in[2] / b, in[3] / b};
  const Shape strides = {in[1] * in[2] * in[3], in[3], 1, in[2] * in[3], b * in[3], b};
  StridedCopy(DataTypeSize(c.inputs[0]->dtype()), shape, c.inputs[0]->raw(), strides, c.outputs[0]->raw(),
              DenseStrides(shape));
  return OkStatus();
}

}  // namespace

Operator DepthToSpaceOperator() { return {"DepthToSpace", InferDepthToSpace, DepthToSpaceReference}; }
Operator SpaceToDepthOperator() { return {"SpaceToDepth", InferSpaceToDepth, SpaceToDepthReference}; }

}  // namespace tempera::ops
