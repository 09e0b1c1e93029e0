// Relu, LeakyRelu, PRelu, Clip and HardSwish after tempera.Conv -> the convolution's activation.
#include <limits>

#include "src/graph/activation.h"
#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
std::optional<ActivationSpec> ReadActivation(const Graph& graph, const Node& node) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const TensorInfo& info = graph.value(node.outputs[0]).info;
  if (info.dtype != DataType::kFloat32) return std::nullopt;
  ActivationSpec spec;
  if (node.op_type == "Relu") {
    spec.clamp = true;
    spec.lo = 0;
    spec.hi = kInfinity;
    return spec;
  }
  if (node.op_type == "Clip") {
    spec.clamp = true;
    spec.lo = -kInfinity;
    spec.hi = kInfinity;
    if (graph.opset < 11) {
      spec.lo = node.attributes.Float("min", -kInfinity);
      spec.hi = node.attributes.Float("max", kInfinity);
      return spec;
    }
    if (InputOf(node, 1) != kNoValue && !OneNumber(graph, node.inputs[1], &spec.lo)) return std::nullopt;
    if (InputOf(node, 2) != kNoValue && !OneNumber(graph, node.inputs[2], &spec.hi)) return std::nullopt;
    return spec;
  }
  if (info.shape.size() != 4) return std::nullopt;
  const auto channels = static_cast<size_t>(info.shape[1]);
  if (node.op_type == "LeakyRelu") {
    spec.slope.assign(channels, node.attributes.Float("alpha", 0.01f));
    return spec;
  }
  if (node.op_type == "PRelu") {
    const Tensor* slope = ConstantFloats(graph, InputOf(node, 1));
    if (slope == nullptr) return std::nullopt;
    const auto numbers = slope->span<float>();
    const size_t rank = slope->shape().size();
    if (numbers.size() == 1) {
      spec.slope.assign(channels, numbers[0]);
    } else if ((rank == 3 || rank == 4) && numbers.size() == channels &&
               slope->shape()[rank - 3] == info.shape[1]) {
      spec.slope.assign(numbers.begin(), numbers.end());
    } else {
      return std::nullopt;
    }
    return spec;
  }
  return std::nullopt;
}

Status FuseActivation(Graph& graph) {
  const Uses uses(graph);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& node = graph.nodes[n];
    if (node.inputs.empty() || node.inputs[0] == kNoValue) continue;
    const int64_t producer = uses.producer(node.inputs[0]);
    if (producer < 0 || !uses.sole(node.inputs[0])) continue;
    Node& conv = graph.nodes[static_cast<size_t>(producer)];
    FusedConv* fused = ConvOf(conv);
    if (fused == nullptr || fused->activation != ActivationKind::kNone) continue;
    const std::optional<ActivationSpec> spec = ReadActivation(graph, node);
    if (node.op_type == "HardSwish") {
      fused->activation = ActivationKind::kHardSwish;
    } else if (spec) {
      fused->activation = spec->clamp ? ActivationKind::kClamp : ActivationKind::kSlope;
      if (spec->clamp) fused->lo = spec->lo, fused->hi = spec->hi;
    } else {
      continue;
    }
    if (spec && !spec->clamp) {
      // Behind a shuffle each of its channels is several of the convolution's.
      const int64_t block = fused->shuffle;
      std::vector<float> slope;
      for (const float k : spec->slope) slope.insert(slope.end(), static_cast<size_t>(block * block), k);
      TEMPERA_ASSIGN_OR_RETURN(conv.inputs[3], AddFloats(graph, node.name + ".slope", slope));
    }
    Absorb(node, conv, /*before=*/false);
    // The convolution writes what the activation wrote; the activation writes what nobody reads.
    std::swap(conv.outputs[0], node.outputs[0]);
  }
  RemoveDeadNodes(graph);
  return OkStatus();
}

}  // namespace tempera::graph
