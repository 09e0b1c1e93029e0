// AveragePool of small windows -> tempera.Conv, depthwise with equal weights: the convolution's kernel does
// it at full speed, and what stands behind joins it.
#include <algorithm>

#include "src/graph/passes.h"
#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

// Larger windows have cheaper ways.
constexpr int64_t kMostTaps = 64;

bool IsSmallPicture(const TensorInfo& info) {
  constexpr int64_t kMost = int64_t{1} << 24;  // what kernels on planes take
  if (info.dtype != DataType::kFloat32 || info.shape.size() != 4) return false;
  for (int64_t d : info.shape) {
    if (d < 1 || d > kMost) return false;
  }
  return info.shape[0] * info.shape[1] <= kMost;
}

struct Pool {
  std::vector<int64_t> kernel, strides, pads;
};

// Whether every output of the node is the sum of all taps of its window over their number.
bool ReadPool(const Graph& graph, const Node& node, Pool* pool) {
  const TensorInfo &in = graph.value(node.inputs[0]).info, &out = graph.value(node.outputs[0]).info;
  if (node.op_type != "AveragePool" || !IsSmallPicture(in) || !IsSmallPicture(out)) return false;
  const std::string auto_pad = node.attributes.String("auto_pad", "NOTSET");
  if (auto_pad != "NOTSET" && auto_pad != "VALID") return false;
  pool->kernel = node.attributes.Ints("kernel_shape");
  pool->strides = node.attributes.Ints("strides", {1, 1});
  pool->pads = auto_pad == "VALID" ? std::vector<int64_t>(4) : node.attributes.Ints("pads", {0, 0, 0, 0});
  if (pool->kernel.size() != 2 || pool->strides.size() != 2 || pool->pads.size() != 4) return false;
  if (node.attributes.Ints("dilations", {1, 1}) != std::vector<int64_t>{1, 1}) return false;
  const auto [least, most] = std::minmax_element(pool->pads.begin(), pool->pads.end());
  if (*least < 0 || (*most > 0 && node.attributes.Int("count_include_pad", 0) == 0)) return false;
  if (pool->kernel[0] * pool->kernel[1] > kMostTaps) return false;
  for (size_t d = 0; d < 2; ++d) {
    // With ceil_mode the last window may reach past the padding; its number of taps is less then.
    const int64_t reach = (out.shape[d + 2] - 1) * pool->strides[d] + pool->kernel[d];
    if (reach > in.shape[d + 2] + pool->pads[d] + pool->pads[d + 2]) return false;
  }
  return pool->kernel[0] != in.shape[2] || pool->kernel[1] != in.shape[3];  // of all: a mean
}

}  // namespace

Status LowerAveragePool(Graph& graph) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    Pool pool;
    if (!ReadPool(graph, graph.nodes[n], &pool)) continue;
    const int64_t channels = graph.value(graph.nodes[n].inputs[0]).info.shape[1];
    TEMPERA_ASSIGN_OR_RETURN(
        Tensor weights, Tensor::Create(DataType::kFloat32, {channels, 1, pool.kernel[0], pool.kernel[1]}));
    const float share = 1.0f / static_cast<float>(pool.kernel[0] * pool.kernel[1]);
    std::fill_n(weights.data<float>(), weights.element_count(), share);
    Node conv;
    conv.name = graph.nodes[n].name;
    conv.op_type = "tempera.Conv";
    conv.inputs = {graph.nodes[n].inputs[0], AddConstant(graph, conv.name + ".weights", std::move(weights)),
                   kNoValue, kNoValue};
    conv.outputs = graph.nodes[n].outputs;
    FusedConv window;
    window.group = channels;
    window.stride_h = pool.strides[0], window.stride_w = pool.strides[1];
    window.padding = {pool.pads[0], pool.pads[1], pool.pads[2], pool.pads[3]};
    conv.fused = window;
    SetString(conv, "operators", "AveragePool");
    graph.nodes[n] = std::move(conv);
  }
  return OkStatus();
}

}  // namespace tempera::graph
