#include "src/graph/rewrite.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "src/onnx/attributes.h"

namespace tempera::graph {

Uses::Uses(const Graph& graph)
    : readers_(graph.values.size()), producers_(graph.values.size(), -1), is_output_(graph.values.size()) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (ValueId v : graph.nodes[n].inputs) {
      if (v != kNoValue) readers_[static_cast<size_t>(v)].push_back(n);
    }
    for (ValueId v : graph.nodes[n].outputs) {
      if (v != kNoValue) producers_[static_cast<size_t>(v)] = static_cast<int64_t>(n);
    }
  }
  for (ValueId v : graph.outputs) is_output_[static_cast<size_t>(v)] = true;
}

void RemoveDeadNodes(Graph& graph) {
  std::vector<bool> needed(graph.values.size());
  for (ValueId v : graph.outputs) needed[static_cast<size_t>(v)] = true;
  std::vector<bool> keep(graph.nodes.size());
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    for (ValueId v : graph.nodes[n].outputs) {
      if (v != kNoValue && needed[static_cast<size_t>(v)]) keep[n] = true;
    }
    if (!keep[n]) continue;
    for (ValueId v : graph.nodes[n].inputs) {
      if (v != kNoValue) needed[static_cast<size_t>(v)] = true;
    }
  }
  size_t to = 0;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!keep[n]) continue;
    if (to != n) graph.nodes[to] = std::move(graph.nodes[n]);
    ++to;
  }
  graph.nodes.resize(to);
}

ValueId AddConstant(Graph& graph, std::string name, Tensor tensor) {
  Value value;
  value.name = std::move(name);
  value.info = tensor.info();
  value.constant = std::move(tensor);
  graph.values.push_back(std::move(value));
  return static_cast<ValueId>(graph.values.size() - 1);
}

Result<ValueId> AddFloats(Graph& graph, std::string name, const std::vector<float>& numbers) {
  TEMPERA_ASSIGN_OR_RETURN(Tensor t,
                           Tensor::Create(DataType::kFloat32, {static_cast<int64_t>(numbers.size())}));
  std::copy(numbers.begin(), numbers.end(), t.data<float>());
  return AddConstant(graph, std::move(name), std::move(t));
}

const Tensor* ConstantFloats(const Graph& graph, ValueId v) {
  if (v == kNoValue) return nullptr;
  const auto& constant = graph.value(v).constant;
  return constant && constant->dtype() == DataType::kFloat32 ? &*constant : nullptr;
}

std::vector<int64_t> ConstantInts(const Graph& graph, ValueId v) {
  if (v == kNoValue || !graph.value(v).constant) return {};
  const Tensor& t = *graph.value(v).constant;
  if (t.dtype() == DataType::kInt64) {
    const auto s = t.span<int64_t>();
    return {s.begin(), s.end()};
  }
  if (t.dtype() == DataType::kInt32) {
    const auto s = t.span<int32_t>();
    return {s.begin(), s.end()};
  }
  return {};
}

ValueId InputOf(const Node& node, size_t index) {
  return index < node.inputs.size() ? node.inputs[index] : kNoValue;
}

bool IsNorm(const Node& node) {
  return node.op_type == "InstanceNormalization" || node.op_type == "tempera.GroupNorm";
}

bool IsPicture(const TensorInfo& info) { return info.dtype == DataType::kFloat32 && info.shape.size() == 4; }

const Node* Maker(const Graph& graph, const Uses& uses, ValueId v, std::string_view op_type) {
  const int64_t n = uses.producer(v);
  if (n < 0 || graph.nodes[static_cast<size_t>(n)].op_type != op_type) return nullptr;
  return &graph.nodes[static_cast<size_t>(n)];
}

const Node* SoleMaker(const Graph& graph, const Uses& uses, ValueId v, std::string_view op_type) {
  const Node* maker = Maker(graph, uses, v, op_type);
  return maker != nullptr && uses.sole(v) ? maker : nullptr;
}

bool OneNumber(const Graph& graph, ValueId v, float* out) {
  const Tensor* t = ConstantFloats(graph, v);
  if (t == nullptr || t->element_count() != 1) return false;
  *out = *t->data<float>();
  return true;
}

void SetInt(Node& node, const char* name, int64_t value) {
  node.attributes.Set(onnx::IntAttribute(name, value));
}
void SetInts(Node& node, const char* name, std::vector<int64_t> values) {
  node.attributes.Set(onnx::IntsAttribute(name, std::move(values)));
}
void SetFloat(Node& node, const char* name, float value) {
  node.attributes.Set(onnx::FloatAttribute(name, value));
}
void SetString(Node& node, const char* name, std::string value) {
  node.attributes.Set(onnx::TextAttribute(name, std::move(value)));
}

void Absorb(const Node& node, Node& into, bool before) {
  const auto join = [&](const std::string& other, const std::string& own) {
    return before ? other + "+" + own : own + "+" + other;
  };
  SetString(into, "operators",
            join(node.attributes.String("operators", node.op_type),
                 into.attributes.String("operators", into.op_type)));
  into.name = join(node.name, into.name);
}

}  // namespace tempera::graph
