#include "src/onnx/flatten.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "src/onnx/quantized_linear.h"
#include "src/onnx/quote.h"

namespace tempera::onnx {
namespace {

// Functions in functions, and branches in branches.
constexpr int kMaxDepth = 32;
// What a call of a call of a call may grow to: ten times the nodes of the largest public networks, and their
// names and attributes.
constexpr size_t kMaxNodes = 100'000, kMaxBytes = size_t{256} << 20;
constexpr size_t kLongestPrefix = 40;
// What a name costs that goes into a table, or a constant that is named anew: more time than it takes memory.
constexpr size_t kNameBytes = 512;

using Names = std::unordered_map<std::string, std::string>;

bool IsDefaultDomain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

class Flattener {
 public:
  Flattener(Model* model, std::string source) : model_(*model), source_(std::move(source)) {}

  Status Run() {
    for (const Function& f : model_.functions) functions_.emplace(KeyOf(f.domain, f.name, f.overload), &f);
    std::vector<Node> nodes = std::move(model_.graph.nodes);
    model_.graph.nodes.clear();
    for (Node& node : nodes) {
      for (const Attribute& a : node.attributes) {
        if (!a.ref_name.empty()) return RefersOutside(node, a);
      }
      TEMPERA_RETURN_IF_ERROR(Add(std::move(node), 0));
    }
    model_.graph.nodes = std::move(out_);
    model_.functions.clear();
    return OkStatus();
  }

 private:
  using Key = std::tuple<std::string, std::string, std::string>;
  static Key KeyOf(const std::string& domain, const std::string& name, const std::string& overload) {
    return {domain == "ai.onnx" ? "" : domain, name, overload};
  }
  std::string At(const Node& node) const {
    return source_ + ": node " + Quote(node.name) + " (" + Quote(node.op_type) + ")";
  }

  // Of a node whose names are the model's.
  Status Add(Node&& node, int depth) {
    if (depth > kMaxDepth) {
      return Unsupported(At(node) + " stands in more than " + std::to_string(kMaxDepth) +
                         " functions or branches; export the model without them");
    }
    const auto function = functions_.find(KeyOf(node.domain, node.op_type, node.overload));
    if (function != functions_.end()) return AddCall(node, *function->second, depth);
    if (IsDefaultDomain(node.domain) && node.op_type == "If") return AddIf(std::move(node), depth);
    if (IsQuantizedLinear(node.domain, node.op_type)) {
      Result<std::vector<Node>> nodes = WriteQuantizedLinearOut(node, Prefix(node));
      if (!nodes.ok()) return Status(nodes.status().code(), At(node) + ": " + nodes.status().message());
      for (Node& written : *nodes) {
        TEMPERA_RETURN_IF_ERROR(Count(written));
        out_.push_back(std::move(written));
      }
      return OkStatus();
    }
    out_.push_back(std::move(node));
    return OkStatus();
  }

  Status AddCall(const Node& call, const Function& f, int depth) {
    if (f.opset != 0 && f.opset != model_.opset) {
      return Unsupported(At(call) + " calls a function of opset " + std::to_string(f.opset) +
                         " in a model of " + std::to_string(model_.opset) +
                         "; export the model with its functions inlined");
    }
    if (call.inputs.size() > f.inputs.size() || call.outputs.size() > f.outputs.size()) {
      return CorruptModel(At(call) +
                          " gives or takes more values than its function does; export the model again");
    }
    TEMPERA_RETURN_IF_ERROR(
        Spend(1, (f.inputs.size() + f.outputs.size()) * kNameBytes + f.nodes.size() * sizeof(Node)));
    Names names;
    for (size_t i = 0; i < f.inputs.size(); ++i)
      names[f.inputs[i]] = i < call.inputs.size() ? call.inputs[i] : std::string();
    // What the call wants of it has the call's name, but for an input that is handed through.
    std::vector<std::pair<std::string, std::string>> through;
    for (size_t o = 0; o < call.outputs.size(); ++o) {
      if (call.outputs[o].empty()) continue;
      const auto [at, is_new] = names.emplace(f.outputs[o], call.outputs[o]);
      if (!is_new) through.emplace_back(at->second, call.outputs[o]);
    }
    const std::string prefix = Prefix(call);
    for (const Node& inner : f.nodes) NameOutputs(inner, prefix, &names);
    for (const Node& inner : f.nodes) {
      TEMPERA_ASSIGN_OR_RETURN(Node node, Renamed(inner, names, prefix, &call, &f, depth));
      TEMPERA_RETURN_IF_ERROR(AddGuards(call.guards, &node));
      TEMPERA_RETURN_IF_ERROR(Add(std::move(node), depth + 1));
    }
    for (auto& [from, to] : through) {
      Node identity;
      identity.name = prefix + to, identity.op_type = "Identity";
      identity.inputs = {from}, identity.outputs = {to};
      TEMPERA_RETURN_IF_ERROR(AddGuards(call.guards, &identity));
      TEMPERA_RETURN_IF_ERROR(Count(identity));
      out_.push_back(std::move(identity));
    }
    return OkStatus();
  }

