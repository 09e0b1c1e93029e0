// Gather: picks slices along one axis by index.
#include <cstring>
#include <string>

#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 2));
  const Shape& x = c.inputs[0]->shape;
  const Shape& indices = c.inputs[1]->shape;
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis, NormalizeAxis(c.node.attributes.Int("axis", 0), x.size()));
  const DataType type = c.inputs[1]->dtype;
  if (type != DataType::kInt64 && type != DataType::kInt32)
    return CorruptModel("its indices are not integers");
  c.outputs[0].dtype = c.inputs[0]->dtype;
  Shape& out = c.outputs[0].shape;
  out.assign(x.data(), x.data() + axis);
  out.insert(out.end(), indices.begin(), indices.end());
  out.insert(out.end(), x.data() + axis + 1, x.data() + x.size());
  return OkStatus();
}

Status Reference(const ComputeContext& c) {
  const Tensor& x = *c.inputs[0];
  const Tensor& indices = *c.inputs[1];
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis,
                           NormalizeAxis(c.node.attributes.Int("axis", 0), x.shape().size()));
  const int64_t count = x.shape()[static_cast<size_t>(axis)];
  int64_t outer = 1, inner = static_cast<int64_t>(DataTypeSize(x.dtype()));  // inner in bytes
  for (size_t d = 0; d < x.shape().size(); ++d) {
    if (d < static_cast<size_t>(axis)) outer *= x.shape()[d];
    if (d > static_cast<size_t>(axis)) inner *= x.shape()[d];
  }
  const bool wide = indices.dtype() == DataType::kInt64;
  const uint8_t* in = x.data<uint8_t>();
  uint8_t* out = c.outputs[0]->data<uint8_t>();
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t k = 0; k < indices.element_count(); ++k) {
      int64_t i = wide ? indices.data<int64_t>()[k] : indices.data<int32_t>()[k];
      if (i < 0) i += count;
      if (i < 0 || i >= count) {
        return InvalidArgument("index " + std::to_string(i) + " is outside its " + std::to_string(count) +
                               " entries");
      }
      if (inner > 0) std::memcpy(out, in + (o * count + i) * inner, static_cast<size_t>(inner));
      out += inner;
    }
  }
  return OkStatus();
}

}  // namespace

Operator GatherOperator() { return {"Gather", Infer, Reference}; }

}  // namespace tempera::ops
