#include "src/engine/planned_session.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "src/engine/arena.h"
#include "src/engine/flat.h"

namespace tempera::engine {
namespace {

class PlannedSession final : public Session {
 public:
  Status Init(Plan plan, const SessionOptions& options, PrecisionInfo precision, CalibrationPtr calibration) {
    plan_ = std::move(plan);
    precision_ = std::move(precision);
    calibration_ = std::move(calibration);
    ends_in_arena_ = options.rewrites_inputs;
    TEMPERA_ASSIGN_OR_RETURN(pool_, ThreadPool::Create(options.num_threads, options.pin_threads));
    const graph::Graph& graph = *plan_.graph;
    inputs_.resize(graph.inputs.size());
    outputs_.resize(graph.outputs.size());
    for (size_t i = 0; i < inputs_.size() && !ends_in_arena_; ++i) {
      const TensorInfo& info = graph.value(graph.inputs[i]).info;
      TEMPERA_ASSIGN_OR_RETURN(inputs_[i], Tensor::Create(info.dtype, info.shape));
    }
    for (size_t o = 0; o < outputs_.size(); ++o) {
      const graph::Value& value = graph.value(graph.outputs[o]);
      if (ends_in_arena_ && !value.constant) continue;
      TEMPERA_ASSIGN_OR_RETURN(outputs_[o], Tensor::Create(value.info.dtype, value.info.shape));
    }
    for (size_t o : plan_.constant_outputs) {
      const Tensor& constant = *graph.value(graph.outputs[o]).constant;
      if (constant.size_bytes() != 0) std::memcpy(outputs_[o].raw(), constant.raw(), constant.size_bytes());
    }
    TEMPERA_RETURN_IF_ERROR(PlaceStorages());
    for (const auto& step : plan_.steps) infos_.push_back(step->info);
    DescribeTraffic();
    knows_flat_ = std::any_of(plan_.norms.begin(), plan_.norms.end(),
                              [](const auto& norm) { return norm->stays_flat && norm->wants_moments(); });
    return OkStatus();
  }

  size_t input_count() const override { return inputs_.size(); }
  size_t output_count() const override { return outputs_.size(); }
  Tensor& input(size_t index) override { return inputs_[index]; }
  const Tensor& output(size_t index) const override { return outputs_[index]; }

