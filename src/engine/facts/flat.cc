#include "src/engine/facts/flat.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace tempera::engine {
namespace {

using graph::Graph;
using graph::Node;
using graph::ValueId;

bool IsPicture(const Graph& graph, ValueId v) {
  const TensorInfo& info = graph.value(v).info;
  return info.dtype == DataType::kFloat32 && info.shape.size() == 4;
}

// One number, or one for each channel.
bool IsPerChannel(const Tensor& constant) {
  const Shape& s = constant.shape();
  const size_t spatial = std::min<size_t>(s.size(), 2);
  return std::all_of(s.end() - static_cast<int64_t>(spatial), s.end(), [](int64_t d) { return d == 1; });
}

template <size_t kCount>
bool IsOneOf(std::string_view type, const std::string_view (&types)[kCount]) {
  return std::find(std::begin(types), std::end(types), type) != std::end(types);
}

bool PadsWithItself(const Node& node, const char* mode_name) {
  const std::string mode = node.attributes.String(mode_name, "constant");
  return mode == "reflect" || mode == "edge";
}

bool Zeros(const std::vector<int64_t>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](int64_t n) { return n == 0; });
}

// The first input is flat: is the result?
bool KeepsFlat(const Node& node) {
  static constexpr std::string_view kNumberByNumber[] = {"Abs",
                                                         "Ceil",
                                                         "Celu",
                                                         "Clip",
                                                         "Dropout",
                                                         "Elu",
                                                         "Erf",
                                                         "Exp",
                                                         "Floor",
                                                         "HardSigmoid",
                                                         "HardSwish",
                                                         "Identity",
                                                         "LeakyRelu",
                                                         "Log",
                                                         "Mish",
                                                         "Neg",
                                                         "Reciprocal",
                                                         "Relu",
                                                         "Round",
                                                         "Selu",
                                                         "Sigmoid",
                                                         "Sign",
                                                         "Softplus",
                                                         "Softsign",
                                                         "Sqrt",
                                                         "Tanh",
                                                         "ThresholdedRelu",
                                                         "tempera.Affine",
                                                         "tempera.Gelu",
                                                         "tempera.Mish",
                                                         "tempera.Silu"};
  const std::string& type = node.op_type;
  if (IsOneOf(type, kNumberByNumber)) return true;
  if (type == "InstanceNormalization" || type == "tempera.GroupNorm") return true;
  if (type == "Pad") return PadsWithItself(node, "mode");
  if (type == "tempera.Conv") {
    // A transposed convolution with a stride has fewer taps at some places than at others.
    if (node.attributes.Int("transposed", 0) != 0) return false;
    if (node.attributes.Int("shuffle", 1) != 1) return false;  // as DepthToSpace
    return PadsWithItself(node, "pad_mode") || Zeros(node.attributes.Ints("pads"));
  }
  if (type == "Resize" || type == "Upsample") {
    return node.attributes.String("coordinate_transformation_mode", "") != "tf_crop_and_resize";
  }
  return false;
}

// Operators of several values: flat when all are.
bool JoinsFlat(const Node& node) {
  static constexpr std::string_view kJoining[] = {"Add", "Div", "Max", "Min", "Mul", "PRelu", "Sub"};
  return IsOneOf(node.op_type, kJoining) || (node.op_type == "Concat" && node.attributes.Int("axis", 0) == 1);
}

}  // namespace

std::vector<bool> StaysFlat(const Graph& graph) {
  std::vector<bool> flat(graph.values.size(), false);
  for (const ValueId v : graph.inputs) flat[static_cast<size_t>(v)] = IsPicture(graph, v);
  for (const Node& node : graph.nodes) {
    if (node.inputs.empty() || node.outputs.empty() || node.outputs[0] == graph::kNoValue) continue;
    const auto is_flat = [&](ValueId v) {
      if (v == graph::kNoValue) return true;
      const auto& constant = graph.value(v).constant;
      return constant ? IsPerChannel(*constant) : flat[static_cast<size_t>(v)];
    };
    const bool first = node.inputs[0] != graph::kNoValue && is_flat(node.inputs[0]);
    const bool result = JoinsFlat(node) ? std::all_of(node.inputs.begin(), node.inputs.end(), is_flat)
                                        : first && KeepsFlat(node);
    flat[static_cast<size_t>(node.outputs[0])] = result && IsPicture(graph, node.outputs[0]);
  }
  return flat;
}

bool IsFlat(const Tensor& picture) {
  if (picture.dtype() != DataType::kFloat32 || picture.shape().size() != 4) return false;
  const int64_t plane = picture.shape()[2] * picture.shape()[3];
  if (plane == 0) return false;
  const float* p = picture.data<float>();
  for (int64_t i = 0; i < picture.shape()[0] * picture.shape()[1]; ++i, p += plane) {
    if (!std::all_of(p, p + plane, [first = *p](float x) { return x == first; })) return false;
  }
  return true;
}

}  // namespace tempera::engine
