// Functions of single numbers: Elu, Sigmoid, Gelu, Exp and the like.
#include <cmath>
#include <optional>
#include <string_view>

#include "src/engine/plan/plan_builder.h"
#include "src/engine/plan/steps/pointwise_step.h"

namespace tempera::engine {
namespace {

using kernels::UnaryFunction;
using kernels::UnaryOp;

struct Name {
  std::string_view op_type;
  UnaryOp op;
  float alpha = 0, beta = 0;  // what ONNX has where the node does not say
};
constexpr Name kNames[] = {
    {"Abs", UnaryOp::kAbs},
    {"Ceil", UnaryOp::kCeil},
    {"Celu", UnaryOp::kCelu, 1},
    {"Elu", UnaryOp::kElu, 1},
    {"Erf", UnaryOp::kErf},
    {"Exp", UnaryOp::kExp},
    {"Floor", UnaryOp::kFloor},
    {"HardSigmoid", UnaryOp::kHardSigmoid, 0.2f, 0.5f},
    {"HardSwish", UnaryOp::kHardSwish},
    {"Log", UnaryOp::kLog},
    {"Mish", UnaryOp::kMish},
    {"Neg", UnaryOp::kNeg},
    {"Reciprocal", UnaryOp::kReciprocal},
    {"Round", UnaryOp::kRound},
    {"Selu", UnaryOp::kSelu, 1.67326319f, 1.05070102f},
    {"Sigmoid", UnaryOp::kSigmoid},
    {"Sign", UnaryOp::kSign},
    {"Softplus", UnaryOp::kSoftplus},
    {"Softsign", UnaryOp::kSoftsign},
    {"Sqrt", UnaryOp::kSqrt},
    {"Tanh", UnaryOp::kTanh},
    {"ThresholdedRelu", UnaryOp::kThresholdedRelu, 1},
    {"tempera.Gelu", UnaryOp::kGelu},
    {"tempera.Mish", UnaryOp::kMish},
    {"tempera.Silu", UnaryOp::kSilu},
};

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
  for (const Name& name : kNames) {
    if (name.op_type != node.op_type) continue;
    UnaryFunction f = {name.op, node.attributes.Float("alpha", name.alpha),
                       node.attributes.Float(name.op == UnaryOp::kSelu ? "gamma" : "beta", name.beta)};
    if (f.op == UnaryOp::kCelu && !(f.alpha > 0)) return std::nullopt;
    return f;
  }
  return std::nullopt;
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
