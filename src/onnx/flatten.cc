#include "src/onnx/flatten.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "src/onnx/quote.h"

namespace tempera::onnx {
namespace {

// Functions in functions, and branches in branches.
constexpr int kMaxDepth = 32;
// What a call of a call of a call may grow to: ten times the nodes of the largest public networks, and their
// names and attributes.
constexpr size_t kMaxNodes = 100'000, kMaxBytes = size_t{256} << 20;
constexpr size_t kLongestPrefix = 40;

using Names = std::unordered_map<std::string, std::string>;

bool IsDefaultDomain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

class Flattener {
 public:
  Flattener(Model* model, std::string source) : model_(*model), source_(std::move(source)) {}

  Status Run() {
    for (const Function& f : model_.functions) functions_.emplace(KeyOf(f.domain, f.name, f.overload), &f);
    std::vector<Node> nodes = std::move(model_.graph.nodes);
    model_.graph.nodes.clear();
    for (Node& node : nodes) TEMPERA_RETURN_IF_ERROR(Add(std::move(node), 0));
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
      node.guards.insert(node.guards.begin(), call.guards.begin(), call.guards.end());
      TEMPERA_RETURN_IF_ERROR(Add(std::move(node), depth + 1));
    }
    for (auto& [from, to] : through) {
      Node identity;
      identity.name = prefix + to, identity.op_type = "Identity";
      identity.inputs = {from}, identity.outputs = {to}, identity.guards = call.guards;
      out_.push_back(std::move(identity));
    }
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
      if (branch.outputs.size() != node.outputs.size() || !branch.inputs.empty()) {
        return CorruptModel(At(node) + " has a branch of " + std::to_string(branch.outputs.size()) +
                            " outputs; the model is damaged: export it again");
      }
      Names names;
      const std::string prefix = Prefix(node);
      for (const Initializer& init : branch.initializers) {
        names[init.name] = prefix + init.name;
        model_.graph.initializers.push_back({prefix + init.name, init.tensor});
      }
      for (const Node& inner : branch.nodes) NameOutputs(inner, prefix, &names);
      for (const Node& inner : branch.nodes) {
        TEMPERA_ASSIGN_OR_RETURN(Node copy, Renamed(inner, names, prefix, nullptr, nullptr, depth));
        std::vector<std::pair<std::string, bool>> guards = node.guards;
        guards.emplace_back(node.inputs[0], taken);
        copy.guards.insert(copy.guards.begin(), guards.begin(), guards.end());
        TEMPERA_RETURN_IF_ERROR(Add(std::move(copy), depth + 1));
      }
      for (const ValueInfo& output : branch.outputs) choice.inputs.push_back(NameIn(output.name, names));
    }
    out_.push_back(std::move(choice));
    return OkStatus();
  }

  // No name of the file begins so, as no exporter writes it and each is counted.
  std::string Prefix(const Node& node) {
    const std::string& name = node.name.empty() ? node.op_type : node.name;
    return name.substr(0, kLongestPrefix) + "#" + std::to_string(++count_) + "/";
  }

  // One more node that is copied.
  Status Count(const Node& node) {
    ++copies_;
    bytes_ += node.name.size();
    for (const auto* names : {&node.inputs, &node.outputs}) {
      for (const std::string& name : *names) bytes_ += name.size();
    }
    for (const Attribute& a : node.attributes) {
      bytes_ +=
          a.name.size() + a.s.size() + a.floats.size() * sizeof(float) + a.ints.size() * sizeof(int64_t);
      for (const std::string& s : a.strings) bytes_ += s.size();
    }
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
    Node copy;
    copy.name = prefix + node.name;
    copy.op_type = node.op_type, copy.domain = node.domain, copy.overload = node.overload;
    for (const std::string& name : node.inputs) copy.inputs.push_back(NameIn(name, names));
    for (const std::string& name : node.outputs) copy.outputs.push_back(NameIn(name, names));
    for (const auto& [condition, taken] : node.guards)
      copy.guards.emplace_back(NameIn(condition, names), taken);
    for (const Attribute& a : node.attributes) {
      if (!a.ref_name.empty()) {
        const Attribute* value = call == nullptr ? &a : ValueOf(a.ref_name, *call, *function);
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

  // What the graph itself defines keeps its names: they hide those of the scope around.
  Result<std::shared_ptr<Graph>> RenamedGraph(const Graph& graph, const Names& around, const Node* call,
                                              const Function* function, int depth) {
    bytes_ += around.size() * 2 * sizeof(std::string);  // these copies cost as well
    Names names = around;
    for (const ValueInfo& input : graph.inputs) names.erase(input.name);
    for (const Initializer& init : graph.initializers) names.erase(init.name);
    for (const Node& node : graph.nodes) {
      for (const std::string& output : node.outputs) names.erase(output);
    }
    auto copy = std::make_shared<Graph>(graph);
    for (Node& node : copy->nodes) {
      TEMPERA_ASSIGN_OR_RETURN(node, Renamed(node, names, "", call, function, depth));
    }
    for (ValueInfo& output : copy->outputs) output.name = NameIn(output.name, names);
    return copy;
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

bool NeedsIt(const Model& model) {
  return !model.functions.empty() ||
         std::any_of(model.graph.nodes.begin(), model.graph.nodes.end(),
                     [](const Node& n) { return n.op_type == "If" && IsDefaultDomain(n.domain); });
}

}  // namespace

Status Flatten(Model* model, const std::string& source) {
  return NeedsIt(*model) ? Flattener(model, source).Run() : OkStatus();
}

}  // namespace tempera::onnx
