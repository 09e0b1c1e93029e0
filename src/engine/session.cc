#include "src/engine/session.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "src/base/cpu.h"
#include "src/engine/arena.h"
#include "src/engine/plan.h"
#include "src/engine/specialize.h"
#include "src/graph/passes.h"

namespace tempera::engine {
namespace {

class PlannedSession final : public Session {
 public:
  Status Init(Plan plan, int num_threads) {
    plan_ = std::move(plan);
    TEMPERA_ASSIGN_OR_RETURN(pool_, ThreadPool::Create(num_threads));
    const graph::Graph& graph = *plan_.graph;
    for (graph::ValueId v : graph.inputs) {
      TEMPERA_ASSIGN_OR_RETURN(Tensor t,
                               Tensor::Create(graph.value(v).info.dtype, graph.value(v).info.shape));
      inputs_.push_back(std::move(t));
    }
    for (graph::ValueId v : graph.outputs) {
      TEMPERA_ASSIGN_OR_RETURN(Tensor t,
                               Tensor::Create(graph.value(v).info.dtype, graph.value(v).info.shape));
      outputs_.push_back(std::move(t));
    }
    for (size_t o : plan_.constant_outputs) {
      const Tensor& constant = *graph.value(graph.outputs[o]).constant;
      if (constant.size_bytes() != 0) std::memcpy(outputs_[o].raw(), constant.raw(), constant.size_bytes());
    }
    TEMPERA_RETURN_IF_ERROR(PlaceStorages());
    for (const auto& step : plan_.steps) infos_.push_back(step->info);
    DescribeTraffic();
    return OkStatus();
  }

  size_t input_count() const override { return inputs_.size(); }
  size_t output_count() const override { return outputs_.size(); }
  Tensor& input(size_t index) override { return inputs_[index]; }
  const Tensor& output(size_t index) const override { return outputs_[index]; }

  Status Run() override {
    const RunContext context{*pool_, arena_.data() + scratch_offset_, scratch_bytes_};
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      if (!profiling_) {
        TEMPERA_RETURN_IF_ERROR(plan_.steps[i]->Run(context));
        continue;
      }
      const auto start = std::chrono::steady_clock::now();
      TEMPERA_RETURN_IF_ERROR(plan_.steps[i]->Run(context));
      const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
      infos_[i].last_ms = spent.count();
    }
    return OkStatus();
  }

  void set_profiling(bool on) override { profiling_ = on; }
  std::span<const StepInfo> steps() const override { return infos_; }
  MemoryInfo memory() const override { return memory_; }

 private:
  // Gives every storage its address: lifetimes are over steps, all in one arena, the
  // threads' scratch behind.
  Status PlaceStorages() {
    std::vector<ArenaBlock> blocks(plan_.storages.size());
    for (size_t s = 0; s < blocks.size(); ++s) {
      blocks[s].bytes = plan_.storages[s].kind == Storage::Kind::kArena ? plan_.storages[s].bytes : 0;
      blocks[s].first_step = static_cast<int32_t>(plan_.steps.size());
      blocks[s].last_step = -1;
    }
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      const Step& step = *plan_.steps[i];
      scratch_bytes_ = std::max(scratch_bytes_, step.scratch_bytes);
      memory_.weight_bytes += step.weight_bytes;
      for (const auto* ids : {&step.reads, &step.writes}) {
        for (StorageId id : *ids) {
          ArenaBlock& block = blocks[static_cast<size_t>(id)];
          block.first_step = std::min(block.first_step, static_cast<int32_t>(i));
          block.last_step = std::max(block.last_step, static_cast<int32_t>(i));
        }
      }
    }
    scratch_offset_ = PlanArena(blocks);
    const size_t bytes = scratch_offset_ + scratch_bytes_ * static_cast<size_t>(pool_->num_threads());
    TEMPERA_ASSIGN_OR_RETURN(arena_, AlignedBuffer::Allocate(bytes));
    memory_.activation_bytes = bytes;
    std::vector<void*> pointers(blocks.size());
    for (size_t s = 0; s < blocks.size(); ++s) {
      const Storage& storage = plan_.storages[s];
      switch (storage.kind) {
        case Storage::Kind::kArena:
          pointers[s] = arena_.data() + blocks[s].offset;
          break;
        case Storage::Kind::kInput:
          pointers[s] = inputs_[storage.index].raw();
          break;
        case Storage::Kind::kOutput:
          pointers[s] = outputs_[storage.index].raw();
          break;
      }
    }
    const Memory memory(std::move(pointers));
    for (const auto& step : plan_.steps) step->Bind(memory);
    return OkStatus();
  }

  // What flows between steps, for whoever asks where time and memory go.
  void DescribeTraffic() {
    std::vector<int32_t> writer(plan_.storages.size(), -1);
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      const Step& step = *plan_.steps[i];
      StepInfo& info = infos_[i];
      info.bytes = static_cast<int64_t>(step.weight_bytes);
      for (StorageId id : step.reads) {
        info.bytes += static_cast<int64_t>(plan_.storages[static_cast<size_t>(id)].bytes);
        info.sources.push_back(writer[static_cast<size_t>(id)]);
      }
      std::sort(info.sources.begin(), info.sources.end());
      info.sources.erase(std::unique(info.sources.begin(), info.sources.end()), info.sources.end());
      for (StorageId id : step.writes) {
        info.bytes += static_cast<int64_t>(plan_.storages[static_cast<size_t>(id)].bytes);
        writer[static_cast<size_t>(id)] = static_cast<int32_t>(i);
      }
    }
  }

  Plan plan_;
  std::unique_ptr<ThreadPool> pool_;
  std::vector<Tensor> inputs_, outputs_;
  AlignedBuffer arena_;
  size_t scratch_offset_ = 0, scratch_bytes_ = 0;
  MemoryInfo memory_;
  std::vector<StepInfo> infos_;
  bool profiling_ = false;
};

}  // namespace

Result<std::unique_ptr<Session>> Session::Create(ModelPtr model, std::vector<Shape> input_shapes,
                                                 const SessionOptions& options) {
  if (model == nullptr) return InvalidArgument("no model was given");
  if (input_shapes.size() != model->inputs.size()) {
    return InvalidArgument("the model has " + std::to_string(model->inputs.size()) + " inputs, but " +
                           std::to_string(input_shapes.size()) + " shapes were given");
  }
  TEMPERA_ASSIGN_OR_RETURN(const CpuTarget target, ChooseCpuTarget(options.cpu));
  std::vector<TensorInfo> inputs;
  for (size_t i = 0; i < input_shapes.size(); ++i) {
    inputs.push_back({model->value(model->inputs[i]).info.dtype, std::move(input_shapes[i])});
  }
  TEMPERA_ASSIGN_OR_RETURN(graph::Graph graph, Specialize(*model, inputs));
  if (!options.reference) TEMPERA_RETURN_IF_ERROR(graph::RunPasses(graph));
  TEMPERA_ASSIGN_OR_RETURN(Plan plan,
                           MakePlan(std::move(graph), {options.reference, target.highway_bit, target.name}));
  auto session = std::make_unique<PlannedSession>();
  TEMPERA_RETURN_IF_ERROR(session->Init(std::move(plan), options.num_threads));
  return std::unique_ptr<Session>(std::move(session));
}

}  // namespace tempera::engine
