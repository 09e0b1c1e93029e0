// Cast: between any two number types, and bool; CastLike: to the type of another tensor.
#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/saturate.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckOpset(c, 6));
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  c.outputs[0] = *c.inputs[0];
  c.outputs[0].dtype = static_cast<DataType>(c.node.attributes.Int("to", 0));
  if (DataTypeSize(c.outputs[0].dtype) == 0) return UnsupportedType(c.outputs[0].dtype);
  return OkStatus();
}

Status InferLike(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 2));
  c.outputs[0] = {c.inputs[1]->dtype, c.inputs[0]->shape};
  return OkStatus();
}

template <typename From, typename To>
void CastAll(const Tensor& in, Tensor* out) {
  for (int64_t i = 0; i < in.element_count(); ++i) {
    out->data<To>()[i] =
        static_cast<To>(SaturateCast<ComputeType<To>>(static_cast<ComputeType<From>>(in.data<From>()[i])));
  }
}

template <typename From>
Status CastFrom(const Tensor& in, Tensor* out) {
  if (out->dtype() == DataType::kBool) {
    for (int64_t i = 0; i < in.element_count(); ++i)
      out->data<uint8_t>()[i] = in.data<From>()[i] != From{} ? 1 : 0;
    return OkStatus();
  }
  return DispatchNumeric(out->dtype(), [&]<typename To>() {
    CastAll<From, To>(in, out);
    return OkStatus();
  });
}

Status Reference(const ComputeContext& c) {
  const Tensor& in = *c.inputs[0];
  if (in.dtype() == DataType::kBool) return CastFrom<uint8_t>(in, c.outputs[0]);
  return DispatchNumeric(in.dtype(), [&]<typename From>() { return CastFrom<From>(in, c.outputs[0]); });
}

}  // namespace

Operator CastOperator() { return {"Cast", Infer, Reference}; }
Operator CastLikeOperator() { return {"CastLike", InferLike, Reference}; }

}  // namespace tempera::ops
