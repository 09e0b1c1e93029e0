// Functions of single numbers: Elu, Sigmoid, Gelu, Exp and the like.
#include <cmath>
#include <optional>

#include "src/engine/plan/planners.h"
#include "src/engine/plan/steps/pointwise_step.h"

namespace tempera::engine {
namespace {

using kernels::UnaryFunction;
using kernels::UnaryOp;

// x to a constant power that is another function.
std::optional<UnaryFunction> PowerOf(const PlanBuilder& builder, const graph::Node& node) {
  const Tensor* exponent = builder.ConstantFloats(node.inputs[1]);
  if (exponent == nullptr || exponent->element_count() != 1 ||
      exponent->shape().size() > builder.info(node.inputs[0]).shape.size()) {
    return std::nullopt;
  }
  const float k = *exponent->data<float>();
  if (k == 2) return UnaryFunction{UnaryOp::kSquare};
  if (k == 0.5f) return UnaryFunction{UnaryOp::kSqrt};
  if (k == -1) return UnaryFunction{UnaryOp::kReciprocal};
  return std::nullopt;
}

std::optional<UnaryFunction> FunctionOf(const PlanBuilder& builder, const graph::Node& node) {
  if (node.op_type == "Pow") return PowerOf(builder, node);
  const PlannerEntry* entry = PlannerOf(node.op_type, PlanUnaryNode);
  if (entry == nullptr) return std::nullopt;
  UnaryFunction f = entry->function;
  f.alpha = node.attributes.Float("alpha", f.alpha);
  f.beta = node.attributes.Float(f.op == UnaryOp::kSelu ? "gamma" : "beta", f.beta);
  if (f.op == UnaryOp::kCelu && !(f.alpha > 0)) return std::nullopt;
  return f;
}

// As messages and charts call it.
std::string KernelOf(const graph::Node& node) {
  std::string name = node.op_type.substr(node.op_type.find('.') + 1);
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name + "_f32";
}

}  // namespace

Result<bool> PlanUnaryNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  if (!builder.is_float(x) || builder.reading(x).storage < 0) return false;
  const auto function = FunctionOf(builder, node);
  if (!function) return false;
  const Reading from = builder.PlanarReading(x);
  const StorageId to = builder.NewStorage(node.outputs[0]);
  builder.AllowInPlace(to, {from.storage});
  auto step = MakeUnaryStep(*function, from, to, builder.PlanesOf(x), builder.highway_bit());
  step->info.kernel = KernelOf(node);
  builder.Add(std::move(step), node);
  return true;
}

}  // namespace tempera::engine