  Status Run() override {
    FindFlat();
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
  PrecisionInfo precision() const override { return precision_; }
  CalibrationPtr calibration() const override { return calibration_; }

  void ResetStatistics() override {
    for (const auto& norm : plan_.norms) norm->carried = false;
  }

  std::vector<ChannelStatistics> statistics() const override {
    std::vector<ChannelStatistics> all;
    for (const auto& norm : plan_.norms) all.push_back({norm->name, norm->mean, norm->variance});
    return all;
  }

  Status SetStatistics(std::span<const ChannelStatistics> given) override {
    if (given.size() != plan_.norms.size()) {
      return InvalidArgument("statistics of " + std::to_string(given.size()) +
                             " instance norms were given; the model has " +
                             std::to_string(plan_.norms.size()));
    }
    for (size_t i = 0; i < given.size(); ++i) {
      const InstanceNorm& norm = *plan_.norms[i];
      if (given[i].mean.size() != norm.mean.size() || given[i].variance.size() != norm.variance.size()) {
        return InvalidArgument("instance norm '" + norm.name + "' has " + std::to_string(norm.mean.size()) +
                               " channels, its statistics " + std::to_string(given[i].mean.size()));
      }
      for (double v : given[i].variance) {
        if (!(v >= 0)) return InvalidArgument("a variance of instance norm '" + norm.name + "' is negative");
      }
    }
    for (size_t i = 0; i < given.size(); ++i) {
      InstanceNorm& norm = *plan_.norms[i];
      norm.mean = given[i].mean;
      norm.variance = given[i].variance;
      norm.carried = true;
      norm.Apply();
    }
    return OkStatus();
  }

 private:
  // From the step that writes a storage to the last one that reads it; the scratch and weights counted on
  // the way. Inputs are there before the first step, outputs until after the last.
  std::vector<ArenaBlock> Lifetimes() {
    const auto count = static_cast<int32_t>(plan_.steps.size());
    std::vector<ArenaBlock> blocks(plan_.storages.size());
    for (size_t s = 0; s < blocks.size(); ++s) {
      const Storage::Kind kind = plan_.storages[s].kind;
      blocks[s].bytes = kind == Storage::Kind::kArena || ends_in_arena_ ? plan_.storages[s].bytes : 0;
      blocks[s].first_step = kind == Storage::Kind::kInput ? -1 : count;
      blocks[s].last_step = kind == Storage::Kind::kOutput ? count : -1;
    }
    for (int32_t i = 0; i < count; ++i) {
      const Step& step = *plan_.steps[static_cast<size_t>(i)];
      scratch_bytes_ = std::max(scratch_bytes_, step.scratch_bytes);
      memory_.weight_bytes += step.weight_bytes;
      for (const auto* ids : {&step.reads, &step.writes}) {
        for (StorageId id : *ids) {
          ArenaBlock& block = blocks[static_cast<size_t>(id)];
          block.first_step = std::min(block.first_step, i);
          block.last_step = std::max(block.last_step, i);
        }
      }
    }
    return blocks;
  }

  // Storages that lie where another one lay (Storage::may_replace): which, by StorageId; its own id
  // otherwise. `blocks` of the one underneath then lasts as long as both, the one on top takes no room.
  std::vector<size_t> ShareStorages(std::vector<ArenaBlock>& blocks) const {
    std::vector<size_t> under(blocks.size());
    for (size_t s = 0; s < under.size(); ++s) under[s] = s;
    // By the step that writes them, so that what lies underneath is settled.
    for (const auto& step : plan_.steps) {
      for (StorageId written : step->writes) {
        const auto top = static_cast<size_t>(written);
        for (StorageId id : plan_.storages[top].may_replace) {
          const size_t base = under[static_cast<size_t>(id)];
          if (blocks[base].bytes < blocks[top].bytes || blocks[top].bytes == 0 ||
              blocks[base].last_step != blocks[top].first_step ||
              blocks[base].first_step > blocks[base].last_step)
            continue;
          under[top] = base;
          blocks[base].last_step = blocks[top].last_step;
          blocks[top].bytes = 0;
          break;
        }
      }
    }
    return under;
  }

  // Gives every storage its address: all in one arena, the threads' scratch behind.
  Status PlaceStorages() {
    std::vector<ArenaBlock> blocks = Lifetimes();
    const std::vector<size_t> under = ShareStorages(blocks);
    scratch_offset_ = PlanArena(blocks);
    const size_t bytes = scratch_offset_ + scratch_bytes_ * static_cast<size_t>(pool_->num_threads());
    TEMPERA_ASSIGN_OR_RETURN(arena_, AlignedBuffer::Allocate(bytes));
    memory_.activation_bytes = bytes;
    std::vector<void*> pointers(blocks.size());
    for (size_t s = 0; s < blocks.size(); ++s) {
      const Storage& storage = plan_.storages[s];
      pointers[s] = arena_.data() + blocks[under[s]].offset;
      if (storage.kind == Storage::Kind::kArena) continue;
      const bool input = storage.kind == Storage::Kind::kInput;
      const graph::Graph& graph = *plan_.graph;
      Tensor& tensor = input ? inputs_[storage.index] : outputs_[storage.index];
      if (ends_in_arena_) {
        const auto v = input ? graph.inputs[storage.index] : graph.outputs[storage.index];
        tensor = Tensor::Borrow(graph.value(v).info, pointers[s]);
      }
      pointers[s] = tensor.raw();
    }
    const Memory memory(std::move(pointers));
    for (const auto& step : plan_.steps) step->Bind(memory);
    return OkStatus();
  }

  // A picture with two colours says so at once; inputs are looked at before a step may write over them.
  void FindFlat() {
    if (!knows_flat_) return;
    const bool flat = std::all_of(inputs_.begin(), inputs_.end(), IsFlat);
    for (const auto& norm : plan_.norms) norm->flat = flat && norm->stays_flat;
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
  PrecisionInfo precision_;
  CalibrationPtr calibration_;
  bool ends_in_arena_ = false;  // inputs and outputs lie in the arena
  std::vector<StepInfo> infos_;
  bool profiling_ = false;
  bool knows_flat_ = false;  // some norm has InstanceNorm::stays_flat
};

}  // namespace

Result<std::unique_ptr<Session>> MakeSession(Plan plan, const SessionOptions& options,
                                             PrecisionInfo precision, CalibrationPtr calibration) {
  auto session = std::make_unique<PlannedSession>();
  TEMPERA_RETURN_IF_ERROR(
      session->Init(std::move(plan), options, std::move(precision), std::move(calibration)));
  return std::unique_ptr<Session>(std::move(session));
}

}  // namespace tempera::engine
