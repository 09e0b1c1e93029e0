// BatchNormalization, and arithmetic with one number per channel, constant or computed -> tempera.Affine;
// then tempera.Affine after tempera.Conv -> the convolution's weights, and after a norm -> its scale and
// shift.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <utility>

#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

// x * scale + shift, one number each per channel.
struct Affine {
  std::vector<float> scale, shift;
};

bool BatchNormAffine(const Graph& graph, const Node& node, Affine* out) {
  const Tensor* p[4];
  const auto channels = graph.value(node.inputs[0]).info.shape[1];
  for (size_t i = 0; i < 4; ++i) {
    p[i] = ConstantFloats(graph, InputOf(node, i + 1));
    if (p[i] == nullptr || p[i]->element_count() != channels) return false;
  }
  if (node.outputs.size() > 1 && node.outputs[1] != kNoValue) return false;  // training form
  if (node.attributes.Int("training_mode", 0) != 0) return false;
  const double epsilon = node.attributes.Float("epsilon", 1e-5f);
  for (int64_t c = 0; c < channels; ++c) {
    const double scale = p[0]->data<float>()[c] / std::sqrt(p[3]->data<float>()[c] + epsilon);
    out->scale.push_back(static_cast<float>(scale));
    out->shift.push_back(static_cast<float>(p[1]->data<float>()[c] - p[2]->data<float>()[c] * scale));
  }
  return true;
}

// One number, or one per channel of [n, c, h, w]: the constant's numbers spread over c channels.
bool PerChannel(const Tensor& t, int64_t channels, std::vector<float>* out) {
  const auto numbers = t.span<float>();
  if (t.element_count() == 1 && t.shape().size() <= 4) {
    out->assign(static_cast<size_t>(channels), numbers[0]);
    return true;
  }
  const size_t rank = t.shape().size();
  if ((rank != 3 && rank != 4) || t.element_count() != channels || t.shape()[rank - 3] != channels)
    return false;
  out->assign(numbers.begin(), numbers.end());
  return true;
}

bool ArithmeticAffine(const Graph& graph, const Node& node, size_t variable, Affine* out) {
  const TensorInfo& x = graph.value(node.inputs[variable]).info;
  const Tensor* constant = ConstantFloats(graph, node.inputs[1 - variable]);
  if (constant == nullptr || graph.value(node.outputs[0]).info.shape != x.shape) return false;
  std::vector<float> k;
  if (!PerChannel(*constant, x.shape[1], &k)) return false;
  const bool constant_first = variable == 1;
  for (float v : k) {
    float scale = 1, shift = 0;
    if (node.op_type == "Add") {
      shift = v;
    } else if (node.op_type == "Sub") {
      scale = constant_first ? -1.0f : 1.0f;
      shift = constant_first ? v : -v;
    } else if (node.op_type == "Mul") {
      scale = v;
    } else {  // Div
      if (constant_first) return false;
      scale = 1.0f / v;
      if (!std::isfinite(scale)) return false;
    }
    out->scale.push_back(scale);
    out->shift.push_back(shift);
  }
  return true;
}

// Affine after this convolution -> new weights and bias.
Status ScaleWeights(Graph& graph, Node& conv, const Tensor& scale, const Tensor& shift) {
  const Tensor w = *graph.value(conv.inputs[1]).constant;  // shares storage; values may move below
  const int64_t channels = w.shape()[0];
  const int64_t each = channels > 0 ? w.element_count() / channels : 0;
  TEMPERA_ASSIGN_OR_RETURN(Tensor scaled, Tensor::Create(DataType::kFloat32, w.shape()));
  TEMPERA_ASSIGN_OR_RETURN(Tensor bias, Tensor::Create(DataType::kFloat32, {channels}));
  const Tensor* old_bias = ConstantFloats(graph, conv.inputs[2]);
  for (int64_t c = 0; c < channels; ++c) {
    const float a = scale.data<float>()[c];
    for (int64_t i = 0; i < each; ++i) scaled.data<float>()[c * each + i] = w.data<float>()[c * each + i] * a;
    bias.data<float>()[c] = (old_bias ? old_bias->data<float>()[c] * a : 0.0f) + shift.data<float>()[c];
  }
  conv.inputs[1] = AddConstant(graph, conv.name + ".weights", std::move(scaled));
  conv.inputs[2] = AddConstant(graph, conv.name + ".bias", std::move(bias));
  return OkStatus();
}

