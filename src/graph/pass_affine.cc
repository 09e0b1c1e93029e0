// BatchNormalization, and arithmetic with one constant per channel -> tempera.Affine; then
// tempera.Affine after tempera.Conv -> the convolution's weights.
#include <cmath>
#include <cstring>

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

bool TakesAffine(const Graph& graph, const Node& node) {
  if (const FusedConv* conv = ConvOf(node)) return conv->activation == ActivationKind::kNone;
  return IsNorm(node) && ConstantFloats(graph, node.inputs[1]) != nullptr &&
         ConstantFloats(graph, node.inputs[2]) != nullptr;
}

}  // namespace

Status LowerAffine(Graph& graph) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const std::string& type = graph.nodes[n].op_type;
    const bool arithmetic = type == "Add" || type == "Sub" || type == "Mul" || type == "Div";
    if (!arithmetic && type != "BatchNormalization") continue;
    Affine affine;
    const size_t variable = arithmetic && ConstantFloats(graph, graph.nodes[n].inputs[0]) != nullptr ? 1 : 0;
    const ValueId x = graph.nodes[n].inputs[variable];
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
  return OkStatus();
}

Status FoldAffine(Graph& graph) {
  // Nodes are in order, so a chain of them folds one after the other: the convolution takes over the
  // output value of what it absorbed, and the snapshot is renewed.
  for (size_t n = 0; n < graph.nodes.size();) {
    const Uses uses(graph);
    bool changed = false;
    for (; n < graph.nodes.size() && !changed; ++n) {
      if (graph.nodes[n].op_type != "tempera.Affine") continue;
      const ValueId x = graph.nodes[n].inputs[0];
      const int64_t producer = uses.producer(x);
      if (producer < 0 || !uses.sole(x)) continue;
      Node& into = graph.nodes[static_cast<size_t>(producer)];
      if (!TakesAffine(graph, into)) continue;
      const Node affine = std::move(graph.nodes[n]);
      graph.nodes.erase(graph.nodes.begin() + static_cast<int64_t>(n));
      const Tensor scale = *graph.value(affine.inputs[1]).constant,
                   shift = *graph.value(affine.inputs[2]).constant;
      TEMPERA_RETURN_IF_ERROR(ConvOf(into) != nullptr ? ScaleWeights(graph, into, scale, shift)
                                                      : ScaleNorm(graph, into, scale, shift));
      into.outputs = affine.outputs;
      Absorb(affine, into, /*before=*/false);
      changed = true;
      --n;
    }
  }
  return OkStatus();
}

}  // namespace tempera::graph
