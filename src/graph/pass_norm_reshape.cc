// Norms of reshaped pictures, and GroupNormalization -> norms of the picture itself. PyTorch writes group
// norm so: groups become channels of [n, groups, -1], are normalised, and take their old shape; with as many
// groups as channels, or with one image as [1, n * c, -1], that is the instance norm.
#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

// A norm whose statistics are those of `together` neighbouring channels of x.
struct Groups {
  ValueId x = kNoValue;
  int64_t together = 1;
  std::vector<float> gamma, beta;  // one per channel of x
  // In their place: computed in the graph, one per channel.
  ValueId computed_gamma = kNoValue, computed_beta = kNoValue;
};

// numbers[k % their count] for the k-th stretch of `together` channels of n images, as one number per channel
// of an image; empty when images differ.
std::vector<float> PerChannel(const Tensor& numbers, int64_t channels, int64_t images, int64_t together) {
  const auto all = numbers.span<float>();
  if (all.empty()) return {};
  std::vector<float> spread;
  const int64_t groups = channels / together;
  for (int64_t c = 0; c < channels; ++c) {
    const auto at = [&](int64_t image) {
      return all[static_cast<size_t>(image * groups + c / together) % all.size()];
    };
    spread.push_back(at(0));
    for (int64_t image = 1; image < images; ++image) {
      if (at(image) != spread.back()) return {};
    }
  }
  return spread;
}

// Fills in one of the two from the norm's input: its constants, or what computes one number for each channel.
bool ReadNumbers(const Graph& graph, ValueId v, const Groups& groups, std::vector<float>* numbers,
                 ValueId* computed) {
  if (v == kNoValue) return false;
  const Shape& x = graph.value(groups.x).info.shape;
  if (const Tensor* constant = ConstantFloats(graph, v)) {
    *numbers = PerChannel(*constant, x[1], x[0], groups.together);
    return !numbers->empty();
  }
  if (groups.together != 1 || x[0] != 1 || graph.value(v).info.shape != Shape{x[1]}) return false;
  *computed = v;
  return true;
}

bool ReadScaleAndShift(const Graph& graph, const Node& norm, Groups* out) {
  return ReadNumbers(graph, InputOf(norm, 1), *out, &out->gamma, &out->computed_gamma) &&
         ReadNumbers(graph, InputOf(norm, 2), *out, &out->beta, &out->computed_beta);
}

// `back` is the Reshape behind `norm`, an InstanceNormalization.
bool ReadWrapped(const Graph& graph, const Uses& uses, const Node& norm, const Node& back, Groups* out) {
  const int64_t p = uses.producer(norm.inputs[0]);
  if (p < 0 || graph.nodes[static_cast<size_t>(p)].op_type != "Reshape") return false;
  out->x = graph.nodes[static_cast<size_t>(p)].inputs[0];
  const TensorInfo& info = graph.value(out->x).info;
  const Shape& wrapped = graph.value(norm.inputs[0]).info.shape;
  if (!IsPicture(info) || graph.value(back.outputs[0]).info.shape != info.shape || wrapped.size() < 3)
    return false;
  const int64_t planes = info.shape[0] * info.shape[1], stretches = wrapped[0] * wrapped[1];
  if (planes == 0 || stretches == 0 || planes % stretches != 0) return false;
  out->together = planes / stretches;
  if (info.shape[1] % out->together != 0) return false;  // across images
  return ReadScaleAndShift(graph, norm, out);
}

// Numbers of GroupNormalization are one per group before opset 21, one per channel from then on.
bool ReadGroupNorm(const Graph& graph, const Node& norm, Groups* out) {
  out->x = norm.inputs[0];
  const TensorInfo& info = graph.value(out->x).info;
  const int64_t groups = norm.attributes.Int("num_groups", 1);
  if (!IsPicture(info) || info.shape[0] == 0 || info.shape[1] == 0) return false;
  out->together = info.shape[1] / groups;
  const ValueId gamma = InputOf(norm, 1);
  if (gamma != kNoValue && graph.value(gamma).info.shape == Shape{info.shape[1]}) {
    const int64_t together = out->together;
    out->together = 1;
    const bool read = ReadScaleAndShift(graph, norm, out);
    out->together = together;
    return read;
  }
  return ReadScaleAndShift(graph, norm, out);
}

}  // namespace

Status UnwrapInstanceNorm(Graph& graph) {
  const Uses uses(graph);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& last = graph.nodes[n];
    const Node* norm = nullptr;
    Groups groups;
    std::string operators;
    if (last.op_type == "Reshape") {
      const int64_t p = uses.producer(last.inputs[0]);
      if (p < 0 || graph.nodes[static_cast<size_t>(p)].op_type != "InstanceNormalization") continue;
      norm = &graph.nodes[static_cast<size_t>(p)];
      if (!ReadWrapped(graph, uses, *norm, last, &groups)) continue;
      operators = "Reshape+InstanceNormalization+Reshape";
    } else if (last.op_type == "GroupNormalization") {
      norm = &last;
      if (!ReadGroupNorm(graph, last, &groups)) continue;
      operators = last.op_type;
    } else {
      continue;
    }
    Node plain;
    plain.name = norm->name;
    plain.op_type = groups.together == 1 ? "InstanceNormalization" : "tempera.GroupNorm";
    plain.inputs = {groups.x, kNoValue, kNoValue};
    plain.outputs = last.outputs;
    const float epsilon = norm->attributes.Float("epsilon", 1e-5f);
    if (groups.together > 1) {
      plain.fused = FusedGroupNorm{graph.value(groups.x).info.shape[1] / groups.together, epsilon};
    } else {
      SetFloat(plain, "epsilon", epsilon);
    }
    SetString(plain, "operators", operators);
    plain.inputs[1] = groups.computed_gamma, plain.inputs[2] = groups.computed_beta;
    if (plain.inputs[1] == kNoValue) {
      TEMPERA_ASSIGN_OR_RETURN(plain.inputs[1], AddFloats(graph, plain.name + ".gamma", groups.gamma));
    }
    if (plain.inputs[2] == kNoValue) {
      TEMPERA_ASSIGN_OR_RETURN(plain.inputs[2], AddFloats(graph, plain.name + ".beta", groups.beta));
    }
    graph.nodes[n] = std::move(plain);
  }
  RemoveDeadNodes(graph);
  return OkStatus();
}

}  // namespace tempera::graph
