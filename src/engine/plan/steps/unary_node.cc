// Functions of single numbers: Elu, Sigmoid, Gelu, Exp and the like.
#include <optional>
#include <string>
#include <string_view>

#include "src/engine/plan/planners.h"

namespace tempera::engine {

using kernels::UnaryOp;

namespace {

// x to a constant power that is another function.
std::optional<FunctionWork> PowerOf(const PlanBuilder& builder, const graph::Node& node) {
  const Tensor* exponent = builder.ConstantFloats(node.inputs[1]);
  if (exponent == nullptr || exponent->element_count() != 1 ||
      exponent->shape().size() > builder.shape(node.inputs[0]).size()) {
    return std::nullopt;
  }
  const float k = *exponent->data<float>();
  if (k == 2) return FunctionWork{"Square"};
  if (k == 0.5f) return FunctionWork{"Sqrt"};
  if (k == -1) return FunctionWork{"Reciprocal"};
  return std::nullopt;
}

std::optional<FunctionWork> FunctionOf(const PlanBuilder& builder, const graph::Node& node) {
  if (node.op_type == "Pow") return PowerOf(builder, node);
  const PlannerEntry* entry = PlannerOf(node.op_type, PlanUnaryNode);
  if (entry == nullptr) return std::nullopt;
  const kernels::UnaryFunction& defaults = entry->function;
  FunctionWork work;
  work.function = node.op_type.substr(node.op_type.find('.') + 1);
  work.alpha = node.attributes.Float("alpha", defaults.alpha);
  work.beta = node.attributes.Float(defaults.op == UnaryOp::kSelu ? "gamma" : "beta", defaults.beta);
  if (defaults.op == UnaryOp::kCelu && !(work.alpha > 0)) return std::nullopt;
  return work;
}

}  // namespace

std::optional<UnaryOp> UnaryOpOf(std::string_view function) {
  if (function == "Square") return UnaryOp::kSquare;
  for (const std::string& op_type : {std::string(function), "tempera." + std::string(function)}) {
    const PlannerEntry* entry = PlannerOf(op_type, PlanUnaryNode);
    if (entry != nullptr && op_type != "Pow") return entry->function.op;
  }
  return std::nullopt;
}

Result<bool> PlanUnaryNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  if (!builder.is_float(x) || !builder.is_computed(x)) return false;
  auto work = FunctionOf(builder, node);
  if (!work) return false;
  const ReadData from = builder.DenseRead(x);
  const StorageId to = builder.NewStorage(node.outputs[0]);
  builder.AllowInPlace(to, {from.storage});
  builder.Add(node, *std::move(work), {from}, {to});
  return true;
}

}  // namespace tempera::engine
