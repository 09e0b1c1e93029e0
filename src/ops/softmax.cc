// Softmax, LogSoftmax and Hardmax (1 where the first of the largest stands, else 0): along one axis since
// opset 13; before, over everything from the axis on.
#include <algorithm>
#include <cmath>

#include "src/ops/around_axis.h"
#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

// One distribution for each line along the axis.
Result<AroundAxis> SplitAt(const graph::Node& node, int opset, const Shape& x) {
  const auto* fused = std::get_if<graph::FusedSoftmax>(&node.fused);
  const bool flat = fused == nullptr && opset < 13;
  const auto rank = static_cast<int64_t>(x.size());
  int64_t axis = fused != nullptr ? fused->axis : node.attributes.Int("axis", flat ? 1 : -1);
  if (!(flat && axis == rank)) {  // one past the end: [total, 1]
    TEMPERA_ASSIGN_OR_RETURN(axis, NormalizeAxis(axis, x.size()));
  }
  if (!flat) return AroundAxis(x, axis);
  Shape matrix = {1, 1};
  for (int64_t d = 0; d < rank; ++d) matrix[d < axis ? 0 : 1] *= x[static_cast<size_t>(d)];
  return AroundAxis(matrix, 1);
}

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  c.outputs[0] = *c.inputs[0];
  return SplitAt(c.node, c.opset, c.inputs[0]->shape).status();
}

template <bool kLogarithm>
Status Reference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const AroundAxis s, SplitAt(c.node, c.opset, c.inputs[0]->shape()));
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    if (s.size == 0) return OkStatus();
    ForEachLine(s, [&](int64_t at) {
      const T* in = c.inputs[0]->data<T>() + at;
      T* out = c.outputs[0]->data<T>() + at;
      double largest = static_cast<double>(in[0]), sum = 0;
      for (int64_t k = 1; k < s.size; ++k) largest = std::max(largest, static_cast<double>(in[k * s.inner]));
      for (int64_t k = 0; k < s.size; ++k) sum += std::exp(static_cast<double>(in[k * s.inner]) - largest);
      for (int64_t k = 0; k < s.size; ++k) {
        const double shifted = static_cast<double>(in[k * s.inner]) - largest;
        const double y = kLogarithm ? shifted - std::log(sum) : std::exp(shifted) / sum;
        out[k * s.inner] = static_cast<T>(static_cast<ComputeType<T>>(y));
      }
    });
    return OkStatus();
  });
}

Status HardmaxReference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const AroundAxis s, SplitAt(c.node, c.opset, c.inputs[0]->shape()));
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    ForEachLine(s, [&](int64_t at) {
      const T* in = c.inputs[0]->data<T>() + at;
      T* out = c.outputs[0]->data<T>() + at;
      int64_t best = 0;
      for (int64_t k = 1; k < s.size; ++k) {
        if (static_cast<ComputeType<T>>(in[k * s.inner]) > static_cast<ComputeType<T>>(in[best * s.inner]))
          best = k;
      }
      for (int64_t k = 0; k < s.size; ++k) out[k * s.inner] = static_cast<T>(k == best ? 1.0f : 0.0f);
    });
    return OkStatus();
  });
}

}  // namespace

Operator FusedSoftmaxOperator() { return {"tempera.Softmax", InferFused, Reference<false>}; }
Operator HardmaxOperator() { return {"Hardmax", Infer, HardmaxReference}; }
Operator LogSoftmaxOperator() { return {"LogSoftmax", Infer, Reference<true>}; }
Operator SoftmaxOperator() { return {"Softmax", Infer, Reference<false>}; }

}  // namespace tempera::ops