// Affine after this instance or group norm -> new scale and shift.
Status ScaleNorm(Graph& graph, Node& norm, const Tensor& scale, const Tensor& shift) {
  const Tensor *gamma = ConstantFloats(graph, norm.inputs[1]), *beta = ConstantFloats(graph, norm.inputs[2]);
  std::vector<float> new_gamma, new_beta;
  for (int64_t c = 0; c < gamma->element_count(); ++c) {
    const float a = scale.data<float>()[c];
    new_gamma.push_back(gamma->data<float>()[c] * a);
    new_beta.push_back(beta->data<float>()[c] * a + shift.data<float>()[c]);
  }
  TEMPERA_ASSIGN_OR_RETURN(norm.inputs[1], AddFloats(graph, norm.name + ".gamma", new_gamma));
  TEMPERA_ASSIGN_OR_RETURN(norm.inputs[2], AddFloats(graph, norm.name + ".beta", new_beta));
  return OkStatus();
}

// Small values computed from others: nodes of the graph, collected to stand before the one that reads them.
class SmallValues {
 public:
  SmallValues(Graph& graph, std::string name) : graph_(graph), name_(std::move(name)) {}

  // v, one number or one per channel, as [channels].
  Result<ValueId> PerChannel(ValueId v, int64_t channels) {
    const Shape shape = graph_.value(v).info.shape;
    if (shape == Shape{channels}) return v;
    int64_t count = 1;
    for (int64_t d : shape) count *= d;
    TEMPERA_ASSIGN_OR_RETURN(const ValueId dense, AddInts({count}));
    const ValueId flat = Make("Reshape", {v, dense}, {count});
    if (count == channels) return flat;
    TEMPERA_ASSIGN_OR_RETURN(const ValueId wide, AddInts({channels}));
    return Make("Expand", {flat, wide}, {channels});
  }
  Result<ValueId> Negative(ValueId v) { return Make("Neg", {v}, graph_.value(v).info.shape); }
  Result<ValueId> Product(ValueId a, ValueId b) {
    if (Holds(a, 1) || Holds(b, 0)) return b;
    if (Holds(b, 1) || Holds(a, 0)) return a;
    return Join("Mul", a, b, [](float x, float y) { return x * y; });
  }
  Result<ValueId> Sum(ValueId a, ValueId b) {
    if (Holds(a, 0)) return b;
    if (Holds(b, 0)) return a;
    return Join("Add", a, b, [](float x, float y) { return x + y; });
  }

  std::vector<Node> TakeNodes() { return std::move(nodes_); }

 private:
  bool Holds(ValueId v, float number) const {
    const Tensor* t = ConstantFloats(graph_, v);
    if (t == nullptr) return false;
    const auto numbers = t->span<float>();
    return std::all_of(numbers.begin(), numbers.end(), [number](float x) { return x == number; });
  }
  Result<ValueId> Join(const char* op_type, ValueId a, ValueId b, float (*f)(float, float)) {
    const Tensor *x = ConstantFloats(graph_, a), *y = ConstantFloats(graph_, b);
    if (x == nullptr || y == nullptr) return Make(op_type, {a, b}, graph_.value(a).info.shape);
    std::vector<float> joined;
    for (size_t i = 0; i < x->span<float>().size(); ++i)
      joined.push_back(f(x->span<float>()[i], y->span<float>()[i]));
    return AddFloats(graph_, name_ + "." + op_type, joined);
  }
  Result<ValueId> AddInts(const std::vector<int64_t>& numbers) {
    TEMPERA_ASSIGN_OR_RETURN(Tensor t,
                             Tensor::Create(DataType::kInt64, {static_cast<int64_t>(numbers.size())}));
    std::copy(numbers.begin(), numbers.end(), t.data<int64_t>());
    return AddConstant(graph_, name_ + ".shape", std::move(t));
  }
  ValueId Make(const char* op_type, std::vector<ValueId> inputs, Shape shape) {
    Node& node = nodes_.emplace_back();
    node.name = name_ + "." + op_type + std::to_string(nodes_.size());
    node.op_type = op_type;
    node.inputs = std::move(inputs);
    Value value;
    value.name = node.name;
    value.info = {DataType::kFloat32, std::move(shape)};
    graph_.values.push_back(std::move(value));
    node.outputs = {static_cast<ValueId>(graph_.values.size() - 1)};
    return node.outputs[0];
  }

  Graph& graph_;
  std::string name_;
  std::vector<Node> nodes_;
};

// One number, or one per channel, for each pixel of the one picture in x.
bool BroadcastsPerChannel(const TensorInfo& v, const Shape& x) {
  int64_t count = 1;
  for (int64_t d : v.shape) count *= d;
  if (v.dtype != DataType::kFloat32 || v.shape.size() > 4) return false;
  const size_t rank = v.shape.size();
  return count == 1 || (rank >= 3 && count == x[1] && v.shape[rank - 3] == x[1]);
}

