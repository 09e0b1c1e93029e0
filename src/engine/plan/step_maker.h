// Steps are made from nodes of a plan, from what these name (storages, norms, numbers and constants) and from
// how the session paints (PlanOptions). The graph behind the plan gives constants and its opset; a plain loop
// gets a node of its own, made from its work.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/engine/plan/plan.h"
#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/pointwise.h"

namespace tempera::engine {

kernels::Activation ActivationOf(graph::ActivationKind kind);

// What a node and its names stand for, for one node after the other.
class StepMaker {
 public:
  StepMaker(Plan* plan, const PlanOptions& options);

  // The step of plan->nodes[index].
  Result<std::unique_ptr<Step>> Make(size_t index);
  // All that no step keeps.
  void FreeConstants();

  const NodeData& node() const { return *node_; }
  const ReadData& read(size_t i = 0) const { return node_->reads[i]; }
  const Storage& storage(StorageId id) const { return plan_.storages[static_cast<size_t>(id)]; }
  const Storage& written() const { return storage(node_->writes[0]); }
  TensorInfo InfoOfRead(size_t i = 0) const { return {storage(read(i).storage).type, read(i).shape}; }
  Planes PictureOfRead(size_t i = 0) const { return PictureOf(InfoOfRead(i)); }
  bool ReadsInterleaved(size_t i = 0) const;
  bool WritesInterleaved() const { return written().layout == StorageLayout::kInterleavedF16; }
  // What is pending on a read; valid as long as the plan.
  kernels::Pointwise PointwiseOf(const ReadData& read) const;

  // A constant that the step needs as long as it lives. nullptr for "".
  const Tensor* Keep(const std::string& name);
  const float* KeepFloats(const std::string& name);
  // One that it makes something of at once; empty for "".
  std::span<const float> Peek(const std::string& name) const;
  // What a node reads from: nullptr where that is a storage.
  const float* KeepFloats(const Operand& operand) { return KeepFloats(operand.constant); }
  StorageId StorageOf(const Operand& operand) const {
    return operand.read < 0 ? -1 : read(static_cast<size_t>(operand.read)).storage;
  }

  InstanceNorm* norm(int32_t i) const { return plan_.norms[static_cast<size_t>(i)].get(); }
  std::vector<float>* numbers(int32_t i) const { return plan_.floats[static_cast<size_t>(i)].get(); }
  // Of the convolution's input, all runs together; only while calibrating.
  ChannelRanges* observed(int64_t convolution) const;
  // nullptr: each is packed anew.
  SharedConvs* shared_convs() const { return options_.shared_convs; }
  int opset() const { return plan_.graph->opset; }
  int64_t highway_bit() const { return options_.highway_bit; }
  const std::string& target_name() const { return options_.target_name; }

 private:
  graph::ValueId Find(const std::string& name) const;
  void MakeNorms();

  Plan& plan_;
  const PlanOptions& options_;
  const NodeData* node_ = nullptr;
  std::unordered_map<std::string, graph::ValueId> constants_;
  std::vector<bool> kept_;  // by ValueId
};

using MadeStep = Result<std::unique_ptr<Step>>;

template <typename T, typename... Arguments>
MadeStep NewStep(Arguments&&... arguments) {
  return std::unique_ptr<Step>(std::make_unique<T>(std::forward<Arguments>(arguments)...));
}

// In steps/, in the file named.
MadeStep MakeStep(const LoopWork& work, StepMaker& maker);        // reference_step.cc
MadeStep MakeStep(const ConvWork& work, StepMaker& maker);        // conv_step.cc
MadeStep MakeStep(const StatisticsWork& work, StepMaker& maker);  // norm_step.cc
MadeStep MakeStep(const RangesWork& work, StepMaker& maker);      // observe_step.cc
MadeStep MakeStep(const ParametersWork& work, StepMaker& maker);  // parameters_step.cc
MadeStep MakeStep(const ApplyWork& work, StepMaker& maker);       // pointwise_step.cc
MadeStep MakeStep(const PoolWork& work, StepMaker& maker);        // pool_step.cc
MadeStep MakeStep(const ResizeWork& work, StepMaker& maker);      // resize_step.cc
MadeStep MakeStep(const FunctionWork& work, StepMaker& maker);    // pointwise_step.cc
MadeStep MakeStep(const BinaryWork& work, StepMaker& maker);      // binary_step.cc
MadeStep MakeStep(const MoveWork& work, StepMaker& maker);        // move_step.cc
MadeStep MakeStep(const PadWork& work, StepMaker& maker);         // pad_step.cc
MadeStep MakeStep(const MatrixWork& work, StepMaker& maker);      // matrix_step.cc
MadeStep MakeStep(const SoftmaxWork& work, StepMaker& maker);     // softmax_step.cc
MadeStep MakeStep(const LayerNormWork& work, StepMaker& maker);   // layer_norm_step.cc

// Makes plan->norms and plan->steps, and frees constants that steps have packed.
Status MakeSteps(Plan* plan, const PlanOptions& options);

}  // namespace tempera::engine
