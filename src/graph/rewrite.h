// What every pass needs: who makes and who reads a value, and how to drop what is not needed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/graph/graph.h"

namespace tempera::graph {

// A snapshot: make a new one after changing the graph.
class Uses {
 public:
  explicit Uses(const Graph& graph);
  // Nodes that read v, by index; one entry per input that does.
  const std::vector<size_t>& readers(ValueId v) const { return readers_[static_cast<size_t>(v)]; }
  bool is_output(ValueId v) const { return is_output_[static_cast<size_t>(v)]; }
  // Exactly one input of one node, and no graph output.
  bool sole(ValueId v) const { return readers(v).size() == 1 && !is_output(v); }
  // The node that writes v, or -1 (graph inputs, constants).
  int64_t producer(ValueId v) const { return v < 0 ? -1 : producers_[static_cast<size_t>(v)]; }

 private:
  std::vector<std::vector<size_t>> readers_;
  std::vector<int64_t> producers_;
  std::vector<bool> is_output_;
};

// Drops nodes whose outputs nobody reads.
void RemoveDeadNodes(Graph& graph);

ValueId AddConstant(Graph& graph, std::string name, Tensor tensor);
Result<ValueId> AddFloats(Graph& graph, std::string name, const std::vector<float>& numbers);

// The value's constant fp32 tensor, or nullptr.
const Tensor* ConstantFloats(const Graph& graph, ValueId v);
// Its numbers when it holds a constant int64 or int32 tensor; empty otherwise.
std::vector<int64_t> ConstantInts(const Graph& graph, ValueId v);

ValueId InputOf(const Node& node, size_t index);  // kNoValue when there are fewer

// nullptr when the node is no tempera.Conv.
inline FusedConv* ConvOf(Node& node) { return std::get_if<FusedConv>(&node.fused); }
inline const FusedConv* ConvOf(const Node& node) { return std::get_if<FusedConv>(&node.fused); }
// InstanceNormalization or tempera.GroupNorm, whose inputs gamma and beta count one per channel.
bool IsNorm(const Node& node);

// fp32 [n, c, h, w].
bool IsPicture(const TensorInfo& info);
// The node that makes v, if it is of that operator; nullptr otherwise.
const Node* Maker(const Graph& graph, const Uses& uses, ValueId v, std::string_view op_type);
// The same where nobody else reads v.
const Node* SoleMaker(const Graph& graph, const Uses& uses, ValueId v, std::string_view op_type);
// Whether v is a constant of one fp32 number, of whatever rank: which.
bool OneNumber(const Graph& graph, ValueId v, float* out);

void SetInt(Node& node, const char* name, int64_t value);
void SetInts(Node& node, const char* name, std::vector<int64_t> values);
void SetFloat(Node& node, const char* name, float value);
void SetString(Node& node, const char* name, std::string value);

// `into` now also does the work of `node`: its name and `operators` say so.
void Absorb(const Node& node, Node& into, bool before);

}  // namespace tempera::graph
