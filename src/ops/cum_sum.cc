// CumSum: what was there so far, along one axis.
#include <cstdint>
#include <type_traits>

#include "src/ops/around_axis.h"
#include "src/ops/element_types.h"
#include "src/ops/indices.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

Result<int64_t> AxisIn(const Tensor& axis, size_t rank) {
  if (axis.element_count() != 1) return CorruptModel("its axis is not a single number");
  return NormalizeAxis(IndexAt(axis, 0), rank);
}

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 2));
  TEMPERA_RETURN_IF_ERROR(CheckIndexType(*c.inputs[1]));
  if (c.inputs[0]->dtype == DataType::kBool) return UnsupportedType(DataType::kBool);
  c.outputs[0] = *c.inputs[0];
  if (c.constants[1] == nullptr) return OkStatus();
  return AxisIn(*c.constants[1], c.inputs[0]->shape.size()).status();
}

Status Reference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis, AxisIn(*c.inputs[1], c.inputs[0]->shape().size()));
  const AroundAxis a(c.inputs[0]->shape(), axis);
  const bool exclusive = c.node.attributes.Int("exclusive", 0) != 0;
  const bool backwards = c.node.attributes.Int("reverse", 0) != 0;
  TEMPERA_ASSIGN_OR_RETURN(const Widened x, Widened::Of(*c.inputs[0]));
  TEMPERA_ASSIGN_OR_RETURN(WideOutput y, WideOutput::For(c.outputs[0]));
  TEMPERA_RETURN_IF_ERROR(DispatchWide(c.inputs[0]->dtype(), [&]<typename T>() {
    // Integers wrap around.
    using Sum = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;
    for (int64_t o = 0; o < a.outer; ++o) {
      for (int64_t i = 0; i < a.inner; ++i) {
        const int64_t first = o * a.size * a.inner + i;
        Sum sum{};
        for (int64_t k = 0; k < a.size; ++k) {
          const int64_t at = first + (backwards ? a.size - 1 - k : k) * a.inner;
          const auto value = static_cast<Sum>((*x).template data<T>()[at]);
          (*y)->template data<T>()[at] = static_cast<T>(exclusive ? sum : sum + value);
          sum += value;
        }
      }
    }
    return OkStatus();
  }));
  return y.Store();
}

}  // namespace

Operator CumSumOperator() { return {"CumSum", Infer, Reference}; }

}  // namespace tempera::ops
