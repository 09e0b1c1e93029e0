// Builds a plan node by node. A value need not be in memory as the graph means it: its
// reading says which storage holds it, and what is still to be done to each number
// ("pending"): that is how normalisation and activation cost no pass over memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/engine/facts/flat.h"
#include "src/engine/plan/bands.h"
#include "src/engine/plan/plan.h"
#include "src/kernels/nhwc/conv_nhwc.h"

namespace tempera::engine {

struct Reading {
  StorageId storage = -1;        // -1: not computed by a step (constants)
  kernels::Pointwise pointwise;  // channels counted over n too: n * c constants
  kernels::PictureLayout layout = kernels::PictureLayout::kPlanarF32;
  PendingData pending = {};  // what `pointwise` stands for
  bool planar() const { return layout == kernels::PictureLayout::kPlanarF32; }
};

class PlanBuilder {
 public:
  PlanBuilder(graph::Graph graph, const PlanOptions& options);

  const graph::Graph& graph() const { return *plan_.graph; }
  int64_t highway_bit() const { return options_.highway_bit; }
  const std::string& target_name() const { return options_.target_name; }
  const TensorInfo& info(graph::ValueId v) const { return graph().value(v).info; }
  // The numbers of a constant fp32 value; nullptr when it is none.
  const Tensor* ConstantFloats(graph::ValueId v) const;
  bool is_float(graph::ValueId v) const { return info(v).dtype == DataType::kFloat32; }
  bool is_picture(graph::ValueId v) const { return IsPicture(info(v)); }
  FlatInputs flat_inputs(graph::ValueId v) const { return flat_inputs_[static_cast<size_t>(v)]; }
  Planes PlanesOf(graph::ValueId v) const { return PictureOf(info(v)); }

  const Reading& reading(graph::ValueId v) const { return readings_[static_cast<size_t>(v)]; }
  void SetReading(graph::ValueId v, const Reading& r) { readings_[static_cast<size_t>(v)] = r; }
  // Memory for a value, read as it is.
  StorageId NewStorage(graph::ValueId v, kernels::PictureLayout layout = kernels::PictureLayout::kPlanarF32);
  // The value in memory as the graph means it, in planes: applies what is pending, once, with a step.
  StorageId Materialize(graph::ValueId v);
  // The value in planes; what is pending stays so where it can. Whoever calls kernels on planes takes this.
  Reading PlanarReading(graph::ValueId v);
  // How a value made now should lie.
  kernels::PictureLayout LayoutOf(graph::ValueId v) const;
  // What was decided for a tempera.Conv; nullptr: fp32.
  const ConvSetting* SettingOf(const graph::Node& conv) const;
  // Adds the step that looks at a convolution's input where PlanOptions::observed asks for it.
  void Observe(const graph::Node& conv);
  // Lives in the plan.
  InstanceNorm* KeepNorm(InstanceNorm norm);
  int32_t norm_count() const { return static_cast<int32_t>(plan_.norms.size()); }
  // A constant that the steps of one of its readers need no more: freed when all of them have said so.
  void DropConstant(graph::ValueId v);
  // `to`, written by a step that reads the others number by number, may lie where one of them lay.
  void AllowInPlace(StorageId to, std::vector<StorageId> from);
  // Numbers that live as long as the plan, at a fixed place; their index among PlanData::numbers.
  int32_t KeepFloats(std::vector<float> numbers);
  std::vector<float>& KeptFloats(int32_t kept) { return *plan_.floats[static_cast<size_t>(kept)]; }
  const float* floats(int32_t kept) const { return plan_.floats[static_cast<size_t>(kept)]->data(); }

  void Add(std::unique_ptr<Step> step, const graph::Node& node);
  // The step that writes what `v` reads gathers the statistics of the norm kept last.
  void Gathers(graph::ValueId v);
  // The same of the step added last, of what it reads.
  void GathersItself() { plan_.nodes.back().gathers.push_back(norm_count() - 1); }
  // Whether v is the picture that lies in its storage, not another view of the same numbers.
  bool reads_as_written(graph::ValueId v) const {
    const StorageId id = reading(v).storage;
    return id >= 0 && SamePicture(plan_.storages[static_cast<size_t>(id)].picture, PlanesOf(v));
  }
  // A step that writes no storage, right behind the last of those that write what it reads.
  void AddBehindSources(std::unique_ptr<Step> step, const ParametersWork& work);
  // The step that writes what `v` reads; nullptr for graph inputs.
  Step* ProducerOf(graph::ValueId v) const;
  // Says that the step producing v's storage also does the work of `node`.
  void Credit(graph::ValueId v, const graph::Node& node);

