// Clip: bounds as attributes before opset 11, as inputs since.
#include <limits>

#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/saturate.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 3));
  for (size_t i = 1; i < 3; ++i) {
    const TensorInfo* bound = InputInfo(c, i);
    if (bound == nullptr) continue;
    if (bound->dtype != c.inputs[0]->dtype)
      return CorruptModel("its bounds have another type than its input");
    if (bound->shape.size() > 1 || (bound->shape.size() == 1 && bound->shape[0] != 1)) {
      return CorruptModel("its bounds are not single numbers");
    }
  }
  c.outputs[0] = *c.inputs[0];
  return OkStatus();
}

Status Reference(const ComputeContext& c) {
  return DispatchNumeric(c.inputs[0]->dtype(), [&]<typename T>() {
    using V = ComputeType<T>;
    V low = std::numeric_limits<V>::lowest(), high = std::numeric_limits<V>::max();
    if (kIsFloating<T>) {
      low = -std::numeric_limits<V>::infinity();
      high = std::numeric_limits<V>::infinity();
    }
    if (c.opset < 11) {
      const graph::Attributes& a = c.node.attributes;
      if (a.Has("min")) low = SaturateCast<V>(a.Float("min", 0));
      if (a.Has("max")) high = SaturateCast<V>(a.Float("max", 0));
    } else {
      if (const Tensor* t = InputTensor(c, 1)) low = static_cast<V>(*t->data<T>());
      if (const Tensor* t = InputTensor(c, 2)) high = static_cast<V>(*t->data<T>());
    }
    const T* in = c.inputs[0]->data<T>();
    T* out = c.outputs[0]->data<T>();
    for (int64_t i = 0; i < c.inputs[0]->element_count(); ++i) {
      V v = static_cast<V>(in[i]);
      if (v < low) v = low;
      if (v > high) v = high;  // min above max: max wins, as in NumPy
      out[i] = static_cast<T>(v);
    }
    return OkStatus();
  });
}

}  // namespace

Operator ClipOperator() { return {"Clip", Infer, Reference}; }

}  // namespace tempera::ops
