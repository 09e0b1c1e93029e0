// Instance norm of a reshaped picture -> of the picture itself. PyTorch writes group norm so: groups become
// channels of [n, groups, -1], are normalised, and take their old shape; with as many groups as channels, or
// with one image as [1, n * c, -1], that is the instance norm.
#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

// `numbers` for [1, n * c, ...] or [n, c, ...] as one number per channel; empty when images differ.
std::vector<float> PerChannel(const Tensor& numbers, int64_t channels) {
  const auto all = numbers.span<float>();
  const auto c = static_cast<size_t>(channels);
  if (c == 0 || all.size() % c != 0) return {};
  for (size_t i = c; i < all.size(); ++i) {
    if (all[i] != all[i - c]) return {};
  }
  return {all.begin(), all.begin() + channels};
}

}  // namespace

Status UnwrapInstanceNorm(Graph& graph) {
  const Uses uses(graph);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const auto maker = [&](ValueId v, const char* type) -> const Node* {
      const int64_t p = uses.producer(v);
      const bool fits = p >= 0 && graph.nodes[static_cast<size_t>(p)].op_type == type;
      return fits ? &graph.nodes[static_cast<size_t>(p)] : nullptr;
    };
    if (graph.nodes[n].op_type != "Reshape") continue;
    const Node* norm = maker(graph.nodes[n].inputs[0], "InstanceNormalization");
    const Node* wrap = norm != nullptr ? maker(norm->inputs[0], "Reshape") : nullptr;
    if (wrap == nullptr) continue;
    const ValueId x = wrap->inputs[0];
    const TensorInfo& info = graph.value(x).info;
    const Shape &wrapped = graph.value(norm->inputs[0]).info.shape,
                &out = graph.value(graph.nodes[n].outputs[0]).info.shape;
    if (info.shape.size() != 4 || out != info.shape || info.dtype != DataType::kFloat32) continue;
    const int64_t planes = info.shape[0] * info.shape[1];
    if (wrapped.size() < 3 || planes == 0 || wrapped[0] * wrapped[1] != planes) continue;
    const Tensor *gamma = ConstantFloats(graph, norm->inputs[1]),
                 *beta = ConstantFloats(graph, norm->inputs[2]);
    if (gamma == nullptr || beta == nullptr) continue;
    if (wrapped[1] % info.shape[1] != 0) continue;  // an image's channels are split otherwise
    const std::vector<float> g = PerChannel(*gamma, info.shape[1]), b = PerChannel(*beta, info.shape[1]);
    if (g.empty() || b.empty()) continue;
    Node plain;
    plain.name = norm->name;
    plain.op_type = "InstanceNormalization";
    plain.attributes = norm->attributes;
    plain.inputs = {x, kNoValue, kNoValue};
    plain.outputs = graph.nodes[n].outputs;
    SetString(plain, "operators", "Reshape+InstanceNormalization+Reshape");
    TEMPERA_ASSIGN_OR_RETURN(plain.inputs[1], AddFloats(graph, plain.name + ".gamma", g));
    TEMPERA_ASSIGN_OR_RETURN(plain.inputs[2], AddFloats(graph, plain.name + ".beta", b));
    graph.nodes[n] = std::move(plain);
  }
  RemoveDeadNodes(graph);
  return OkStatus();
}

}  // namespace tempera::graph
