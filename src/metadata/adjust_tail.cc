#include "src/metadata/adjust_tail.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "src/graph/rewrite.h"
#include "src/onnx/adjust_tail.h"

namespace tempera::metadata {
namespace {

using graph::Graph;
using graph::ValueId;

// Which value of the graph is which of the tail's.
using TailValues = std::array<ValueId, onnx::kAdjustValues>;

constexpr size_t kInputs = std::size(onnx::kAdjustInputs);
// Their places among the built-in parameters, and so in every list.
constexpr size_t kBuiltIn[kInputs] = {1, 3, 4};

bool Contains(const std::vector<ValueId>& list, ValueId v) {
  return std::find(list.begin(), list.end(), v) != list.end();
}

// Backwards from the painting: with what node reads what, all values are known but what the first one reads.
bool FindNodes(const Graph& graph, const graph::Uses& uses, TailValues* at) {
  at->fill(graph::kNoValue);
  at->back() = graph.outputs[0];
  std::array<size_t, onnx::kAdjustValues> reads = {};
  for (size_t i = onnx::kAdjustNodeCount; i-- > 0;) {
    const onnx::AdjustNode& wanted = onnx::kAdjustNodes[i];
    const graph::Node* node = graph::Maker(graph, uses, (*at)[onnx::kFirstResult + i], wanted.op);
    if (node == nullptr || node->outputs.size() != 1 || !node->attributes.list().empty()) return false;
    size_t count = 0;
    for (const onnx::AdjustValue value : wanted.inputs) {
      if (value == onnx::kNothing) continue;
      ++reads[value];
      const ValueId v = graph::InputOf(*node, count++);
      ValueId& known = (*at)[value];
      if (known == graph::kNoValue) known = v;
      if (known != v || v == graph::kNoValue) return false;
    }
    if (node->inputs.size() != count) return false;
  }
  // Nobody else sees what will not be there any more.
  for (size_t v = 0; v < onnx::kAdjustValues; ++v) {
    const bool shared = v == onnx::kSourcePicture || (v >= onnx::kBlack && v < onnx::kFirstResult);
    if (shared) continue;
    if (uses.readers((*at)[v]).size() != reads[v] || uses.is_output((*at)[v]) != (v == onnx::kFinal))
      return false;
  }
  return std::count(graph.outputs.begin(), graph.outputs.end(), at->back()) == 1 &&
         uses.producer((*at)[onnx::kRawPainting]) >= 0;
}

bool HasConstants(const Graph& graph, const TailValues& at) {
  for (size_t v = onnx::kBlack; v < onnx::kFirstResult; ++v) {
    const Tensor* t = graph::ConstantFloats(graph, at[v]);
    if (t == nullptr || Contains(graph.inputs, at[v])) return false;
    const bool luma = v == onnx::kLumaOnly;
    const float* wanted = luma ? onnx::kLumaOnlyWeights.data() : &onnx::kAdjustScalars[v - onnx::kBlack];
    const Shape& shape = t->shape();
    if (luma ? shape.size() != 4 || shape[0] != 3 || shape[1] != 3 || t->element_count() != 9
             : !shape.empty())
      return false;
    if (!std::equal(wanted, wanted + t->element_count(), t->data<float>())) return false;
  }
  return true;
}

// The graph's last inputs are the three, in their order, and turn as the built-in parameters do.
bool HasInputs(const Graph& graph, const ModelMetadata& metadata, const std::vector<Parameter>& built_in,
               const TailValues& at) {
  if (graph.inputs.size() <= kInputs) return false;
  for (size_t i = 0; i < kInputs; ++i) {
    const size_t input = graph.inputs.size() - kInputs + i;
    const Parameter &p = metadata.parameters[kBuiltIn[i]], &wanted = built_in[kBuiltIn[i]];
    if (p.input != static_cast<int>(input) || graph.inputs[input] != at[onnx::kKeepColorsInput + i] ||
        graph.input_dims[input].size() != 1 || p.kind != wanted.kind || p.minimum != wanted.minimum ||
        p.maximum != wanted.maximum || p.defaults != wanted.defaults)
      return false;
  }
  return true;
}

bool FindTail(const Graph& graph, const ModelMetadata& metadata, const std::vector<Parameter>& built_in,
              TailValues* at) {
  constexpr int kClipTakesInputs = 11;
  // As the built-in parameters see pictures.
  if (graph.opset < kClipTakesInputs || metadata.in != ValueFormat{} || metadata.out != ValueFormat{})
    return false;
  // The network is to remember what the tail gives, not what it is given.
  for (const engine::StateLink& state : metadata.states) {
    if (state.output == 0) return false;
  }
  // Branches are not looked into.
  for (const graph::Node& node : graph.nodes) {
    if (!node.guards.empty()) return false;
  }
  const graph::Uses uses(graph);
  if (graph.outputs.empty() || !FindNodes(graph, uses, at)) return false;
  const ValueId source = graph.inputs[metadata.picture_input];
  return (*at)[onnx::kSourcePicture] == source && graph.value(source).info.dtype == DataType::kFloat32 &&
         HasInputs(graph, metadata, built_in, *at) && HasConstants(graph, *at);
}

}  // namespace

void TakeOutAdjustTail(std::shared_ptr<const Graph>* model, ModelMetadata* metadata) {
  std::vector<Parameter> built_in = BuiltInParameters();
  TailValues at;
  if (!FindTail(**model, *metadata, built_in, &at)) return;
  auto cut = std::make_shared<Graph>(**model);
  cut->outputs[0] = at[onnx::kRawPainting];
  graph::RemoveDeadNodes(*cut);
  for (const size_t place : kBuiltIn) {
    cut->inputs.pop_back();
    cut->input_dims.pop_back();
    metadata->parameters[place] = std::move(built_in[place]);
  }
  *model = std::move(cut);
}

}  // namespace tempera::metadata
