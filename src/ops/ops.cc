#include <algorithm>

#include "src/ops/op.h"
#include "src/ops/operator_table.h"

namespace tempera::ops {
namespace {

bool InOrder(const Operator& a, const Operator& b) { return a.name < b.name; }

const Operator* Find(std::span<const Operator> table, std::string_view op_type) {
  const auto at = std::lower_bound(table.begin(), table.end(), op_type,
                                   [](const Operator& op, std::string_view name) { return op.name < name; });
  return at != table.end() && at->name == op_type ? &*at : nullptr;
}

}  // namespace

std::vector<Operator> Sorted(std::vector<Operator> operators) {
  std::sort(operators.begin(), operators.end(), InOrder);
  return operators;
}

Status Compute(const Operator& op, const ComputeContext& context) {
  const bool empty = std::all_of(context.outputs.begin(), context.outputs.end(),
                                 [](const Tensor* t) { return t == nullptr || t->element_count() == 0; });
  return empty ? OkStatus() : op.reference(context);
}

Status InferFused(InferContext& context) {
  return Internal(context.node.op_type + " is made behind specialising, where shapes are known");
}

const Operator* FindLoop(std::string_view op_type) {
  const Operator* fused = Find(FusedOperators(), op_type);
  return fused != nullptr ? fused : FindOperator(op_type);
}

const Operator* FindOperator(std::string_view op_type) { return Find(AllOperators(), op_type); }

}  // namespace tempera::ops
