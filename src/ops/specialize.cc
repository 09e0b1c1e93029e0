#include "src/ops/specialize.h"

#include <algorithm>
#include <string>

#include "src/base/checked_math.h"
#include "src/base/memory.h"
#include "src/graph/liveness.h"
#include "src/graph/rewrite.h"
#include "src/onnx/quote.h"
#include "src/onnx/reader.h"
#include "src/ops/old_broadcast.h"
#include "src/ops/op.h"

namespace tempera::ops {
namespace {

using graph::Graph;
using graph::kNoValue;
using graph::Node;
using graph::ValueId;

// What folding may compute and keep. Real models fold sizes and a few weights; a hostile
// Tile, Expand or ConstantOfShape must not eat the memory before a frame is seen.
constexpr int64_t kMaxFoldedBytes = int64_t{96} << 20;
// What may live at one time while a frame is computed: enough for the widest public style
// networks at 4K, and below what would send a machine into swap for minutes. Where addresses have 32 bits,
// half of what they reach.
constexpr int64_t kMaxLiveBytes = sizeof(size_t) < 8 ? int64_t{2} << 30 : int64_t{16} << 30;

std::string Mib(int64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

Status TooLarge(const std::string& what) {
  return OutOfMemory(what + " is larger than " + BytesToString(static_cast<double>(kMostTensorBytes)) +
                     "; use a smaller picture");
}

Status AtNode(const Node& node, const Status& status) {
  return Status(status.code(),
                "node " + onnx::Quote(node.name) + " (" + node.op_type + "): " + status.message());
}

int64_t BytesOf(const TensorInfo& info) {
  int64_t bytes = static_cast<int64_t>(DataTypeSize(info.dtype));
  for (const int64_t d : info.shape) bytes *= d;
  return bytes;
}

// Small elements take as long as fp32 to compute, and the limit is one of time too.
int64_t FoldedBytesOf(const TensorInfo& info) {
  const auto size = static_cast<int64_t>(DataTypeSize(info.dtype));
  return size == 0 ? 0 : BytesOf(info) / size * std::max<int64_t>(size, 4);
}

class Specializer {
 public:
  explicit Specializer(const Graph& graph) : graph_(graph) {}

  Result<Graph> Run(std::span<const TensorInfo> inputs, Unfinished* unfinished);

 private:
  Status Visit(std::span<const TensorInfo> inputs);
  Status SetInputs(std::span<const TensorInfo> inputs);
  Status VisitNode(Node&& node);
  // What a condition is; kUnsupported where it is not known before a frame is.
  Result<bool> ConditionOf(const Node& node, ValueId condition) const;
  // Whether the branches that a node stands in are taken.
  Result<bool> IsThere(const Node& node) const;
  Status TakeBranch(const Node& node);
  // Computes the node now; its outputs become constants.
  Status Fold(const Node& node, const Operator& op);
  Status CheckMemory() const;
  std::vector<Shape> KnownShapes() const;

  Graph graph_;
  size_t visited_ = 0;  // the node at which it is
  std::vector<bool> concrete_;
  int64_t folded_bytes_ = 0;
};

Result<Graph> Specializer::Run(std::span<const TensorInfo> inputs, Unfinished* unfinished) {
  concrete_.assign(graph_.values.size(), false);
  for (size_t v = 0; v < graph_.values.size(); ++v) concrete_[v] = graph_.values[v].constant.has_value();
  const Status status = Visit(inputs);
  if (status.ok()) return std::move(graph_);
  if (unfinished != nullptr) *unfinished = {visited_, KnownShapes()};
  return status;
}

Status Specializer::Visit(std::span<const TensorInfo> inputs) {
  std::vector<Node> nodes = std::move(graph_.nodes);
  graph_.nodes.clear();
  visited_ = nodes.size();
  TEMPERA_RETURN_IF_ERROR(SetInputs(inputs));
  for (visited_ = 0; visited_ < nodes.size(); ++visited_) {
    TEMPERA_RETURN_IF_ERROR(VisitNode(std::move(nodes[visited_])));
  }
  graph::RemoveDeadNodes(graph_);
  return CheckMemory();
}

std::vector<Shape> Specializer::KnownShapes() const {
  std::vector<Shape> shapes(graph_.values.size());
  for (size_t v = 0; v < shapes.size(); ++v) {
    if (concrete_[v]) shapes[v] = graph_.values[v].info.shape;
  }
  return shapes;
}

Status Specializer::SetInputs(std::span<const TensorInfo> inputs) {
  if (inputs.size() != graph_.inputs.size()) {
    return InvalidArgument("the model has " + std::to_string(graph_.inputs.size()) + " inputs, but " +
                           std::to_string(inputs.size()) + " shapes were given");
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    graph::Value& value = graph_.value(graph_.inputs[i]);
    if (inputs[i].dtype != value.info.dtype) {
      return InvalidArgument("input " + onnx::Quote(value.name) + " takes " + DataTypeName(value.info.dtype) +
                             ", not " + DataTypeName(inputs[i].dtype));
    }
    if (inputs[i].shape.size() > onnx::kMaxRank) {
      return InvalidArgument("input " + onnx::Quote(value.name) + " has " +
                             std::to_string(inputs[i].shape.size()) + " dimensions; at most " +
                             std::to_string(onnx::kMaxRank) + " are supported");
    }
    const Result<int64_t> count = ElementCount(inputs[i].shape, inputs[i].dtype);
    if (!count.ok()) {
      const Shape& shape = inputs[i].shape;
      const std::string input = "input " + onnx::Quote(value.name);
      if (std::any_of(shape.begin(), shape.end(), [](int64_t d) { return d < 0; }))
        return InvalidArgument(input + " cannot have shape " + ShapeToString(shape));
      return TooLarge(input + " of shape " + ShapeToString(shape));
    }
    const size_t rank = graph_.input_dims[i].size();
    if (rank != 0 && rank != inputs[i].shape.size()) {
      return InvalidArgument("input " + onnx::Quote(value.name) + " has " + std::to_string(rank) +
                             " dimensions, not " + std::to_string(inputs[i].shape.size()));
    }
    value.info = inputs[i];
    value.constant.reset();  // a default, which the caller may leave
    concrete_[static_cast<size_t>(graph_.inputs[i])] = true;
  }
  return OkStatus();
}

Result<bool> Specializer::ConditionOf(const Node& node, ValueId condition) const {
  const graph::Value& value = graph_.value(condition);
  if (!value.constant) {
    return AtNode(node, Unsupported("it depends on the condition " + onnx::Quote(value.name) +
                                    ", which only the picture decides; export the model without it"));
  }
  if (value.constant->dtype() != DataType::kBool || value.constant->element_count() != 1)
    return AtNode(node, CorruptModel("its condition is not one truth value; export the model again"));
  return *value.constant->data<uint8_t>() != 0;
}

// From the outermost branch on: what stands in one that is not taken is not looked at.
Result<bool> Specializer::IsThere(const Node& node) const {
  for (const auto& [condition, taken] : node.guards) {
    TEMPERA_ASSIGN_OR_RETURN(const bool is, ConditionOf(node, condition));
    if (is != taken) return false;
  }
  return true;
}

// Its inputs: the condition, what the first branch gives, what the second does.
Status Specializer::TakeBranch(const Node& node) {
  const size_t count = node.outputs.size();
  if (node.inputs.size() != 1 + 2 * count || node.inputs[0] == kNoValue)
    return AtNode(node, CorruptModel("its branches give other numbers of results; export the model again"));
  TEMPERA_ASSIGN_OR_RETURN(const bool first, ConditionOf(node, node.inputs[0]));
  for (size_t i = 0; i < count; ++i) {
    if (node.outputs[i] == kNoValue) continue;
    Node identity;
    identity.name = node.name, identity.op_type = "Identity";
    identity.inputs = {node.inputs[1 + i + (first ? 0 : count)]}, identity.outputs = {node.outputs[i]};
    TEMPERA_RETURN_IF_ERROR(VisitNode(std::move(identity)));
  }
  return OkStatus();
}

Status Specializer::VisitNode(Node&& node) {
  if (!node.guards.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(const bool there, IsThere(node));
    if (!there) return OkStatus();
    node.guards.clear();
  }
  if (node.op_type == "If") return TakeBranch(node);
  const Operator* op = FindOperator(node.op_type);
  if (op == nullptr) return AtNode(node, Unsupported("this operator is not supported"));
  if (const Status s = ModernizeBroadcast(&node, &graph_); !s.ok()) return AtNode(node, s);
  concrete_.resize(graph_.values.size(), true);  // what it added is constant
  std::vector<const TensorInfo*> infos;
  std::vector<const Tensor*> constants;
  bool all_constant = true;
  for (const ValueId v : node.inputs) {
    const graph::Value* value = v == kNoValue ? nullptr : &graph_.value(v);
    if (value && !concrete_[static_cast<size_t>(v)])
      return AtNode(node, Internal("it reads a value not yet known"));
    infos.push_back(value ? &value->info : nullptr);
    constants.push_back(value && value->constant ? &*value->constant : nullptr);
    all_constant = all_constant && (value == nullptr || value->constant);
  }
  std::vector<TensorInfo> outputs(node.outputs.size());
  InferContext context{node, graph_.opset, infos, constants, outputs};
  if (const Status s = op->infer(context); !s.ok()) return AtNode(node, s);
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    const Shape& shape = outputs[i].shape;
    if (shape.size() > onnx::kMaxRank) {
      return AtNode(
          node, Unsupported("its result has " + std::to_string(shape.size()) +
                            " dimensions; export the model with at most " + std::to_string(onnx::kMaxRank)));
    }
    if (const auto count = ElementCount(shape, outputs[i].dtype); !count.ok()) {
      return AtNode(node, TooLarge("its result of shape " + ShapeToString(shape)));
    }
    graph_.value(node.outputs[i]).info = std::move(outputs[i]);
    concrete_[static_cast<size_t>(node.outputs[i])] = true;
  }
  if (all_constant || node.op_type == "Shape" || node.op_type == "Size") {
    int64_t bytes = 0;
    for (const ValueId v : node.outputs) bytes += v == kNoValue ? 0 : FoldedBytesOf(graph_.value(v).info);
    if (folded_bytes_ + bytes > kMaxFoldedBytes) {
      return AtNode(
          node, Unsupported("its constant result of " + Mib(bytes) + " makes the model's constants exceed " +
                            Mib(kMaxFoldedBytes) + "; export the model with smaller constants"));
    }
    folded_bytes_ += bytes;
    if (const Status s = Fold(node, *op); !s.ok()) return AtNode(node, s);
    return OkStatus();
  }
  graph_.nodes.push_back(std::move(node));
  return OkStatus();
}

Status Specializer::Fold(const Node& node, const Operator& op) {
  std::vector<Tensor> outputs(node.outputs.size());
  std::vector<const Tensor*> in;
  std::vector<Tensor*> out;
  Tensor shape_only;  // Shape and Size look at no numbers
  for (const ValueId v : node.inputs) {
    const graph::Value* value = v == kNoValue ? nullptr : &graph_.value(v);
    if (value && !value->constant) {
      shape_only = Tensor::ShapeOnly(value->info);
      in.push_back(&shape_only);
    } else {
      in.push_back(value ? &*value->constant : nullptr);
    }
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) {
      out.push_back(nullptr);
      continue;
    }
    const TensorInfo& info = graph_.value(node.outputs[i]).info;
    TEMPERA_ASSIGN_OR_RETURN(outputs[i], Tensor::Create(info.dtype, info.shape));
    out.push_back(&outputs[i]);
  }
  TEMPERA_RETURN_IF_ERROR(Compute(op, {node, graph_.opset, in, out}));
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != kNoValue) graph_.value(node.outputs[i]).constant = std::move(outputs[i]);
  }
  return OkStatus();
}