  Status AddReference(const graph::Node& node);
  // Outputs go to their tensors.
  Result<Plan> Finish();

 private:
  // What a step is, as data.
  NodeData DataOf(const Step& step, const graph::Node& node) const;
  void AddCopy(const Reading& from, graph::ValueId v, StorageId to, const std::string& why);
  void ChooseLayouts();
  void FreeConstants();

  Plan plan_;
  graph::Graph* graph_;  // plan_.graph
  PlanOptions options_;
  std::vector<int32_t> conv_ordinal_;    // by node index; -1: not a convolution
  std::vector<bool> low_precision_;      // by node index
  std::vector<bool> interleaved_;        // by ValueId
  std::vector<FlatInputs> flat_inputs_;  // by ValueId
  std::vector<int32_t> constant_drops_;  // by ValueId
  std::vector<Reading> readings_;        // by ValueId
  std::vector<Step*> producers_;         // by StorageId
};

// Plans one node with fast steps; false: it does not serve here, and nothing was added.
using NodePlanner = Result<bool> (*)(PlanBuilder& builder, const graph::Node& node);

// In steps/, in the file named.
Result<bool> PlanConvNode(PlanBuilder& builder, const graph::Node& node);        // conv_step.cc
Result<bool> PlanConvNhwcNode(PlanBuilder& builder, const graph::Node& node);    // conv_nhwc_step.cc
Result<bool> PlanNormNode(PlanBuilder& builder, const graph::Node& node);        // norm_step.cc
Result<bool> PlanAffineNode(PlanBuilder& builder, const graph::Node& node);      // pending.cc
Result<bool> PlanActivationNode(PlanBuilder& builder, const graph::Node& node);  // pending.cc
Result<bool> PlanUnaryNode(PlanBuilder& builder, const graph::Node& node);       // unary_node.cc
Result<bool> PlanAddNode(PlanBuilder& builder, const graph::Node& node);         // add_step.cc
Result<bool> PlanViewNode(PlanBuilder& builder, const graph::Node& node);        // pending.cc
Result<bool> PlanDepthwiseNode(PlanBuilder& builder, const graph::Node& node);   // depthwise_step.cc
Result<bool> PlanMixNode(PlanBuilder& builder, const graph::Node& node);         // depthwise_step.cc
Result<bool> PlanGemmNode(PlanBuilder& builder, const graph::Node& node);        // matrix_step.cc
Result<bool> PlanMatMulNode(PlanBuilder& builder, const graph::Node& node);      // matrix_step.cc
Result<bool> PlanBinaryNode(PlanBuilder& builder, const graph::Node& node);      // binary_step.cc
Result<bool> PlanConcatNode(PlanBuilder& builder, const graph::Node& node);      // move_step.cc
Result<bool> PlanSplitNode(PlanBuilder& builder, const graph::Node& node);       // move_step.cc
Result<bool> PlanSliceNode(PlanBuilder& builder, const graph::Node& node);       // move_step.cc
Result<bool> PlanTurnNode(PlanBuilder& builder, const graph::Node& node);        // transpose_step.cc
Result<bool> PlanTransposeNode(PlanBuilder& builder, const graph::Node& node);   // move_step.cc
Result<bool> PlanDepthSpaceNode(PlanBuilder& builder, const graph::Node& node);  // move_step.cc
Result<bool> PlanExpandNode(PlanBuilder& builder, const graph::Node& node);      // move_step.cc
Result<bool> PlanMeanNode(PlanBuilder& builder, const graph::Node& node);        // mean_step.cc
Result<bool> PlanPoolNode(PlanBuilder& builder, const graph::Node& node);        // pool_step.cc
Result<bool> PlanResizeNode(PlanBuilder& builder, const graph::Node& node);      // resize_step.cc
Result<bool> PlanSoftmaxNode(PlanBuilder& builder, const graph::Node& node);     // softmax_step.cc
Result<bool> PlanPadNode(PlanBuilder& builder, const graph::Node& node);         // pad_step.cc
Result<bool> PlanLayerNormNode(PlanBuilder& builder, const graph::Node& node);   // layer_norm_step.cc

}  // namespace tempera::engine
