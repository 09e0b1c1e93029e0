// The same numbers under another shape: Identity, Reshape, Flatten, Squeeze, Unsqueeze, and
// Dropout, which at inference passes its input on.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "src/base/checked_math.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

Status CopyReference(const ComputeContext& c) {
  if (c.outputs[0] && c.outputs[0]->size_bytes() > 0) {
    std::memcpy(c.outputs[0]->raw(), c.inputs[0]->raw(), c.outputs[0]->size_bytes());
  }
  return OkStatus();
}

Status InferIdentity(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  c.outputs[0] = *c.inputs[0];
  return OkStatus();
}

Status InferReshape(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckOpset(c, 5));
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 2));
  const Shape& x = c.inputs[0]->shape;
  TEMPERA_ASSIGN_OR_RETURN(std::vector<int64_t> shape, ConstantInts(c, 1, "shape"));
  const bool allow_zero = c.node.attributes.Int("allowzero", 0) != 0;
  int64_t total = 0, known = 1;
  size_t open = shape.size();
  if (!CheckedElementCount(x, &total)) return CorruptModel("its input is impossibly large");
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0 && !allow_zero) {
      if (d >= x.size())
        return CorruptModel("its shape copies dimension " + std::to_string(d) + ", which is not there");
      shape[d] = x[d];
    }
    if (shape[d] == -1) {
      if (open != shape.size()) return CorruptModel("its shape holds -1 twice");
      open = d;
    } else if (shape[d] < 0 || !CheckedMul(known, shape[d], &known)) {
      return CorruptModel("its shape " + ShapeToString(shape) + " is impossible");
    }
  }
  if (open != shape.size()) {
    if (known == 0 || total % known != 0) {
      return InvalidArgument("shape " + ShapeToString(x) + " cannot become " + ShapeToString(shape));
    }
    shape[open] = total / known;
    known = total;
  }
  if (known != total) {
    return InvalidArgument("shape " + ShapeToString(x) + " cannot become " + ShapeToString(shape) +
                           "; the model is made for one input size");
  }
  c.outputs[0] = {c.inputs[0]->dtype, std::move(shape)};
  return OkStatus();
}

Status InferFlatten(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  const Shape& x = c.inputs[0]->shape;
  const auto rank = static_cast<int64_t>(x.size());
  int64_t axis = c.node.attributes.Int("axis", 1);
  if (axis < -rank || axis > rank) return CorruptModel("axis " + std::to_string(axis) + " is out of range");
  if (axis < 0) axis += rank;
  int64_t rows = 0, columns = 0;
  const auto split = static_cast<size_t>(axis);
  if (!CheckedElementCount(std::span(x).first(split), &rows) ||
      !CheckedElementCount(std::span(x).subspan(split), &columns)) {
    return CorruptModel("its input is impossibly large");
  }
  c.outputs[0] = {c.inputs[0]->dtype, {rows, columns}};
  return OkStatus();
}

// The axes attribute before opset 13, the second input since.
Result<std::vector<int64_t>> AxesOf(const InferContext& c) {
  if (c.opset < 13) return c.node.attributes.Ints("axes");
  if (InputInfo(c, 1) == nullptr) return std::vector<int64_t>();
  return ConstantInts(c, 1, "axes");
}

Status InferSqueeze(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 2));
  const Shape& x = c.inputs[0]->shape;
  TEMPERA_ASSIGN_OR_RETURN(std::vector<int64_t> axes, AxesOf(c));
  TEMPERA_ASSIGN_OR_RETURN(axes, NormalizeAxes(std::move(axes), x.size()));
  c.outputs[0].dtype = c.inputs[0]->dtype;
  for (size_t d = 0; d < x.size(); ++d) {
    const bool named = std::find(axes.begin(), axes.end(), static_cast<int64_t>(d)) != axes.end();
    if (named && x[d] != 1) {
      return InvalidArgument("dimension " + std::to_string(d) + " of " + ShapeToString(x) + " is not 1");
    }
    const bool drop = axes.empty() ? x[d] == 1 : named;
    if (!drop) c.outputs[0].shape.push_back(x[d]);
  }
  return OkStatus();
}

Status InferUnsqueeze(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 2));
  const Shape& x = c.inputs[0]->shape;
  TEMPERA_ASSIGN_OR_RETURN(std::vector<int64_t> axes, AxesOf(c));
  const size_t rank = x.size() + axes.size();
  TEMPERA_ASSIGN_OR_RETURN(axes, NormalizeAxes(std::move(axes), rank));
  c.outputs[0].dtype = c.inputs[0]->dtype;
  size_t next = 0;
  for (size_t d = 0; d < rank; ++d) {
    const bool inserted = std::find(axes.begin(), axes.end(), static_cast<int64_t>(d)) != axes.end();
    c.outputs[0].shape.push_back(inserted ? 1 : x[next++]);
  }
  return OkStatus();
}

// Inputs since opset 12: data, ratio, training_mode. Outputs: data and the mask of what was kept.
Status InferDropout(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 3, 2));
  if (c.opset < 7 && c.node.attributes.Int("is_test", 0) == 0) {
    return Unsupported("it is in training mode; export the model for inference");
  }
  if (InputInfo(c, 2)) {
    const Tensor* training = c.constants[2];
    const Tensor* ratio = InputInfo(c, 1) ? c.constants[1] : nullptr;
    if (training == nullptr) return Unsupported("its training_mode is not known before run time");
    const bool on =
        training->element_count() > 0 && training->size_bytes() > 0 && *training->data<uint8_t>() != 0;
    // Every float type has zero as its all-zero bits.
    const bool drops_nothing =
        ratio && ratio->element_count() == 1 &&
        std::all_of(ratio->data<uint8_t>(), ratio->data<uint8_t>() + ratio->size_bytes(),
                    [](uint8_t b) { return b == 0; });
    if (on && !drops_nothing) return Unsupported("it is in training mode; export the model for inference");
  }
  c.outputs[0] = *c.inputs[0];
  if (c.outputs.size() > 1) {
    c.outputs[1] = {c.opset < 10 ? c.inputs[0]->dtype : DataType::kBool, c.inputs[0]->shape};
  }
  return OkStatus();
}

Status DropoutReference(const ComputeContext& c) {
  if (c.outputs.size() > 1 && c.outputs[1]) {
    if (c.outputs[1]->dtype() != DataType::kBool)
      return Unsupported("its mask output is not supported before opset 10");
    std::memset(c.outputs[1]->raw(), 1, c.outputs[1]->size_bytes());
  }
  return CopyReference(c);
}

}  // namespace

Operator IdentityOperator() { return {"Identity", InferIdentity, CopyReference}; }
Operator ReshapeOperator() { return {"Reshape", InferReshape, CopyReference}; }
Operator FlattenOperator() { return {"Flatten", InferFlatten, CopyReference}; }
Operator SqueezeOperator() { return {"Squeeze", InferSqueeze, CopyReference}; }
Operator UnsqueezeOperator() { return {"Unsqueeze", InferUnsqueeze, CopyReference}; }
Operator DropoutOperator() { return {"Dropout", InferDropout, DropoutReference}; }

}  // namespace tempera::ops
