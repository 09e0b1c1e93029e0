#include "src/graph/import.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "src/onnx/quote.h"

namespace tempera::graph {
namespace {

using onnx::Quote;

std::string NodeLabel(const onnx::Node& node, size_t index) {
  return node.name.empty() ? node.op_type + "_" + std::to_string(index) : node.name;
}

class Importer {
 public:
  Importer(onnx::Model model, bool (*is_known)(std::string_view))
      : model_(std::move(model)), is_known_(is_known) {}

  Result<Graph> Run();

 private:
  Status CheckOperators() const;
  Status AddInitializers();
  Status AddInputs();
  Status AddNodes();
  Status AddOutputs();
  Status SortNodes();
  // Forgets further outputs of a node that nobody reads: old exporters declare them all (Dropout's mask, the
  // statistics of BatchNormalization), and operators need not make them.
  void DropUnreadOutputs();
  // Whether metadata makes a parameter of this input (docs/model-format.md).
  bool IsParameter(const std::string& input) const;
  // A new value; an error when the name is taken.
  Result<ValueId> Define(const std::string& name, const char* role);

  onnx::Model model_;
  bool (*is_known_)(std::string_view);
  Graph graph_;
  std::unordered_map<std::string, ValueId> ids_;
};

Result<Graph> Importer::Run() {
  graph_.opset = static_cast<int>(model_.opset);
  graph_.metadata = std::move(model_.metadata_props);
  TEMPERA_RETURN_IF_ERROR(CheckOperators());
  TEMPERA_RETURN_IF_ERROR(AddInitializers());
  TEMPERA_RETURN_IF_ERROR(AddInputs());
  TEMPERA_RETURN_IF_ERROR(AddNodes());
  TEMPERA_RETURN_IF_ERROR(AddOutputs());
  DropUnreadOutputs();
  TEMPERA_RETURN_IF_ERROR(SortNodes());
  return std::move(graph_);
}

Status Importer::CheckOperators() const {
  for (size_t i = 0; i < model_.graph.nodes.size(); ++i) {
    const onnx::Node& n = model_.graph.nodes[i];
    const bool default_domain = n.domain.empty() || n.domain == "ai.onnx";
    if (default_domain && is_known_(n.op_type)) continue;
    const std::string full_name = default_domain ? n.op_type : n.domain + "." + n.op_type;
    return Unsupported("operator " + Quote(full_name) + " (node " + Quote(NodeLabel(n, i)) +
                       ") is not supported; docs/operators.md lists what is: export the model without it");
  }
  return OkStatus();
}

Result<ValueId> Importer::Define(const std::string& name, const char* role) {
  if (name.empty()) return CorruptModel(std::string(role) + " has no name; export the model again");
  const auto id = static_cast<ValueId>(graph_.values.size());
  if (!ids_.emplace(name, id).second) {
    return CorruptModel(std::string(role) + " " + Quote(name) +
                        " is defined twice; the model is damaged: export it again");
  }
  graph_.values.emplace_back().name = name;
  return id;
}

Status Importer::AddInitializers() {
  for (onnx::Initializer& init : model_.graph.initializers) {
    TEMPERA_ASSIGN_OR_RETURN(const ValueId id, Define(init.name, "initializer"));
    graph_.value(id).info = init.tensor.info();
    graph_.value(id).constant = std::move(init.tensor);
  }
  return OkStatus();
}

bool Importer::IsParameter(const std::string& input) const {
  const std::string key = "tempera.param." + input;
  return std::any_of(graph_.metadata.begin(), graph_.metadata.end(),
                     [&](const auto& entry) { return entry.first == key; });
}

Status Importer::AddInputs() {
  for (const onnx::ValueInfo& info : model_.graph.inputs) {
    const auto found = ids_.find(info.name);
    const bool has_default = found != ids_.end() && graph_.value(found->second).constant;
    // Before IR version 4 every initializer had to be listed as an input too.
    if (has_default && !IsParameter(info.name)) continue;
    ValueId id = has_default ? found->second : kNoValue;
    if (!has_default) {
      TEMPERA_ASSIGN_OR_RETURN(id, Define(info.name, "input"));
    } else if (std::find(graph_.inputs.begin(), graph_.inputs.end(), id) != graph_.inputs.end()) {
      return CorruptModel("input " + Quote(info.name) +
                          " is defined twice; the model is damaged: export it again");
    }
    if (DataTypeSize(info.dtype) == 0) {
      return Unsupported("input " + Quote(info.name) + " is not a tensor of numbers (" +
                         DataTypeName(info.dtype) + "); export the model with tensor inputs");
    }
    Value& value = graph_.value(id);
    value.info = {info.dtype, {}};
    for (const onnx::Dim& d : info.shape) value.info.shape.push_back(d.value);
    graph_.inputs.push_back(id);
    graph_.input_dims.push_back(info.has_shape ? info.shape : std::vector<onnx::Dim>());
  }
  return OkStatus();
}

Status Importer::AddNodes() {
  auto& nodes = model_.graph.nodes;
  for (size_t i = 0; i < nodes.size(); ++i) {
    Node& node = graph_.nodes.emplace_back();
    node.name = NodeLabel(nodes[i], i);
    node.op_type = nodes[i].op_type;
    node.attributes = Attributes(std::move(nodes[i].attributes));
    if (nodes[i].outputs.empty()) {
      return CorruptModel("node " + Quote(node.name) + " (" + node.op_type +
                          ") has no output; the model is damaged: export it again");
    }
    for (const std::string& name : nodes[i].outputs) {
      ValueId id = kNoValue;
      if (!name.empty()) {
        TEMPERA_ASSIGN_OR_RETURN(id, Define(name, "value"));
      }
      node.outputs.push_back(id);
    }
  }
  const auto find = [&](const Node& node, const std::string& name) -> Result<ValueId> {
    const auto found = ids_.find(name);
    if (found != ids_.end()) return found->second;
    return CorruptModel("node " + Quote(node.name) + " (" + node.op_type + ") reads " + Quote(name) +
                        ", which neither a node nor an initializer provides; export the model again");
  };
  // Inputs second: in a hostile file a node may stand before the one it reads.
  for (size_t i = 0; i < nodes.size(); ++i) {
    Node& node = graph_.nodes[i];
    for (const std::string& name : nodes[i].inputs) {
      if (name.empty()) {
        node.inputs.push_back(kNoValue);
        continue;
      }
      TEMPERA_ASSIGN_OR_RETURN(const ValueId id, find(node, name));
      node.inputs.push_back(id);
    }
    for (const auto& [condition, taken] : nodes[i].guards) {
      TEMPERA_ASSIGN_OR_RETURN(const ValueId id, find(node, condition));
      node.guards.emplace_back(id, taken);
    }
  }
  return OkStatus();
}

Status Importer::AddOutputs() {
  for (const onnx::ValueInfo& info : model_.graph.outputs) {
    const auto found = ids_.find(info.name);
    if (found == ids_.end()) {
      return CorruptModel("output " + Quote(info.name) +
                          " is not computed by any node; export the model again");
    }
    graph_.outputs.push_back(found->second);
  }
  if (graph_.outputs.empty()) return CorruptModel("the model has no output; export it again");
  return OkStatus();
}

void Importer::DropUnreadOutputs() {
  std::vector<bool> read(graph_.values.size());
  for (const ValueId v : graph_.outputs) read[static_cast<size_t>(v)] = true;
  for (const Node& node : graph_.nodes) {
    for (const ValueId v : node.inputs) {
      if (v != kNoValue) read[static_cast<size_t>(v)] = true;
    }
    for (const auto& [condition, taken] : node.guards) read[static_cast<size_t>(condition)] = true;
  }
  for (Node& node : graph_.nodes) {
    for (size_t o = 1; o < node.outputs.size(); ++o) {
      if (node.outputs[o] != kNoValue && !read[static_cast<size_t>(node.outputs[o])])
        node.outputs[o] = kNoValue;
    }
  }
}

// Kahn's algorithm (1962). Files in the order ONNX prescribes keep their order.
Status Importer::SortNodes() {
  const size_t count = graph_.nodes.size();
  std::vector<int32_t> producer(graph_.values.size(), -1);
  for (size_t i = 0; i < count; ++i) {
    for (const ValueId v : graph_.nodes[i].outputs) {
      if (v != kNoValue) producer[static_cast<size_t>(v)] = static_cast<int32_t>(i);
    }
  }
  bool sorted = true;
  std::vector<std::vector<size_t>> readers(count);
  std::vector<size_t> waiting_for(count, 0);
  for (size_t i = 0; i < count; ++i) {
    const auto wait_for = [&](ValueId v) {
      const int32_t p = v == kNoValue ? -1 : producer[static_cast<size_t>(v)];
      if (p < 0) return;
      readers[static_cast<size_t>(p)].push_back(i);
      ++waiting_for[i];
      sorted = sorted && static_cast<size_t>(p) < i;
    };
    for (const ValueId v : graph_.nodes[i].inputs) wait_for(v);
    for (const auto& [condition, taken] : graph_.nodes[i].guards) wait_for(condition);
  }
  if (sorted) return OkStatus();
  std::vector<size_t> order;
  for (size_t i = 0; i < count; ++i) {
    if (waiting_for[i] == 0) order.push_back(i);
  }
  for (size_t k = 0; k < order.size(); ++k) {
    for (const size_t reader : readers[order[k]]) {
      if (--waiting_for[reader] == 0) order.push_back(reader);
    }
  }
  if (order.size() < count) {
    size_t stuck = 0;
    while (waiting_for[stuck] == 0) ++stuck;
    return CorruptModel("node " + Quote(graph_.nodes[stuck].name) + " (" + graph_.nodes[stuck].op_type +
                        ") depends on its own result; the model is damaged: export it again");
  }
  std::vector<Node> nodes;
  nodes.reserve(count);
  for (const size_t i : order) nodes.push_back(std::move(graph_.nodes[i]));
  graph_.nodes = std::move(nodes);
  return OkStatus();
}

}  // namespace

Result<Graph> Import(onnx::Model model, bool (*is_known)(std::string_view op_type)) {
  return Importer(std::move(model), is_known).Run();
}

}  // namespace tempera::graph