// Walks the nodes in order, adding what each makes and dropping what is read for the last time.
Status Specializer::CheckMemory() const {
  const std::vector<std::vector<ValueId>> last_uses = graph::LastUses(graph_);
  int64_t live = 0;
  for (size_t n = 0; n < graph_.nodes.size(); ++n) {
    const Node& node = graph_.nodes[n];
    for (const ValueId v : node.outputs) {
      if (v == kNoValue) continue;
      const TensorInfo& info = graph_.value(v).info;
      live += BytesOf(info);
      if (live > kMaxLiveBytes) {
        return AtNode(node, OutOfMemory("its result of shape " + ShapeToString(info.shape) + " (" +
                                        Mib(BytesOf(info)) + ") makes a frame need more than " +
                                        Mib(kMaxLiveBytes) + "; use a smaller frame size"));
      }
    }
    for (const ValueId v : last_uses[n]) {
      const bool is_input = std::find(graph_.inputs.begin(), graph_.inputs.end(), v) != graph_.inputs.end();
      if (!is_input) live -= BytesOf(graph_.value(v).info);
    }
  }
  return OkStatus();
}

Status RunNode(const Graph& graph, const Node& node, std::vector<Tensor>* values) {
  const Operator* op = FindLoop(node.op_type);
  if (op == nullptr) return Unsupported("this operator has no reference loop");
  std::vector<const Tensor*> in;
  std::vector<Tensor*> out;
  for (const ValueId v : node.inputs) {
    const Tensor* t = nullptr;
    if (v != kNoValue) {
      const auto& constant = graph.value(v).constant;
      t = constant ? &*constant : &(*values)[static_cast<size_t>(v)];
      if (!t->defined())
        return Internal("it reads " + onnx::Quote(graph.value(v).name) + " before it is computed");
    }
    in.push_back(t);
  }
  for (const ValueId v : node.outputs) {
    if (v == kNoValue) {
      out.push_back(nullptr);
      continue;
    }
    const TensorInfo& info = graph.value(v).info;
    TEMPERA_ASSIGN_OR_RETURN((*values)[static_cast<size_t>(v)], Tensor::Create(info.dtype, info.shape));
    out.push_back(&(*values)[static_cast<size_t>(v)]);
  }
  return Compute(*op, {node, graph.opset, in, out});
}

}  // namespace

