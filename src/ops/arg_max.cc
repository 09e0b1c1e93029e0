// ArgMax and ArgMin: where along one axis the largest, or the smallest, value stands.
#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  const Shape& x = c.inputs[0]->shape;
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis, NormalizeAxis(c.node.attributes.Int("axis", 0), x.size()));
  if (x[static_cast<size_t>(axis)] == 0) return InvalidArgument("there is no best of nothing");
  c.outputs[0] = {DataType::kInt64, x};
  if (c.node.attributes.Int("keepdims", 1) != 0) {
    c.outputs[0].shape[static_cast<size_t>(axis)] = 1;
  } else {
    c.outputs[0].shape.erase(c.outputs[0].shape.begin() + static_cast<ptrdiff_t>(axis));
  }
  return OkStatus();
}

template <bool kLargest>
Status Reference(const ComputeContext& c) {
  const Shape& x = c.inputs[0]->shape();
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis, NormalizeAxis(c.node.attributes.Int("axis", 0), x.size()));
  const bool last_wins = c.node.attributes.Int("select_last_index", 0) != 0;
  int64_t outer = 1, inner = 1;
  const int64_t size = x[static_cast<size_t>(axis)];
  for (size_t d = 0; d < x.size(); ++d) {
    if (static_cast<int64_t>(d) < axis) outer *= x[d];
    if (static_cast<int64_t>(d) > axis) inner *= x[d];
  }
  return DispatchNumeric(c.inputs[0]->dtype(), [&]<typename T>() {
    int64_t* out = c.outputs[0]->data<int64_t>();
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t i = 0; i < inner; ++i) {
        const T* in = c.inputs[0]->data<T>() + o * size * inner + i;
        int64_t best = 0;
        for (int64_t k = 1; k < size; ++k) {
          const auto value = static_cast<ComputeType<T>>(in[k * inner]);
          const auto champion = static_cast<ComputeType<T>>(in[best * inner]);
          if ((kLargest ? value > champion : value < champion) || (last_wins && value == champion)) best = k;
        }
        *out++ = best;
      }
    }
    return OkStatus();
  });
}

}  // namespace

Operator ArgMaxOperator() { return {"ArgMax", Infer, Reference<true>}; }
Operator ArgMinOperator() { return {"ArgMin", Infer, Reference<false>}; }

}  // namespace tempera::ops
