// Plans a graph node by node: what planners decide stands in nodes and storages, as data (plan_data.h), and
// steps are made from that afterwards (step_maker.h). A value need not be in memory as the graph means it:
// its reading says which storage holds it, and what is still to be done to each number ("pending"): that is
// how normalisation and activation cost no pass over memory.
#pragma once

#include <string>
#include <vector>

#include "src/engine/facts/flat.h"
#include "src/engine/plan/bands.h"
#include "src/engine/plan/plan.h"

namespace tempera::engine {

struct Reading {
  StorageId storage = -1;  // -1: no node computes it (constants)
  StorageLayout layout = StorageLayout::kDense;
  PendingData pending = {};
  bool dense() const { return layout == StorageLayout::kDense; }
};

class PlanBuilder {
 public:
  PlanBuilder(graph::Graph graph, const PlanOptions& options);

  const graph::Graph& graph() const { return *plan_.graph; }
  int64_t highway_bit() const { return options_.highway_bit; }
  const TensorInfo& info(graph::ValueId v) const { return graph().value(v).info; }
  const Shape& shape(graph::ValueId v) const { return info(v).shape; }
  // The numbers of a constant fp32 value; nullptr when it is none.
  const Tensor* ConstantFloats(graph::ValueId v) const;
  bool is_float(graph::ValueId v) const { return info(v).dtype == DataType::kFloat32; }
  bool is_picture(graph::ValueId v) const { return IsPicture(info(v)); }
  bool is_computed(graph::ValueId v) const { return reading(v).storage >= 0; }
  // Floats that are computed, or constant.
  bool CanRead(graph::ValueId v) const;
  FlatInputs flat_inputs(graph::ValueId v) const { return flat_inputs_[static_cast<size_t>(v)]; }
  Planes PlanesOf(graph::ValueId v) const { return PictureOf(info(v)); }
  // The name of a node's input, for works that name constants; "" where there is none.
  std::string NameOf(graph::ValueId v) const;

  const Reading& reading(graph::ValueId v) const { return readings_[static_cast<size_t>(v)]; }
  void SetReading(graph::ValueId v, const Reading& r) { readings_[static_cast<size_t>(v)] = r; }
  // Memory for a value, read as it is.
  StorageId NewStorage(graph::ValueId v, StorageLayout layout = StorageLayout::kDense);
  // The value in memory as the graph means it, dense: applies what is pending, once, with a node of its own.
  ReadData Materialize(graph::ValueId v);
  // The value in planes; what is pending stays so where it can. Whoever has kernels on planes takes this.
  ReadData DenseRead(graph::ValueId v);
  // The value as it lies.
  ReadData ReadOf(graph::ValueId v) const { return {reading(v).storage, reading(v).pending, shape(v)}; }
  // A value that CanRead allows, materialized: a constant, or added to `reads`.
  Operand OperandOf(graph::ValueId v, std::vector<ReadData>* reads);
  // How a value made now should lie.
  StorageLayout LayoutOf(graph::ValueId v) const;
  // What was decided for a tempera.Conv; nullptr: fp32.
  const ConvSetting* SettingOf(const graph::Node& conv) const;
  // Whether it is to run in that precision: the CPU's kernels serve it.
  bool IsLowPrecision(const graph::Node& conv) const;
  // Adds the node that looks at a convolution's input where PlanOptions::observed asks for it.
  void Observe(const graph::Node& conv);
  // False when nobody needs to gather statistics.
  bool wants_statistics() const { return options_.statistics != NormStatistics::kGiven; }
  // Its index among PlanData::norms.
  int32_t AddNorm(NormData norm);
  // `to`, written by a node that reads the others number by number, may lie where one of them lay.
  void AllowInPlace(StorageId to, std::vector<StorageId> from);
  // Their index among PlanData::numbers.
  int32_t AddNumbers(std::vector<float> numbers);

