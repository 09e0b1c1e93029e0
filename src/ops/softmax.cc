// Softmax, LogSoftmax and Hardmax (1 where the first of the largest stands, else 0): along one axis since
// opset 13; before, over everything from the axis on.
#include <algorithm>
#include <cmath>

#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

// The input seen as [outer, size, inner]; one distribution per (outer, inner).
struct Split {
  int64_t outer = 1, size = 1, inner = 1;
};

Result<Split> SplitAt(const graph::Node& node, int opset, const Shape& x) {
  const auto* fused = std::get_if<graph::FusedSoftmax>(&node.fused);
  const bool flat = fused == nullptr && opset < 13;
  Split s;
  int64_t axis = fused != nullptr ? fused->axis : node.attributes.Int("axis", flat ? 1 : -1);
  if (!(flat && axis == static_cast<int64_t>(x.size()))) {  // one past the end: [total, 1]
    TEMPERA_ASSIGN_OR_RETURN(axis, NormalizeAxis(axis, x.size()));
  }
  for (size_t d = 0; d < x.size(); ++d) {
    const auto at = static_cast<int64_t>(d);
    if (at < axis) {
      s.outer *= x[d];
    } else if (at == axis || flat) {
      s.size *= x[d];
    } else {
      s.inner *= x[d];
    }
  }
  return s;
}

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  c.outputs[0] = *c.inputs[0];
  return SplitAt(c.node, c.opset, c.inputs[0]->shape).status();
}

template <bool kLogarithm>
Status Reference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const Split s, SplitAt(c.node, c.opset, c.inputs[0]->shape()));
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    if (s.size == 0) return OkStatus();
    for (int64_t o = 0; o < s.outer; ++o) {
      for (int64_t i = 0; i < s.inner; ++i) {
        const T* in = c.inputs[0]->data<T>() + o * s.size * s.inner + i;
        T* out = c.outputs[0]->data<T>() + o * s.size * s.inner + i;
        double largest = static_cast<double>(in[0]), sum = 0;
        for (int64_t k = 1; k < s.size; ++k)
          largest = std::max(largest, static_cast<double>(in[k * s.inner]));
        for (int64_t k = 0; k < s.size; ++k) sum += std::exp(static_cast<double>(in[k * s.inner]) - largest);
        for (int64_t k = 0; k < s.size; ++k) {
          const double shifted = static_cast<double>(in[k * s.inner]) - largest;
          const double y = kLogarithm ? shifted - std::log(sum) : std::exp(shifted) / sum;
          out[k * s.inner] = static_cast<T>(static_cast<ComputeType<T>>(y));
        }
      }
    }
    return OkStatus();
  });
}

Status HardmaxReference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const Split s, SplitAt(c.node, c.opset, c.inputs[0]->shape()));
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    for (int64_t o = 0; o < s.outer; ++o) {
      for (int64_t i = 0; i < s.inner; ++i) {
        const T* in = c.inputs[0]->data<T>() + o * s.size * s.inner + i;
        T* out = c.outputs[0]->data<T>() + o * s.size * s.inner + i;
        int64_t best = 0;
        for (int64_t k = 1; k < s.size; ++k) {
          if (static_cast<ComputeType<T>>(in[k * s.inner]) > static_cast<ComputeType<T>>(in[best * s.inner]))
            best = k;
        }
        for (int64_t k = 0; k < s.size; ++k) out[k * s.inner] = static_cast<T>(k == best ? 1.0f : 0.0f);
      }
    }
    return OkStatus();
  });
}

}  // namespace

Operator FusedSoftmaxOperator() { return {"tempera.Softmax", InferFused, Reference<false>}; }
Operator HardmaxOperator() { return {"Hardmax", Infer, HardmaxReference}; }
Operator LogSoftmaxOperator() { return {"LogSoftmax", Infer, Reference<true>}; }
Operator SoftmaxOperator() { return {"Softmax", Infer, Reference<false>}; }

}  // namespace tempera::ops
