// HardSigmoid and HardSwish of pictures -> tempera.Affine, Clip and Mul, which other passes fold and kernels
// apply as they read.
#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

ValueId AddValueLike(Graph& graph, ValueId like, std::string name) {
  Value value;
  value.name = std::move(name);
  value.info = graph.value(like).info;
  graph.values.push_back(std::move(value));
  return static_cast<ValueId>(graph.values.size() - 1);
}

// Clip to [0, 1] as this opset writes it.
Result<Node> MakeClip(Graph& graph, const std::string& name, ValueId x, ValueId y) {
  Node clip;
  clip.name = name;
  clip.op_type = "Clip";
  clip.inputs = {x};
  clip.outputs = {y};
  if (graph.opset < 11) {
    SetFloat(clip, "min", 0);
    SetFloat(clip, "max", 1);
    return clip;
  }
  for (float limit : {0.0f, 1.0f}) {
    TEMPERA_ASSIGN_OR_RETURN(const ValueId v, AddFloats(graph, name + ".limit", {limit}));
    clip.inputs.push_back(v);
  }
  return clip;
}

Status Lower(Graph& graph, const char* op_type) {
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    const bool swish = node.op_type == "HardSwish";
    const ValueId x = node.inputs.empty() ? kNoValue : node.inputs[0];
    const bool picture = x != kNoValue && IsPicture(graph.value(x).info);
    if (node.op_type != op_type || !picture) {
      nodes.push_back(std::move(node));
      continue;
    }
    const auto channels = static_cast<size_t>(graph.value(x).info.shape[1]);
    const float alpha = swish ? 1.0f / 6 : node.attributes.Float("alpha", 0.2f);
    const float beta = swish ? 0.5f : node.attributes.Float("beta", 0.5f);
    Node affine;
    affine.name = node.name;
    affine.op_type = "tempera.Affine";
    affine.fused = FusedAffine{};
    affine.inputs = {x, kNoValue, kNoValue};
    TEMPERA_ASSIGN_OR_RETURN(affine.inputs[1],
                             AddFloats(graph, node.name + ".alpha", std::vector<float>(channels, alpha)));
    TEMPERA_ASSIGN_OR_RETURN(affine.inputs[2],
                             AddFloats(graph, node.name + ".beta", std::vector<float>(channels, beta)));
    affine.outputs = {AddValueLike(graph, x, node.name + ".line")};
    SetString(affine, "operators", node.op_type);
    const ValueId clipped = swish ? AddValueLike(graph, x, node.name + ".gate") : node.outputs[0];
    TEMPERA_ASSIGN_OR_RETURN(Node clip, MakeClip(graph, node.name, affine.outputs[0], clipped));
    nodes.push_back(std::move(affine));
    nodes.push_back(std::move(clip));
    if (!swish) continue;
    Node mul;
    mul.name = node.name;
    mul.op_type = "Mul";
    mul.inputs = {x, clipped};
    mul.outputs = node.outputs;
    nodes.push_back(std::move(mul));
  }
  graph.nodes = std::move(nodes);
  return OkStatus();
}

}  // namespace

Status LowerHardSigmoid(Graph& graph) { return Lower(graph, "HardSigmoid"); }
Status LowerHardSwish(Graph& graph) { return Lower(graph, "HardSwish"); }

}  // namespace tempera::graph
