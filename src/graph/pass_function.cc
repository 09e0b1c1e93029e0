// Activations that exporters write as several operators -> one function of single numbers:
//   x * Sigmoid(x) -> tempera.Silu, x * Tanh(Softplus(x)) -> tempera.Mish,
//   x * (Erf(x / sqrt(2)) + 1) / 2, in any order -> tempera.Gelu
#include <cmath>

#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

class FunctionMatcher {
 public:
  FunctionMatcher(const Graph& graph, const Uses& uses) : graph_(graph), uses_(uses) {}

  // The function that `mul` ends, and what it is of; nullptr when there is none.
  const char* Match(const Node& mul, ValueId* x) const {
    for (size_t i = 0; i < 2; ++i) {
      *x = mul.inputs[1 - i];
      const Node* sigmoid = Maker(mul.inputs[i], "Sigmoid");
      if (sigmoid != nullptr && sigmoid->inputs[0] == *x) return "Silu";
      const Node* tanh = Maker(mul.inputs[i], "Tanh");
      const Node* softplus = tanh != nullptr ? Maker(tanh->inputs[0], "Softplus") : nullptr;
      if (softplus != nullptr && softplus->inputs[0] == *x) return "Mish";
    }
    Product product;
    Multiply(mul, 0, &product);
    if (product.number != 0.5 || product.factors.size() != 2) return nullptr;
    for (size_t i = 0; i < 2; ++i) {
      *x = product.factors[i];
      if (IsErfPlusOne(product.factors[1 - i], *x)) return "Gelu";
    }
    return nullptr;
  }

 private:
  struct Product {
    double number = 1;
    std::vector<ValueId> factors;
  };

  // What makes v for one reader.
  const Node* Maker(ValueId v, const char* op_type) const {
    const int64_t n = uses_.producer(v);
    if (n < 0 || !uses_.sole(v) || graph_.nodes[static_cast<size_t>(n)].op_type != op_type) return nullptr;
    return &graph_.nodes[static_cast<size_t>(n)];
  }

  bool OneNumber(ValueId v, double* out) const {
    const Tensor* t = ConstantFloats(graph_, v);
    if (t == nullptr || t->element_count() != 1) return false;
    *out = static_cast<double>(*t->data<float>());
    return true;
  }

  void Multiply(const Node& mul, int depth, Product* product) const {
    for (ValueId v : mul.inputs) {
      double number = 0;
      const Node* inner = depth < 2 ? Maker(v, "Mul") : nullptr;
      if (OneNumber(v, &number)) {
        product->number *= number;
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
    if (node.op_type != "Mul") continue;
    ValueId x = kNoValue;
    const char* function = FunctionMatcher(graph, uses).Match(node, &x);
    if (function == nullptr || graph.value(x).info.dtype != DataType::kFloat32) continue;
    // A constant of a higher rank gives the result that rank.
    if (graph.value(node.outputs[0]).info.shape != graph.value(x).info.shape) continue;
    node.op_type = std::string("tempera.") + function;
    node.inputs = {x};
    SetString(node, "operators", function);
  }
  RemoveDeadNodes(graph);
  return OkStatus();
}

}  // namespace tempera::graph
