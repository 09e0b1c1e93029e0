// Instance norm written out as arithmetic, as exporters did before they knew the operator:
//   d = x - mean(x);  d / sqrt(mean(d * d) + epsilon), or times its reciprocal
// -> InstanceNormalization with scale 1 and shift 0; per-channel arithmetic behind it joins later. With means
// over the channels too (layer norm) -> tempera.GroupNorm of one group.
#include <algorithm>
#include <cmath>

#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

class NormMatcher {
 public:
  NormMatcher(const Graph& graph, const Uses& uses) : graph_(graph), uses_(uses) {}

  // x and epsilon when `div` ends the pattern, and whether the means are over all channels.
  bool Match(const Node& div, ValueId* x, float* epsilon, bool* all_channels) const {
    const Node *sub = nullptr, *sqrt = nullptr;
    if (div.op_type == "Div") {
      sub = Maker(div.inputs[0], "Sub");
      sqrt = Root(div.inputs[1], 0.5f);
    } else if (div.op_type == "Mul") {
      for (size_t i = 0; i < 2 && sqrt == nullptr; ++i) {
        sub = Maker(div.inputs[i], "Sub");
        sqrt = Root(div.inputs[1 - i], -0.5f);
        const Node* reciprocal = Maker(div.inputs[1 - i], "Reciprocal");
        if (reciprocal != nullptr) sqrt = Root(reciprocal->inputs[0], 0.5f);
      }
    }
    if (sub == nullptr || sqrt == nullptr || !IsMeanOf(sub->inputs[1], sub->inputs[0])) return false;
    const Node* add = Maker(sqrt->inputs[0], "Add");
    if (add == nullptr) return false;
    for (size_t i = 0; i < 2; ++i) {
      if (!OneNumber(add->inputs[1 - i], epsilon)) continue;
      if (!MeanIsOfSquare(add->inputs[i], sub->outputs[0])) return false;
      *x = sub->inputs[0];
      const Shape &means = graph_.value(sub->inputs[1]).info.shape,
                  &variances = graph_.value(add->inputs[i]).info.shape;
      if (means != variances) return false;
      *all_channels = graph_.value(*x).info.shape[1] > 1 && means[1] == 1;
      return *epsilon >= 0;
    }
    return false;
  }

 private:
  const Node* Maker(ValueId v, std::string_view op_type) const {
    return graph::Maker(graph_, uses_, v, op_type);
  }
  bool OneNumber(ValueId v, float* out) const { return graph::OneNumber(graph_, v, out); }

  // What makes v as the square root of its first input, or as the power of that exponent.
  const Node* Root(ValueId v, float exponent) const {
    const Node* sqrt = exponent > 0 ? Maker(v, "Sqrt") : nullptr;
    const Node* pow = Maker(v, "Pow");
    float k = 0;
    if (pow != nullptr && OneNumber(pow->inputs[1], &k) && k == exponent) return pow;
    return sqrt;
  }

  // What is averaged over all of h and w, giving one number per image and channel, or over all channels as
  // well; kNoValue otherwise.
  ValueId AveragedPlanes(ValueId mean) const {
    const Node* reduce = Maker(mean, "ReduceMean");
    if (reduce == nullptr) return kNoValue;
    const Shape& in = graph_.value(reduce->inputs[0]).info.shape;
    std::vector<int64_t> axes = reduce->attributes.Ints("axes");
    if (axes.empty()) axes = ConstantInts(graph_, InputOf(*reduce, 1));
    if (in.size() < 3 || axes.empty()) return kNoValue;
    std::vector<bool> reduced(in.size());
    for (int64_t a : axes) {
      if (a < 0) a += static_cast<int64_t>(in.size());
      if (a < 1 || a >= static_cast<int64_t>(in.size())) return kNoValue;
      reduced[static_cast<size_t>(a)] = true;
    }
    if (reduced[1] && in.size() != 4) return kNoValue;
    for (size_t d = 2; d < in.size(); ++d) {
      if (!reduced[d] && in[d] != 1) return kNoValue;
    }
    ValueId x = reduce->inputs[0];
    if (const Node* reshape = Maker(x, "Reshape")) {
      const Shape& before = graph_.value(reshape->inputs[0]).info.shape;
      if (before.size() == 4 && before[0] == in[0] && before[1] == in[1]) x = reshape->inputs[0];
    }
    return x;
  }

  bool IsMeanOf(ValueId mean, ValueId x) const {
    const TensorInfo& info = graph_.value(x).info;
    if (info.dtype != DataType::kFloat32 || info.shape.size() != 4) return false;
    const Shape& means = graph_.value(mean).info.shape;
    return AveragedPlanes(mean) == x &&
           (means == Shape{info.shape[0], info.shape[1], 1, 1} || means == Shape{info.shape[0], 1, 1, 1});
  }

  // v is d, or d plus next to nothing: the mean of d * (d + k) is that of d * d, since that of d is 0.
  bool IsSame(ValueId v, ValueId d) const {
    if (v == d) return true;
    const Node* add = Maker(v, "Add");
    float k = 1;
    return add != nullptr && add->inputs[0] == d && OneNumber(add->inputs[1], &k) && std::abs(k) <= 1e-6f;
  }

  bool MeanIsOfSquare(ValueId mean, ValueId d) const {
    const ValueId square = AveragedPlanes(mean);
    float exponent = 0;
    if (const Node* mul = Maker(square, "Mul")) return IsSame(mul->inputs[0], d) && IsSame(mul->inputs[1], d);
    if (const Node* pow = Maker(square, "Pow")) {
      return IsSame(pow->inputs[0], d) && OneNumber(pow->inputs[1], &exponent) && exponent == 2;
    }
    return false;
  }

  const Graph& graph_;
  const Uses& uses_;
};

}  // namespace

Status RecognizeInstanceNorm(Graph& graph) {
  const Uses uses(graph);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    ValueId x = kNoValue;
    float epsilon = 0;
    bool all_channels = false;
    if (!NormMatcher(graph, uses).Match(graph.nodes[n], &x, &epsilon, &all_channels)) continue;
    const auto channels = static_cast<size_t>(graph.value(x).info.shape[1]);
    const std::string name = graph.nodes[n].name;
    TEMPERA_ASSIGN_OR_RETURN(const ValueId one,
                             AddFloats(graph, name + ".one", std::vector<float>(channels, 1)));
    TEMPERA_ASSIGN_OR_RETURN(const ValueId zero,
                             AddFloats(graph, name + ".zero", std::vector<float>(channels)));
    Node norm;
    norm.name = name;
    norm.op_type = all_channels ? "tempera.GroupNorm" : "InstanceNormalization";
    if (all_channels) {
      norm.fused = FusedGroupNorm{1, epsilon};
      SetString(norm, "operators", "LayerNormalization");
    } else {
      SetFloat(norm, "epsilon", epsilon);
    }
    norm.inputs = {x, one, zero};
    norm.outputs = graph.nodes[n].outputs;
    graph.nodes[n] = std::move(norm);
  }
  RemoveDeadNodes(graph);
  return OkStatus();
}

}  // namespace tempera::graph
