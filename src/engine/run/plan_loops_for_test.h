// Runs a plan from its data alone, with plain loops over its memory: all that a back end has to do, and the
// proof that it needs nothing else than PlanData and the constants of the graph behind the passes.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "src/base/tensor.h"
#include "src/engine/plan_data/plan_data.h"
#include "src/engine/run/session.h"

namespace tempera::engine {

class PlanLoops {
 public:
  // Both must outlive it.
  PlanLoops(const PlanData& plan, const graph::Graph& behind_passes);

  // Inputs hold what they begin with until then.
  void SetInput(size_t index, const Tensor& tensor);
  // Fails the test where a node is none that it knows.
  void Run();
  // Dense, in its shape.
  std::vector<float> Output(size_t index) const;
  // What states hold comes back as their inputs.
  void Advance();

 private:
  using Numbers = std::vector<float>;
  struct Norm {
    std::vector<double> mean, variance;  // images * channels
    Numbers gamma, beta;
  };

  const StorageData& storage(StorageId id) const { return plan_.storages[static_cast<size_t>(id)]; }
  std::byte* At(StorageId id);
  const std::byte* At(StorageId id) const;
  // What lies in a storage as fp32, dense.
  Numbers Load(StorageId id) const;
  void Store(StorageId id, const Numbers& numbers);
  // With what is pending done.
  Numbers Read(const ReadData& read) const;
  Numbers Read(size_t i) const { return Read(node_->reads[i]); }
  Numbers Read(const Operand& operand) const;
  Numbers Constant(const std::string& name) const;
  // From the moments of what the node at hand writes, or reads where it writes nothing.
  void Gather(int32_t norm);
  Tensor TensorOf(const Operand& operand);

  void Do(const LoopWork& work);
  void Do(const ConvWork& work);
  void Do(const StatisticsWork&) {}
  void Do(const RangesWork& work);
  void Do(const ParametersWork& work);
  void Do(const ApplyWork& work);
  void Do(const PoolWork& work);
  void Do(const ResizeWork& work);
  void Do(const FunctionWork& work);
  void Do(const BinaryWork& work);
  void Do(const MoveWork& work);
  void Do(const PadWork& work);
  void Do(const MatrixWork& work);
  void Do(const SoftmaxWork& work);
  void Do(const LayerNormWork& work);

  const PlanData& plan_;
  const graph::Graph& graph_;
  const NodeData* node_ = nullptr;
  std::unordered_map<std::string, const Tensor*> constants_;
  std::vector<std::byte> arena_;
  std::vector<std::vector<std::byte>> own_;  // of storages outside the arena
  std::vector<Norm> norms_;
  std::vector<Numbers> numbers_;  // PlanData::numbers, as ParametersWork leaves them
};

// That the session's plan, and the one that MakePlanData makes without it, run by these loops from the
// session's inputs, give what it has painted: within tolerance, relative to the largest of 1 and its numbers.
// `model` is what the session was made of; it has no states.
void ExpectPlanSays(const graph::Graph& model, Session& session, double tolerance);

}  // namespace tempera::engine