  // In front of those that it has.
  Status AddGuards(const std::vector<std::pair<std::string, bool>>& guards, Node* node) {
    size_t bytes = 0;
    for (const auto& [condition, taken] : guards) bytes += sizeof(std::string) + condition.size();
    TEMPERA_RETURN_IF_ERROR(Spend(0, bytes));
    node->guards.insert(node->guards.begin(), guards.begin(), guards.end());
    return OkStatus();
  }

  Status AddIf(Node&& node, int depth) {
    std::shared_ptr<const Graph> branches[2];
    for (const Attribute& a : node.attributes) {
      if (a.type != Attribute::Type::kGraph) continue;
      if (a.name == "then_branch") branches[0] = a.g;
      if (a.name == "else_branch") branches[1] = a.g;
    }
    if (!branches[0] || !branches[1] || node.inputs.size() != 1 || node.inputs[0].empty())
      return CorruptModel(At(node) +
                          " lacks its condition or a branch; the model is damaged: export it again");
    Node choice = node;
    choice.attributes.clear();
    for (const bool taken : {true, false}) {
      const Graph& branch = *branches[taken ? 0 : 1];
      if (!branch.inputs.empty()) {
        return CorruptModel(At(node) +
                            " has a branch with inputs, which branches do not have; the model is " +
                            "damaged: export it again");
      }
      if (branch.outputs.size() != node.outputs.size()) {
        return CorruptModel(At(node) + " has a branch of " + std::to_string(branch.outputs.size()) +
                            " outputs; the model is damaged: export it again");
      }
      Names names;
      const std::string prefix = Prefix(node);
      for (const Initializer& init : branch.initializers) {
        TEMPERA_RETURN_IF_ERROR(Spend(0, kNameBytes + 2 * init.name.size()));
        names[init.name] = prefix + init.name;
        model_.graph.initializers.push_back({prefix + init.name, init.tensor});
      }
      for (const Node& inner : branch.nodes) NameOutputs(inner, prefix, &names);
      for (const Node& inner : branch.nodes) {
        TEMPERA_ASSIGN_OR_RETURN(Node copy, Renamed(inner, names, prefix, nullptr, nullptr, depth));
        TEMPERA_RETURN_IF_ERROR(AddGuards({{node.inputs[0], taken}}, &copy));
        TEMPERA_RETURN_IF_ERROR(AddGuards(node.guards, &copy));
        TEMPERA_RETURN_IF_ERROR(Add(std::move(copy), depth + 1));
      }
      for (const ValueInfo& output : branch.outputs) choice.inputs.push_back(NameIn(output.name, names));
    }
    out_.push_back(std::move(choice));
    return OkStatus();
  }

  // No exporter writes such names, and each is counted. A file that does all the same is refused where a
  // value has two makers or none.
  std::string Prefix(const Node& node) {
    const std::string& name = node.name.empty() ? node.op_type : node.name;
    return name.substr(0, kLongestPrefix) + "#" + std::to_string(++count_) + "/";
  }

  // One more node that is copied.
  Status Count(const Node& node) {
    size_t bytes = sizeof(Node) + node.name.size() + node.op_type.size() + node.domain.size() +
                   node.overload.size() + SizeOf(node.inputs) + SizeOf(node.outputs);
    for (const Attribute& a : node.attributes) {
      bytes += sizeof(Attribute) + a.name.size() + a.ref_name.size() + a.s.size() +
               a.floats.size() * sizeof(float) + a.ints.size() * sizeof(int64_t) + SizeOf(a.strings);
    }
    for (const auto& [condition, taken] : node.guards) bytes += sizeof(std::string) + condition.size();
    return Spend(1, bytes);
  }

  static size_t SizeOf(const std::vector<std::string>& names) {
    size_t bytes = names.size() * sizeof(std::string);
    for (const std::string& name : names) bytes += name.size();
    return bytes;
  }

  // Before so much is copied.
  Status Spend(size_t nodes, size_t bytes) {
    copies_ += nodes;
    bytes_ += bytes;
    if (copies_ <= kMaxNodes && bytes_ <= kMaxBytes) return OkStatus();
    return CorruptModel(source_ + " is damaged: its functions and branches hold more than " +
                        std::to_string(kMaxNodes) + " nodes, or " + std::to_string(kMaxBytes >> 20) +
                        " MiB; download it again");
  }