// Add, Sub or Mul of a picture and computed numbers per channel: the inputs of the tempera.Affine that stands
// for it (kNoValue: it is none of these). Division would round differently.
struct ComputedAffine {
  ValueId x = kNoValue, operand = kNoValue;
  bool multiplies = false, negates = false;
};

ComputedAffine ReadComputed(const Graph& graph, const Node& node) {
  ComputedAffine found;
  if (node.op_type != "Add" && node.op_type != "Sub" && node.op_type != "Mul") return found;
  const Shape& out = graph.value(node.outputs[0]).info.shape;
  for (size_t variable = 0; variable < 2; ++variable) {
    const ValueId x = node.inputs[variable], operand = node.inputs[1 - variable];
    const TensorInfo& info = graph.value(x).info;
    if (!IsPicture(info) || info.shape != out || info.shape[0] != 1 || info.shape[1] < 1 ||
        info.shape[2] < 1 || info.shape[3] < 1 || info.shape[2] * info.shape[3] == 1)
      continue;
    if (graph.value(x).constant || graph.value(operand).constant) continue;
    if (!BroadcastsPerChannel(graph.value(operand).info, info.shape)) continue;
    if (node.op_type == "Sub" && variable == 1) continue;
    found = {x, operand, node.op_type == "Mul", node.op_type == "Sub"};
    break;
  }
  return found;
}

// Nodes that a pass makes and drops while it walks: the others keep their places until it is done.
struct Changes {
  explicit Changes(const Graph& graph) : before(graph.nodes.size()), gone(graph.nodes.size()) {}
  std::vector<std::vector<Node>> before;  // what is to stand before a node, by its index
  std::vector<bool> gone;

  void Add(size_t n, std::vector<Node> small) {
    std::move(small.begin(), small.end(), std::back_inserter(before[n]));
  }
  void Apply(Graph& graph) {
    std::vector<Node> nodes = std::move(graph.nodes);
    graph.nodes.clear();
    for (size_t n = 0; n < nodes.size(); ++n) {
      std::move(before[n].begin(), before[n].end(), std::back_inserter(graph.nodes));
      if (!gone[n]) graph.nodes.push_back(std::move(nodes[n]));
    }
  }
};

// Node n becomes a tempera.Affine with a scale or shift computed in the graph.
Status LowerComputed(Graph& graph, size_t n, const ComputedAffine& computed, Changes& changes) {
  const std::string name = graph.nodes[n].name;
  const int64_t channels = graph.value(computed.x).info.shape[1];
  SmallValues small(graph, name);
  TEMPERA_ASSIGN_OR_RETURN(ValueId numbers, small.PerChannel(computed.operand, channels));
  if (computed.negates) {
    TEMPERA_ASSIGN_OR_RETURN(numbers, small.Negative(numbers));
  }
  TEMPERA_ASSIGN_OR_RETURN(
      const ValueId constant,
      AddFloats(graph, name + (computed.multiplies ? ".zero" : ".one"),
                std::vector<float>(static_cast<size_t>(channels), computed.multiplies ? 0.0f : 1.0f)));
  changes.Add(n, small.TakeNodes());
  Node& node = graph.nodes[n];
  SetString(node, "operators", node.op_type);
  node.op_type = "tempera.Affine";
  node.fused = FusedAffine{};
  node.inputs = computed.multiplies ? std::vector<ValueId>{computed.x, numbers, constant}
                                    : std::vector<ValueId>{computed.x, constant, numbers};
  return OkStatus();
}

// Whether the numbers `into` applies per channel can take in those of `affine`, when some are computed.
bool TakesComputed(const Graph& graph, const Node& into, const Node& affine) {
  if (!IsNorm(into) && into.op_type != "tempera.Affine") return false;
  bool computed = false;
  for (const Node* node : {&into, &affine}) {
    for (size_t i : {1, 2}) {
      const ValueId v = InputOf(*node, i);
      const Shape& x = graph.value(affine.inputs[0]).info.shape;
      if (v == kNoValue || graph.value(v).info.shape != Shape{x[1]}) return false;
      computed = computed || ConstantFloats(graph, v) == nullptr;
    }
  }
  return computed;
}

