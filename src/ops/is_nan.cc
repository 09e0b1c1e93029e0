// IsNaN and IsInf.
#include <cmath>

#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  TEMPERA_RETURN_IF_ERROR(DispatchFloating(c.inputs[0]->dtype, []<typename T>() { return OkStatus(); }));
  c.outputs[0] = {DataType::kBool, c.inputs[0]->shape};
  return OkStatus();
}

template <typename Question>
Status Ask(const ComputeContext& c, Question question) {
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    for (int64_t i = 0; i < c.inputs[0]->element_count(); ++i) {
      const bool yes = question(static_cast<ComputeType<T>>(c.inputs[0]->data<T>()[i]));
      c.outputs[0]->data<uint8_t>()[i] = yes ? 1 : 0;
    }
    return OkStatus();
  });
}

Status NanReference(const ComputeContext& c) {
  return Ask(c, [](auto x) { return std::isnan(x); });
}

Status InfReference(const ComputeContext& c) {
  const bool negative = c.node.attributes.Int("detect_negative", 1) != 0;
  const bool positive = c.node.attributes.Int("detect_positive", 1) != 0;
  return Ask(c, [=](auto x) { return std::isinf(x) && (x < 0 ? negative : positive); });
}

}  // namespace

Operator IsNaNOperator() { return {"IsNaN", Infer, NanReference}; }
Operator IsInfOperator() { return {"IsInf", Infer, InfReference}; }

}  // namespace tempera::ops
