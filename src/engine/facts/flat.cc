#include "src/engine/facts/flat.h"

#include <algorithm>

#include "src/engine/facts/operators.h"
#include "src/graph/rewrite.h"

namespace tempera::engine {
namespace {

using graph::Graph;
using graph::IsPicture;
using graph::Node;
using graph::ValueId;

// One number, or one for each channel.
bool IsPerChannel(const Shape& s) {
  const size_t spatial = std::min<size_t>(s.size(), 2);
  return std::all_of(s.end() - static_cast<int64_t>(spatial), s.end(), [](int64_t d) { return d == 1; });
}

}  // namespace

std::vector<bool> StaysFlat(const Graph& graph) {
  std::vector<bool> flat(graph.values.size(), false);
  for (const ValueId v : graph.inputs) flat[static_cast<size_t>(v)] = IsPicture(graph.value(v).info);
  for (const Node& node : graph.nodes) {
    if (node.inputs.empty() || node.outputs.empty() || node.outputs[0] == graph::kNoValue) continue;
    const auto is_flat = [&](ValueId v) {
      if (v == graph::kNoValue) return true;
      return flat[static_cast<size_t>(v)] || IsPerChannel(graph.value(v).info.shape);
    };
    const FlatWhen when = FactsOf(node.op_type).flat(node);
    const bool result =
        when == FlatWhen::kAll
            ? std::all_of(node.inputs.begin(), node.inputs.end(), is_flat)
            : when == FlatWhen::kFirst && node.inputs[0] != graph::kNoValue && is_flat(node.inputs[0]);
    flat[static_cast<size_t>(node.outputs[0])] = result && IsPicture(graph.value(node.outputs[0]).info);
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