  static void NameOutputs(const Node& node, const std::string& prefix, Names* names) {
    for (const std::string& output : node.outputs) {
      if (!output.empty()) names->emplace(output, prefix + output);
    }
  }

  // A name of the scope around stays as it is.
  static std::string NameIn(const std::string& name, const Names& names) {
    const auto found = names.find(name);
    return found == names.end() ? name : found->second;
  }

  // call, function: where attributes that refer to the call's are looked up, or nullptr.
  Result<Node> Renamed(const Node& node, const Names& names, const std::string& prefix, const Node* call,
                       const Function* function, int depth) {
    if (depth > kMaxDepth)
      return Unsupported(At(node) + " stands in too many branches; export it without them");
    if (call != nullptr) {
      for (const std::string& name : node.inputs) {
        if (name.empty() || names.contains(name)) continue;
        return CorruptModel(At(node) + " in function " + Quote(call->op_type) + " reads " + Quote(name) +
                            ", which the function does not have; export the model again");
      }
    }
    Node copy;
    copy.name = prefix + node.name;
    copy.op_type = node.op_type, copy.domain = node.domain, copy.overload = node.overload;
    for (const std::string& name : node.inputs) copy.inputs.push_back(NameIn(name, names));
    for (const std::string& name : node.outputs) copy.outputs.push_back(NameIn(name, names));
    for (const auto& [condition, taken] : node.guards)
      copy.guards.emplace_back(NameIn(condition, names), taken);
    for (const Attribute& a : node.attributes) {
      if (!a.ref_name.empty()) {
        if (call == nullptr) return RefersOutside(node, a);
        const Attribute* value = ValueOf(a.ref_name, *call, *function);
        if (value == nullptr) continue;  // left out by the call, and here as well
        copy.attributes.push_back(*value);
        copy.attributes.back().name = a.name;
        continue;
      }
      copy.attributes.push_back(a);
      if (a.g == nullptr) continue;
      TEMPERA_ASSIGN_OR_RETURN(copy.attributes.back().g,
                               RenamedGraph(*a.g, names, call, function, depth + 1));
    }
    TEMPERA_RETURN_IF_ERROR(Count(copy));
    return copy;
  }

  // What the graph itself defines hides the names of the scope around, and gets new ones: those of the scope
  // around become others, which it may have used itself.
  Result<std::shared_ptr<Graph>> RenamedGraph(const Graph& graph, const Names& around, const Node* call,
                                              const Function* function, int depth) {
    const std::string prefix = "#" + std::to_string(++count_) + "/";
    const size_t parts = graph.inputs.size() + graph.outputs.size() + graph.value_infos.size();
    size_t bytes =
        (around.size() + parts + graph.initializers.size()) * kNameBytes + graph.nodes.size() * sizeof(Node);
    for (const Initializer& init : graph.initializers) bytes += 2 * init.name.size();
    TEMPERA_RETURN_IF_ERROR(Spend(0, bytes));
    Names names = around;
    const auto own = [&](const std::string& name) {
      if (!name.empty()) names[name] = prefix + name;
    };
    for (const ValueInfo& input : graph.inputs) own(input.name);
    for (const Initializer& init : graph.initializers) own(init.name);
    for (const Node& node : graph.nodes) {
      for (const std::string& output : node.outputs) own(output);
    }
    auto copy = std::make_shared<Graph>(graph);
    for (Node& node : copy->nodes) {
      TEMPERA_ASSIGN_OR_RETURN(node, Renamed(node, names, "", call, function, depth));
    }
    for (Initializer& init : copy->initializers) init.name = NameIn(init.name, names);
    for (auto* infos : {&copy->inputs, &copy->outputs, &copy->value_infos}) {
      for (ValueInfo& info : *infos) info.name = NameIn(info.name, names);
    }
    return copy;
  }

  Status RefersOutside(const Node& node, const Attribute& a) const {
    return CorruptModel(At(node) + " takes attribute " + Quote(a.name) +
                        " from a function's call, and stands in no function; export the model again");
  }

  static const Attribute* ValueOf(const std::string& name, const Node& call, const Function& f) {
    for (const auto* list : {&call.attributes, &f.defaults}) {
      const auto found =
          std::find_if(list->begin(), list->end(), [&](const Attribute& a) { return a.name == name; });
      if (found != list->end()) return &*found;
    }
    return nullptr;
  }

  Model& model_;
  std::string source_;
  std::map<Key, const Function*> functions_;
  std::vector<Node> out_;
  int64_t count_ = 0;  // of prefixes
  size_t copies_ = 0, bytes_ = 0;
};

}  // namespace

Status Flatten(Model* model, const std::string& source) { return Flattener(model, source).Run(); }

}  // namespace tempera::onnx