  // A node of the plan, made of one of the graph.
  void Add(const graph::Node& node, Work work, std::vector<ReadData> reads, std::vector<StorageId> writes);
  // The node that writes what `v` reads, where it can gather the statistics of what it writes and `v` is the
  // picture that it writes, not another view of the same numbers; -1 otherwise.
  int32_t GathererOf(graph::ValueId v) const;
  void Gathers(int32_t node, int32_t norm) { plan_.nodes[static_cast<size_t>(node)].gathers.push_back(norm); }
  int32_t last_node() const { return static_cast<int32_t>(plan_.nodes.size()) - 1; }
  // A node that writes no storage, right behind the last of those that write what it reads.
  void AddBehindSources(NodeData node);
  // Says that the node producing v's storage also does the work of `node`.
  void Credit(graph::ValueId v, const graph::Node& node);

  Status AddLoop(const graph::Node& node);
  // Outputs go to their tensors. The plan has no steps yet.
  Result<Plan> Finish();

 private:
  int32_t& ProducerOf(StorageId id) { return producers_[static_cast<size_t>(id)]; }
  void AddCopy(const ReadData& from, graph::ValueId v, StorageId to, const std::string& why);
  void ChooseLayouts();

  Plan plan_;
  const graph::Graph* graph_;  // plan_.graph
  PlanOptions options_;
  std::vector<int32_t> conv_ordinal_;    // by index of the graph's nodes; -1: not a convolution
  std::vector<bool> low_precision_;      // likewise
  std::vector<bool> interleaved_;        // by ValueId
  std::vector<FlatInputs> flat_inputs_;  // by ValueId
  std::vector<Reading> readings_;        // by ValueId
  std::vector<int32_t> producers_;       // by StorageId: the node that writes it; -1: an input
};

// Plans one node for fast steps; false: they do not serve here, and nothing was added.
using NodePlanner = Result<bool> (*)(PlanBuilder& builder, const graph::Node& node);

// In steps/, in the file named.
Result<bool> PlanConvNode(PlanBuilder& builder, const graph::Node& node);        // conv_node.cc
Result<bool> PlanNormNode(PlanBuilder& builder, const graph::Node& node);        // norm_step.cc
Result<bool> PlanAffineNode(PlanBuilder& builder, const graph::Node& node);      // pending.cc
Result<bool> PlanActivationNode(PlanBuilder& builder, const graph::Node& node);  // pending.cc
Result<bool> PlanUnaryNode(PlanBuilder& builder, const graph::Node& node);       // unary_node.cc
Result<bool> PlanAddNode(PlanBuilder& builder, const graph::Node& node);         // add_step.cc
Result<bool> PlanViewNode(PlanBuilder& builder, const graph::Node& node);        // pending.cc
Result<bool> PlanGemmNode(PlanBuilder& builder, const graph::Node& node);        // matrix_step.cc
Result<bool> PlanMatMulNode(PlanBuilder& builder, const graph::Node& node);      // matrix_step.cc
Result<bool> PlanBinaryNode(PlanBuilder& builder, const graph::Node& node);      // binary_step.cc
Result<bool> PlanConcatNode(PlanBuilder& builder, const graph::Node& node);      // move_node.cc
Result<bool> PlanSplitNode(PlanBuilder& builder, const graph::Node& node);       // move_node.cc
Result<bool> PlanSliceNode(PlanBuilder& builder, const graph::Node& node);       // move_node.cc
Result<bool> PlanTransposeNode(PlanBuilder& builder, const graph::Node& node);   // move_node.cc
Result<bool> PlanDepthSpaceNode(PlanBuilder& builder, const graph::Node& node);  // move_node.cc
Result<bool> PlanExpandNode(PlanBuilder& builder, const graph::Node& node);      // move_node.cc
Result<bool> PlanMeanNode(PlanBuilder& builder, const graph::Node& node);        // mean_step.cc
Result<bool> PlanPoolNode(PlanBuilder& builder, const graph::Node& node);        // pool_step.cc
Result<bool> PlanResizeNode(PlanBuilder& builder, const graph::Node& node);      // resize_step.cc
Result<bool> PlanSoftmaxNode(PlanBuilder& builder, const graph::Node& node);     // softmax_step.cc
Result<bool> PlanPadNode(PlanBuilder& builder, const graph::Node& node);         // pad_step.cc
Result<bool> PlanLayerNormNode(PlanBuilder& builder, const graph::Node& node);   // layer_norm_step.cc

}  // namespace tempera::engine
