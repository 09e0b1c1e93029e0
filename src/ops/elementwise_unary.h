// y[i] = f(x[i]): what every unary operator shares. A Function is made once per node from its
// attributes, then applied to every element.
#pragma once

#include <cstdint>

#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {

inline Status InferSame(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  c.outputs[0] = *c.inputs[0];
  return OkStatus();
}

template <typename T, typename Function>
Status Apply(const Function& f, const Tensor& x, Tensor* y) {
  const T* in = x.data<T>();
  T* out = y->data<T>();
  for (int64_t i = 0; i < x.element_count(); ++i) {
    out[i] = static_cast<T>(f(static_cast<ComputeType<T>>(in[i])));
  }
  return OkStatus();
}

template <typename Function>
Status FloatReference(const ComputeContext& c) {
  const Function f(c.node);
  return DispatchFloating(c.inputs[0]->dtype(),
                          [&]<typename T>() { return Apply<T>(f, *c.inputs[0], c.outputs[0]); });
}

template <typename Function>
Status NumericReference(const ComputeContext& c) {
  const Function f(c.node);
  return DispatchNumeric(c.inputs[0]->dtype(),
                         [&]<typename T>() { return Apply<T>(f, *c.inputs[0], c.outputs[0]); });
}

}  // namespace tempera::ops