// Node n, a tempera.Affine, goes into `producer`, which moves to its place: there all is computed that either
// reads.
Status FoldComputed(Graph& graph, size_t n, size_t producer, Changes& changes) {
  Node into = std::move(graph.nodes[producer]);
  const Node affine = std::move(graph.nodes[n]);
  SmallValues small(graph, affine.name);
  const ValueId scale = affine.inputs[1], shift = affine.inputs[2];
  TEMPERA_ASSIGN_OR_RETURN(const ValueId scaled, small.Product(into.inputs[2], scale));
  TEMPERA_ASSIGN_OR_RETURN(into.inputs[1], small.Product(into.inputs[1], scale));
  TEMPERA_ASSIGN_OR_RETURN(into.inputs[2], small.Sum(scaled, shift));
  into.outputs = affine.outputs;
  Absorb(affine, into, /*before=*/false);
  graph.nodes[n] = std::move(into);
  changes.Add(n, small.TakeNodes());
  changes.gone[producer] = true;
  return OkStatus();
}

bool TakesAffine(const Graph& graph, const Node& node) {
  if (const FusedConv* conv = ConvOf(node)) return conv->activation == ActivationKind::kNone;
  return IsNorm(node) && ConstantFloats(graph, node.inputs[1]) != nullptr &&
         ConstantFloats(graph, node.inputs[2]) != nullptr;
}

}  // namespace

Status LowerAffine(Graph& graph) {
  Changes changes(graph);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const std::string& type = graph.nodes[n].op_type;
    const bool arithmetic = type == "Add" || type == "Sub" || type == "Mul" || type == "Div";
    if (!arithmetic && type != "BatchNormalization") continue;
    Affine affine;
    const size_t variable = arithmetic && ConstantFloats(graph, graph.nodes[n].inputs[0]) != nullptr ? 1 : 0;
    const ValueId x = graph.nodes[n].inputs[variable];
    if (arithmetic) {
      const ComputedAffine computed = ReadComputed(graph, graph.nodes[n]);
      if (computed.x != kNoValue) {
        TEMPERA_RETURN_IF_ERROR(LowerComputed(graph, n, computed, changes));
        continue;
      }
    }
    if (!IsPicture(graph.value(x).info)) continue;
    const bool fits = arithmetic ? ArithmeticAffine(graph, graph.nodes[n], variable, &affine)
                                 : BatchNormAffine(graph, graph.nodes[n], &affine);
    if (!fits) continue;
    TEMPERA_ASSIGN_OR_RETURN(const ValueId scale,
                             AddFloats(graph, graph.nodes[n].name + ".scale", affine.scale));
    TEMPERA_ASSIGN_OR_RETURN(const ValueId shift,
                             AddFloats(graph, graph.nodes[n].name + ".shift", affine.shift));
    Node fused;
    fused.name = graph.nodes[n].name;
    fused.op_type = "tempera.Affine";
    fused.inputs = {x, scale, shift};
    fused.fused = FusedAffine{};
    fused.outputs = {graph.nodes[n].outputs[0]};
    SetString(fused, "operators", type);
    graph.nodes[n] = std::move(fused);
  }
  changes.Apply(graph);
  return OkStatus();
}

Status FoldAffine(Graph& graph) {
  // Nodes are in order, so a chain of them folds one after the other: the convolution takes over the
  // output value of what it absorbed. Who reads that does not change.
  const Uses uses(graph);
  std::vector<int64_t> producers(graph.values.size());
  for (size_t v = 0; v < producers.size(); ++v) producers[v] = uses.producer(static_cast<ValueId>(v));
  Changes changes(graph);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (graph.nodes[n].op_type != "tempera.Affine") continue;
    const ValueId x = graph.nodes[n].inputs[0], out = graph.nodes[n].outputs[0];
    const int64_t producer = x == kNoValue ? -1 : producers[static_cast<size_t>(x)];
    if (producer < 0 || !uses.sole(x)) continue;
    Node& into = graph.nodes[static_cast<size_t>(producer)];
    if (TakesComputed(graph, into, graph.nodes[n])) {
      TEMPERA_RETURN_IF_ERROR(FoldComputed(graph, n, static_cast<size_t>(producer), changes));
      continue;
    }
    const bool constant = ConstantFloats(graph, graph.nodes[n].inputs[1]) != nullptr &&
                          ConstantFloats(graph, graph.nodes[n].inputs[2]) != nullptr;
    if (!constant || !TakesAffine(graph, into)) continue;
    const Node affine = std::move(graph.nodes[n]);
    changes.gone[n] = true;
    const Tensor scale = *graph.value(affine.inputs[1]).constant,
                 shift = *graph.value(affine.inputs[2]).constant;
    TEMPERA_RETURN_IF_ERROR(ConvOf(into) != nullptr ? ScaleWeights(graph, into, scale, shift)
                                                    : ScaleNorm(graph, into, scale, shift));
    into.outputs = affine.outputs;
    producers[static_cast<size_t>(out)] = producer;
    Absorb(affine, into, /*before=*/false);
  }
  changes.Apply(graph);
  return OkStatus();
}

}  // namespace tempera::graph