Result<graph::Graph> Specialize(const graph::Graph& graph, std::span<const TensorInfo> inputs,
                                Unfinished* unfinished) {
  return Specializer(graph).Run(inputs, unfinished);
}

Result<std::vector<Tensor>> RunReference(const graph::Graph& graph, std::span<const Tensor> inputs) {
  if (inputs.size() != graph.inputs.size()) {
    return InvalidArgument("the model has " + std::to_string(graph.inputs.size()) + " inputs, but " +
                           std::to_string(inputs.size()) + " tensors were given");
  }
  std::vector<Tensor> values(graph.values.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const graph::Value& value = graph.value(graph.inputs[i]);
    if (inputs[i].dtype() != value.info.dtype || inputs[i].shape() != value.info.shape) {
      return InvalidArgument("input " + onnx::Quote(value.name) + " must have shape " +
                             ShapeToString(value.info.shape) + ", not " + ShapeToString(inputs[i].shape()));
    }
    values[static_cast<size_t>(graph.inputs[i])] = inputs[i];
  }
  const std::vector<std::vector<ValueId>> last_uses = graph::LastUses(graph);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (const Status s = RunNode(graph, graph.nodes[n], &values); !s.ok()) return AtNode(graph.nodes[n], s);
    for (const ValueId v : last_uses[n]) values[static_cast<size_t>(v)] = Tensor();
  }
  std::vector<Tensor> outputs;
  for (const ValueId v : graph.outputs) {
    const auto& constant = graph.value(v).constant;
    outputs.push_back(constant ? *constant : values[static_cast<size_t>(v)]);
  }
  return outputs;
}

}  // namespace tempera::ops
