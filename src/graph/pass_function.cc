// Activations that exporters write as several operators -> one function of single numbers:
//   x * Sigmoid(x) -> tempera.Silu, x * Tanh(Softplus(x)) -> tempera.Mish,
//   x * (Erf(x / sqrt(2)) + 1) / 2, in any order -> tempera.Gelu
//   x * Clip(x + 3, 0, 6) / 6, in any order, and x * HardSigmoid(x) with 1/6 and 1/2 -> HardSwish
#include <cmath>

#include "src/graph/activation.h"
#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

class FunctionMatcher {
 public:
  FunctionMatcher(const Graph& graph, const Uses& uses) : graph_(graph), uses_(uses) {}

  // The function that `mul` (a Mul or Div) ends, and what it is of; nullptr when there is none.
  const char* Match(const Node& mul, ValueId* x) const {
    for (size_t i = 0; i < 2 && mul.op_type == "Mul"; ++i) {
      *x = mul.inputs[1 - i];
      const Node* sigmoid = Maker(mul.inputs[i], "Sigmoid");
      if (sigmoid != nullptr && sigmoid->inputs[0] == *x) return "tempera.Silu";
      const Node* hard = Maker(mul.inputs[i], "HardSigmoid");
      if (hard != nullptr && hard->inputs[0] == *x && IsSixth(hard->attributes.Float("alpha", 0.2f)) &&
          hard->attributes.Float("beta", 0.5f) == 0.5f) {
        return "HardSwish";
      }
      const Node* tanh = Maker(mul.inputs[i], "Tanh");
      const Node* softplus = tanh != nullptr ? Maker(tanh->inputs[0], "Softplus") : nullptr;
      if (softplus != nullptr && softplus->inputs[0] == *x) return "tempera.Mish";
    }
    Product product;
    Multiply(mul, 0, &product);
    if (product.factors.size() != 2) return nullptr;
    for (size_t i = 0; i < 2; ++i) {
      *x = product.factors[i];
      if (product.number == 0.5 && IsErfPlusOne(product.factors[1 - i], *x)) return "tempera.Gelu";
      if (IsSixth(product.number) && IsClippedLine(product.factors[1 - i], *x)) return "HardSwish";
    }
    return nullptr;
  }

 private:
  struct Product {
    double number = 1;
    std::vector<ValueId> factors;
  };

  // What makes v for one reader.
  const Node* Maker(ValueId v, std::string_view op_type) const {
    return SoleMaker(graph_, uses_, v, op_type);
  }

  bool OneNumber(ValueId v, double* out) const {
    float number = 0;
    if (!graph::OneNumber(graph_, v, &number)) return false;
    *out = static_cast<double>(number);
    return true;
  }

  static bool IsSixth(double x) { return std::abs(x - 1.0 / 6) < 1e-6; }

  void Multiply(const Node& mul, int depth, Product* product) const {
    const bool divides = mul.op_type == "Div";
    for (size_t i = 0; i < 2; ++i) {
      const ValueId v = mul.inputs[i];
      double number = 0;
      const Node* inner = depth < 2 ? Maker(v, "Mul") : nullptr;
      if (inner == nullptr && depth < 2) inner = Maker(v, "Div");
      if (OneNumber(v, &number) && (!divides || i == 1)) {
        product->number *= divides ? 1 / number : number;
      } else if (divides && i == 1) {
        product->number = 0;  // by what is no number: nothing of ours
      } else if (inner != nullptr) {
        Multiply(*inner, depth + 1, product);
      } else {
        product->factors.push_back(v);
      }
    }
  }

  bool IsErfPlusOne(ValueId v, ValueId x) const {
    const Node* add = Maker(v, "Add");
    if (add == nullptr) return false;
    for (size_t i = 0; i < 2; ++i) {
      const Node* erf = Maker(add->inputs[i], "Erf");
      double one = 0;
      if (erf != nullptr && OneNumber(add->inputs[1 - i], &one) && one == 1)
        return IsScaled(erf->inputs[0], x);
    }
    return false;
  }

  // v is Clip(x + 3, 0, 6).
  bool IsClippedLine(ValueId v, ValueId x) const {
    const Node* clip = Maker(v, "Clip");
    const auto spec = clip != nullptr ? ReadActivation(graph_, *clip) : std::nullopt;
    const Node* add = spec && spec->lo == 0 && spec->hi == 6 ? Maker(clip->inputs[0], "Add") : nullptr;
    double three = 0;
    for (size_t i = 0; add != nullptr && i < 2; ++i) {
      if (add->inputs[i] == x && OneNumber(add->inputs[1 - i], &three) && three == 3) return true;
    }
    return false;
  }

  // v is x / sqrt(2), to fp32's digits.
  bool IsScaled(ValueId v, ValueId x) const {
    double k = 0;
    if (const Node* div = Maker(v, "Div")) {
      return div->inputs[0] == x && OneNumber(div->inputs[1], &k) && std::abs(k - std::sqrt(2.0)) < 1e-6;
    }
    const Node* mul = Maker(v, "Mul");
    if (mul == nullptr) return false;
    const size_t at = mul->inputs[0] == x ? 0 : 1;
    return mul->inputs[at] == x && OneNumber(mul->inputs[1 - at], &k) && std::abs(k - std::sqrt(0.5)) < 1e-6;
  }

  const Graph& graph_;
  const Uses& uses_;
};

}  // namespace

Status FuseFunctions(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    if (node.op_type != "Mul" && node.op_type != "Div") continue;
    ValueId x = kNoValue;
    const char* function = FunctionMatcher(graph, uses).Match(node, &x);
    if (function == nullptr || graph.value(x).info.dtype != DataType::kFloat32) continue;
    // A constant of a higher rank gives the result that rank.
    if (graph.value(node.outputs[0]).info.shape != graph.value(x).info.shape) continue;
    node.op_type = function;
    node.inputs = {x};
    if (node.op_type != "HardSwish") node.fused = FusedFunction{};
    SetString(node, "operators", node.op_type.substr(node.op_type.find('.') + 1));
  }
  RemoveDeadNodes(graph);
  return OkStatus();
}

}  // namespace tempera::graph
