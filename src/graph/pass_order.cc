// Nodes that make a few numbers from small inputs and constants go before all others.
#include <algorithm>
#include <utility>

#include "src/graph/passes.h"

namespace tempera::graph {
namespace {

// A scale and a shift for each channel of the widest layers; pictures are larger.
constexpr int64_t kMostNumbers = 16 * 1024;

bool IsSmall(const TensorInfo& info) {
  int64_t count = 1;
  for (int64_t d : info.shape) {
    if (d < 0 || d > kMostNumbers) return false;
    count *= d;
    if (count > kMostNumbers) return false;
  }
  return info.shape.size() != 4 || info.shape[2] * info.shape[3] == 1;
}

}  // namespace

Status SmallValuesFirst(Graph& graph) {
  std::vector<bool> early(graph.values.size());
  for (size_t v = 0; v < early.size(); ++v) early[v] = graph.values[v].constant.has_value();
  for (ValueId v : graph.inputs) early[static_cast<size_t>(v)] = IsSmall(graph.value(v).info);
  const auto all_early = [&](const std::vector<ValueId>& values) {
    return std::all_of(values.begin(), values.end(),
                       [&](ValueId v) { return v == kNoValue || early[static_cast<size_t>(v)]; });
  };
  std::vector<Node> first, rest;
  for (Node& node : graph.nodes) {
    const bool small = all_early(node.inputs) &&
                       std::all_of(node.outputs.begin(), node.outputs.end(),
                                   [&](ValueId v) { return v == kNoValue || IsSmall(graph.value(v).info); });
    for (ValueId v : node.outputs) {
      if (v != kNoValue) early[static_cast<size_t>(v)] = small;
    }
    (small ? first : rest).push_back(std::move(node));
  }
  graph.nodes = std::move(first);
  std::move(rest.begin(), rest.end(), std::back_inserter(graph.nodes));
  return OkStatus();
}

}  // namespace tempera::graph
