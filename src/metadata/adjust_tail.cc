#include "src/metadata/adjust_tail.h"

#include <algorithm>
#include <array>
#include <utility>

#include "src/graph/rewrite.h"
#include "src/onnx/adjust_tail.h"

namespace tempera::metadata {
namespace {

using graph::Graph;
using graph::ValueId;

// Which value of the graph is which of the tail's.
using TailValues = std::array<ValueId, onnx::kAdjustValues>;

bool IsInput(const Graph& graph, ValueId v) {
  return std::find(graph.inputs.begin(), graph.inputs.end(), v) != graph.inputs.end();
}

bool IsConstant(const Graph& graph, ValueId v, const Shape& shape, const float* numbers) {
  const Tensor* t = graph::ConstantFloats(graph, v);
  return t != nullptr && t->shape() == shape && !IsInput(graph, v) &&
         std::equal(numbers, numbers + t->element_count(), t->data<float>());
}

bool HasConstants(const Graph& graph, const TailValues& at) {
  for (size_t i = 0; i < std::size(onnx::kAdjustScalars); ++i) {
    if (!IsConstant(graph, at[onnx::kBlack + i], {}, &onnx::kAdjustScalars[i])) return false;
  }
  return IsConstant(graph, at[onnx::kLumaOnly], {3, 3, 1, 1}, onnx::kLumaOnlyWeights.data());
}

// Whether `v` is the file's parameter of that name, and turns as the built-in one does.
bool IsLikeBuiltIn(const Graph& graph, const ModelMetadata& metadata, const Parameter& built_in, ValueId v) {
  for (const Parameter& p : metadata.parameters) {
    if (p.name != built_in.name) continue;
    if (p.input < 0) return false;
    const auto input = static_cast<size_t>(p.input);
    return graph.inputs[input] == v && graph.input_dims[input].size() == 1 && p.kind == built_in.kind &&
           p.minimum == built_in.minimum && p.maximum == built_in.maximum && p.defaults == built_in.defaults;
  }
  return false;
}

// Backwards from the painting: what node reads what is then known of all but what the first one reads.
bool FindNodes(const Graph& graph, TailValues* at) {
  const graph::Uses uses(graph);
  at->fill(graph::kNoValue);
  at->back() = graph.outputs[0];
  std::array<size_t, onnx::kAdjustValues> reads = {};
  for (size_t i = onnx::kAdjustNodeCount; i-- > 0;) {
    const size_t made = onnx::kFirstResult + i;
    const graph::Node* node = graph::Maker(graph, uses, (*at)[made], onnx::kAdjustNodes[i].op);
    if (node == nullptr || node->outputs.size() != 1 || !node->attributes.list().empty() ||
        !node->guards.empty())
      return false;
    size_t count = 0;
    for (const onnx::AdjustValue value : onnx::kAdjustNodes[i].inputs) {
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
    const auto outputs = std::count(graph.outputs.begin(), graph.outputs.end(), (*at)[v]);
    if (uses.readers((*at)[v]).size() != reads[v] || outputs != (v == onnx::kFinal ? 1 : 0)) return false;
  }
  return uses.producer((*at)[onnx::kRawPainting]) >= 0;
}

bool FindTail(const Graph& graph, const ModelMetadata& metadata, TailValues* at) {
  constexpr int kClipTakesInputs = 11;
  if (graph.opset < kClipTakesInputs || graph.outputs.empty() || !FindNodes(graph, at)) return false;
  const ValueId source = graph.inputs[metadata.picture_input];
  if ((*at)[onnx::kSourcePicture] != source || graph.value(source).info.dtype != DataType::kFloat32)
    return false;
  // The network is to remember what the tail gives, not what it is given.
  for (const engine::StateLink& state : metadata.states) {
    if (state.output == 0) return false;
  }
  size_t found = 0;
  for (const Parameter& built_in : BuiltInParameters()) {
    for (size_t i = 0; i < std::size(onnx::kAdjustInputs); ++i) {
      if (built_in.name == onnx::kAdjustInputs[i].name)
        found += IsLikeBuiltIn(graph, metadata, built_in, (*at)[onnx::kKeepColorsInput + i]);
    }
  }
  return found == std::size(onnx::kAdjustInputs) && HasConstants(graph, *at);
}

void CutTail(const TailValues& at, Graph* graph) {
  const auto is_cut = [&](const graph::Node& node) {
    return std::find(at.begin() + onnx::kFirstResult, at.end(), node.outputs[0]) != at.end();
  };
  std::erase_if(graph->nodes, is_cut);
  std::swap(graph->value(at[onnx::kRawPainting]).name, graph->value(at[onnx::kFinal]).name);
  graph->outputs[0] = at[onnx::kRawPainting];
  for (size_t i = 0; i < std::size(onnx::kAdjustInputs); ++i) {
    const auto input = std::find(graph->inputs.begin(), graph->inputs.end(), at[onnx::kKeepColorsInput + i]) -
                       graph->inputs.begin();
    graph->inputs.erase(graph->inputs.begin() + input);
    graph->input_dims.erase(graph->input_dims.begin() + input);
    std::erase_if(graph->metadata, [&](const auto& entry) {
      return entry.first == std::string("tempera.param.") + onnx::kAdjustInputs[i].name;
    });
  }
}

// As the built-in parameters see pictures.
bool HasBytesOfRgb(const ModelMetadata& metadata) {
  return metadata.in == ValueFormat{} && metadata.out == ValueFormat{};
}

}  // namespace

Status TakeOutAdjustTail(const std::string& name, std::shared_ptr<const Graph>* model,
                         ModelMetadata* metadata) {
  TailValues at;
  if (!HasBytesOfRgb(*metadata) || !FindTail(**model, *metadata, &at)) return OkStatus();
  auto cut = std::make_shared<Graph>(**model);
  CutTail(at, cut.get());
  TEMPERA_ASSIGN_OR_RETURN(ModelMetadata read, ReadModelMetadata(*cut, name));
  SettlePainting(*cut, &read);
  if (!HasBytesOfRgb(read)) return OkStatus();
  *model = std::move(cut);
  *metadata = std::move(read);
  return OkStatus();
}

}  // namespace tempera::metadata
