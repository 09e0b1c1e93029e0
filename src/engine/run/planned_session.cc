#include "src/engine/run/planned_session.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

#include "src/engine/facts/flat.h"
#include "src/engine/run/chains/carried.h"
#include "src/engine/run/chains/stages.h"
#include "src/engine/run/memory_bound.h"
#include "src/engine/run/states.h"

namespace tempera::engine {
namespace {

class PlannedSession final : public Session {
 public:
  Status Init(Plan plan, const SessionOptions& options, PrecisionInfo precision, CalibrationPtr calibration) {
    plan_ = std::move(plan);
    precision_ = std::move(precision);
    calibration_ = std::move(calibration);
    statistics_given_ = options.norm_statistics == NormStatistics::kGiven;
    carries_ =
        options.norm_statistics == NormStatistics::kCarried &&
        std::any_of(plan_.norms.begin(), plan_.norms.end(), [](const auto& n) { return n->wants_moments(); });
    // With carried statistics a picture may be painted a second time, in memory laid out anew.
    ends_in_arena_ = options.rewrites_inputs && !carries_;
    picture_input_ = options.picture_input;
    known_inputs_ = InputsOf(options);
    MarkKept(known_inputs_, &plan_);
    states_.Init(plan_, options);
    ConnectEnds(options);
    chain_bytes_ = options.chain_bytes;
    TEMPERA_ASSIGN_OR_RETURN(host_, HostWithPool(options.host, options.num_threads, options.pin_threads));
    pool_ = host_->pool.get();
    OrderSteps();
    CountMemory();
    TEMPERA_RETURN_IF_ERROR(CheckMemory(memory_, *host_));
    TEMPERA_RETURN_IF_ERROR(MakeTensors(options));
    TEMPERA_RETURN_IF_ERROR(PlaceStorages());
    for (const auto& step : plan_.steps) infos_.push_back(step->info);
    DescribeTraffic();
    for (const auto& norm : plan_.norms) {
      if ((norm->flat_inputs & kNeverFlat) == 0 && norm->wants_moments()) asked_flat_ |= norm->flat_inputs;
      norm->flat = norm->flat_inputs == 0;
    }
    return OkStatus();
  }

  size_t input_count() const override { return inputs_.size(); }
  size_t output_count() const override { return outputs_.size(); }
  Tensor& input(size_t index) override {
    Tensor* state = states_.OfInput(index);
    return state != nullptr ? *state : inputs_[index];
  }
  const Tensor& output(size_t index) const override {
    const Tensor* state = states_.OfOutput(index);
    return state != nullptr ? *state : outputs_[index];
  }
  bool reads_source() const override { return source_ != nullptr; }
  bool writes_sink() const override { return sink_ != nullptr; }
  bool mixes_ends() const override { return mixes_ends_; }

  Status Run() override {
    const Status status = Paint();
    // What norms have gathered of a picture that ended half way is nobody's.
    if (status.code() == StatusCode::kCancelled && !statistics_given_) ResetStatistics();
    TEMPERA_RETURN_IF_ERROR(status);
    AdvanceStates();
    return OkStatus();
  }
  void ResetState() override { states_.Reset(); }

  void set_profiling(bool on) override { profiling_ = on; }
  std::span<const StepInfo> steps() const override { return infos_; }
  MemoryInfo memory() const override { return memory_; }
  PlanData plan() const override {
    PlanData data = PlanDataOf(plan_, known_inputs_);
    std::vector<int32_t> stage_of;
    const std::vector<Stage>& stages = exact_.stages.stages;
    for (size_t at = 0; at < stages.size(); ++at) {
      for (size_t i = 0; i < stages[at].count; ++i) {
        data.nodes[stage_of.size()].runs_in_chain = stages[at].chain != nullptr && stages[at].count > 1;
        stage_of.push_back(static_cast<int32_t>(at));
      }
    }
    FillPlaces(plan_, stage_of, exact_.stages.memory, ends_in_arena_, &data);
    data.scratch_bytes = scratch_bytes_ * static_cast<uint64_t>(pool_->num_threads());
    return data;
  }
  PrecisionInfo precision() const override { return precision_; }
  CalibrationPtr calibration() const override { return calibration_; }

  void ResetStatistics() override {
    for (const auto& norm : plan_.norms) norm->carried = false;
    carried_statistics_.Reset();
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
  using Clock = std::chrono::steady_clock;

  Status Paint() {
    FindFlat();
    if (carries_ && carried_statistics_.MayCarry(any_flat())) {
      HoldStatistics(true);
      const Status ran = RunIn(carried_);
      if (ran.ok()) {
        for (BandedStep* step : finishing_) step->Finish();
      }
      HoldStatistics(false);
      TEMPERA_RETURN_IF_ERROR(ran);
      if (carried_statistics_.Serves(plan_.norms)) return OkStatus();
    }
    TEMPERA_RETURN_IF_ERROR(RunIn(exact_));
    carried_statistics_.Renew();
    return OkStatus();
  }

  void HoldStatistics(bool held) {
    for (const auto& norm : plan_.norms) norm->held = held;
  }

  // What this run wrote is what the next one reads: the steps at both get their new places.
  void AdvanceStates() {
    if (!states_.any()) return;
    states_.Advance();
    for (size_t s = 0; s < plan_.storages.size(); ++s) {
      void* place = states_.PlaceOf(plan_.storages[s]);
      if (place == nullptr) continue;
      exact_.memory->Move(static_cast<StorageId>(s), place);
      if (carries_) carried_.memory->Move(static_cast<StorageId>(s), place);
    }
    for (Step* step : state_steps_) step->Bind(*bound_->memory);
  }

  // Whether an input or output is a tensor of its own: it lies neither in the arena nor with the states, and
  // no end takes its place.
  bool OwnsInput(size_t i) const {
    return !(i == picture_input_ && (ends_in_arena_ || reads_source())) && !states_.HasInput(i);
  }
  bool OwnsOutput(size_t o) const {
    const bool constant = plan_.graph->value(plan_.graph->outputs[o]).constant.has_value();
    return !(ends_in_arena_ && !constant) && !(o == 0 && writes_sink()) && !states_.HasOutput(o);
  }

  // All that MakeTensors and PlaceStorages will ask for, and what is there already.
  void CountMemory() {
    const graph::Graph& graph = *plan_.graph;
    memory_.activation_bytes = scratch_offset_ + scratch_bytes_ * static_cast<uint64_t>(pool_->num_threads());
    memory_.weight_bytes = WeightBytes(plan_);
    memory_.kept_bytes = states_.bytes();
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
      const uint64_t bytes = OwnsInput(i) ? BytesOf(graph.value(graph.inputs[i]).info) : 0;
      (i == picture_input_ ? memory_.end_bytes : memory_.kept_bytes) += bytes;
    }
    for (size_t o = 0; o < graph.outputs.size(); ++o) {
      if (OwnsOutput(o)) memory_.end_bytes += BytesOf(graph.value(graph.outputs[o]).info);
    }
  }

  // Inputs and outputs that do not lie in the arena, with what they hold before the first run.
  Status MakeTensors(const SessionOptions& options) {
    const graph::Graph& graph = *plan_.graph;
    inputs_.resize(graph.inputs.size());
    outputs_.resize(graph.outputs.size());
    TEMPERA_RETURN_IF_ERROR(states_.MakeTensors());
    for (size_t i = 0; i < inputs_.size(); ++i) {
      if (!OwnsInput(i)) continue;
      const TensorInfo& info = graph.value(graph.inputs[i]).info;
      TEMPERA_ASSIGN_OR_RETURN(inputs_[i], Tensor::Create(info.dtype, info.shape));
      if (i != picture_input_ && i < options.input_values.size() && options.input_values[i])
        SetInitial(options.input_values[i]->initial, i);
    }
    for (size_t o = 0; o < outputs_.size(); ++o) {
      const graph::Value& value = graph.value(graph.outputs[o]);
      if (!OwnsOutput(o)) continue;
      TEMPERA_ASSIGN_OR_RETURN(outputs_[o], Tensor::Create(value.info.dtype, value.info.shape));
    }
    for (size_t o : plan_.constant_outputs) {
      const Tensor& constant = *graph.value(graph.outputs[o]).constant;
      if (outputs_[o].size_bytes() != 0)
        std::memcpy(outputs_[o].raw(), constant.raw(), constant.size_bytes());
    }
    return OkStatus();
  }

  // What input `i` holds before anybody writes there (CheckInitial, in behind_passes.cc).
  void SetInitial(const std::vector<float>& initial, size_t i) {
    Tensor& input = inputs_[i];
    if (initial.empty()) return;
    for (int64_t k = 0; k < input.element_count(); ++k)
      input.data<float>()[k] = initial[initial.size() == 1 ? 0 : static_cast<size_t>(k)];
  }

  static double MillisecondsSince(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  }

  // A way to run the plan: what runs together, and where storages then lie.
  struct Order {
    Stages stages;
    std::optional<Memory> memory;
  };

  Status RunIn(Order& order) {
    if (bound_ != &order) {
      for (const auto& step : plan_.steps) step->Bind(*order.memory);
      bound_ = &order;
    }
    const RunContext context{*pool_, arena_.data() + scratch_offset_, static_cast<size_t>(scratch_bytes_)};
    for (Stage& stage : order.stages.stages) {
      if (host_->cancelled()) return host_->CheckCancelled();
      if (stage.chain != nullptr) {
        RunChain(*stage.chain, stage.first, context);
        if (&order != &exact_) continue;
        for (BandedStep* step : stage.chain->steps()) step->Finish();
        continue;
      }
      const auto start = profiling_ ? Clock::now() : Clock::time_point();
      TEMPERA_RETURN_IF_ERROR(plan_.steps[stage.first]->Run(context));
      if (profiling_) infos_[stage.first].last_ms = MillisecondsSince(start);
    }
    return OkStatus();
  }

  // Those aside that are flat with every frame.
  bool any_flat() const {
    return std::any_of(plan_.norms.begin(), plan_.norms.end(),
                       [](const auto& norm) { return norm->flat && norm->flat_inputs != 0; });
  }

  // The chain's steps, from plan_.steps[first] on, unfinished. Each step's time is its share in the work of
  // all threads.
  void RunChain(Chain& chain, size_t first, const RunContext& context) {
    const size_t count = chain.steps().size();
    if (!profiling_) {
      chain.Run(context);
    } else {
      const auto start = Clock::now();
      const std::span<double> seconds = std::span(seconds_).first(count);
      chain.RunTimed(context, seconds);
      const double spent = MillisecondsSince(start);
      const double all = std::accumulate(seconds.begin(), seconds.end(), 0.0);
      for (size_t i = 0; i < count; ++i) {
        infos_[first + i].last_ms = all > 0 ? spent * seconds[i] / all : 0;
      }
    }
  }

  // What runs together, and how large the arena is then: the threads' scratch lies behind.
  void OrderSteps() {
    for (const auto& step : plan_.steps) {
      auto* banded = dynamic_cast<BandedStep*>(step.get());
      if (banded != nullptr && banded->finishes()) finishing_.push_back(banded);
      scratch_bytes_ = std::max(scratch_bytes_, step->scratch_bytes);
    }
    StageOptions options = {
        .threads = pool_->num_threads(), .ends_in_arena = ends_in_arena_, .most_bytes = chain_bytes_};
    exact_.stages = PlanStages(plan_, options);
    scratch_offset_ = exact_.stages.memory.bytes;
    if (carries_) {
      options.norms_wait = false;
      if (chain_bytes_ >= 0)
        options.most_bytes = std::max(chain_bytes_, static_cast<int64_t>(scratch_offset_));
      carried_.stages = PlanStages(plan_, options);
      scratch_offset_ = std::max(scratch_offset_, carried_.stages.memory.bytes);
    }
    seconds_.resize(plan_.steps.size());
    // A frame painted a second time is read again behind the first painting: by the source, and by a sink
    // that blends.
    mixes_ends_ = carries_ && writes_sink();
    for (const Stage& stage : exact_.stages.stages) {
      const auto in_stage = [&stage](int32_t step) {
        return step >= 0 && static_cast<size_t>(step) - stage.first < stage.count;
      };
      mixes_ends_ |= in_stage(source_step_) && in_stage(sink_step_);
    }
  }

  // Gives every storage its address.
  Status PlaceStorages() {
    TEMPERA_ASSIGN_OR_RETURN(arena_, AlignedBuffer::Allocate(memory_.activation_bytes));
    PlacePointers(exact_);
    if (carries_) PlacePointers(carried_);
    for (const auto& step : plan_.steps) {
      const auto is_state = [this](StorageId id) {
        return states_.Has(plan_.storages[static_cast<size_t>(id)]);
      };
      if (std::any_of(step->reads.begin(), step->reads.end(), is_state) ||
          std::any_of(step->writes.begin(), step->writes.end(), is_state))
        state_steps_.push_back(step.get());
    }
    return OkStatus();
  }

  void PlacePointers(Order& order) {
    std::vector<void*> pointers(plan_.storages.size());
    for (size_t s = 0; s < pointers.size(); ++s) {
      const Storage& storage = plan_.storages[s];
      pointers[s] = arena_.data() + order.stages.memory.offsets[s];
      if (storage.kind == StorageKind::kArena) continue;
      if (void* state = states_.PlaceOf(storage)) {
        pointers[s] = state;
        continue;
      }
      const bool input = storage.kind == StorageKind::kInput;
      const graph::Graph& graph = *plan_.graph;
      Tensor& tensor = input ? inputs_[storage.index] : outputs_[storage.index];
      if (input ? storage.index == picture_input_ && reads_source() : storage.index == 0 && writes_sink())
        continue;
      if (ends_in_arena_ && !storage.kept) {
        const auto v = input ? graph.inputs[storage.index] : graph.outputs[storage.index];
        tensor = Tensor::Borrow(graph.value(v).info, pointers[s]);
      }
      pointers[s] = tensor.raw();
    }
    order.memory.emplace(std::move(pointers));
  }

  // The one step that reads (or writes) a storage, by index; -1: none or several do.
  int32_t OnlyStep(StorageId id, std::vector<StorageId> Step::* list) const {
    int32_t found = -1;
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      const std::vector<StorageId>& ids = (*plan_.steps[i]).*list;
      const auto count = std::count(ids.begin(), ids.end(), id);
      if (count > 1 || (count == 1 && found >= 0)) return -1;
      if (count == 1) found = static_cast<int32_t>(i);
    }
    return found;
  }

  // Whether what the step sees in a storage is the whole picture that the graph's input or output `v` is.
  bool SeesPicture(int32_t step, Planes BandedStep::Pictures::* side, const Storage& storage,
                   graph::ValueId v) const {
    const auto* banded = dynamic_cast<const BandedStep*>(plan_.steps[static_cast<size_t>(step)].get());
    return banded != nullptr && SamePicture(storage.picture, banded->pictures().*side) &&
           SamePicture(storage.picture, PictureOf(plan_.graph->value(v).info));
  }

  // Takes source and sink where the steps at the two ends can; the storages there then need no memory.
  void ConnectEnds(const SessionOptions& options) {
    const graph::Graph& graph = *plan_.graph;
    for (size_t s = 0; s < plan_.storages.size(); ++s) {
      Storage& storage = plan_.storages[s];
      const auto id = static_cast<StorageId>(s);
      if (storage.kept || storage.kind == StorageKind::kArena) continue;
      if (storage.kind == StorageKind::kInput) {
        const int32_t reader = OnlyStep(id, &Step::reads);
        if (options.source == nullptr || reader < 0 ||
            !SeesPicture(reader, &BandedStep::Pictures::read, storage, graph.inputs[picture_input_]) ||
            storage.picture.channels != options.source->channels ||
            !plan_.steps[static_cast<size_t>(reader)]->TakeSource(options.source))
          continue;
        source_ = options.source, source_step_ = reader;
        source_shape_ = graph.value(graph.inputs[picture_input_]).info.shape;
      } else {
        if (storage.index != 0) continue;
        const int32_t writer = OnlyStep(id, &Step::writes);
        const bool is_read = std::any_of(plan_.steps.begin(), plan_.steps.end(), [id](const auto& step) {
          return std::count(step->reads.begin(), step->reads.end(), id) > 0;
        });
        if (options.sink == nullptr || writer < 0 || is_read ||
            !SeesPicture(writer, &BandedStep::Pictures::written, storage, graph.outputs[0]) ||
            storage.picture.channels != options.sink->channels ||
            !plan_.steps[static_cast<size_t>(writer)]->TakeSink(options.sink))
          continue;
        sink_ = options.sink, sink_step_ = writer;
      }
      storage.bytes = 0;
    }
  }

  // A picture with two colours says so at once; inputs are looked at before a step may write over them.
  void FindFlat() {
    if (asked_flat_ == 0) return;
    FlatInputs flat = 0;
    for (size_t i = 0; i < inputs_.size() && i < kMostFlatInputs; ++i) {
      if ((asked_flat_ & FlatInput(i)) == 0) continue;
      const bool from_source = i == picture_input_ && reads_source();
      if (from_source ? IsFlat(*source_, source_shape_[2], source_shape_[3]) : IsFlat(input(i)))
        flat |= FlatInput(i);
    }
    for (const auto& norm : plan_.norms) norm->flat = (norm->flat_inputs & ~flat) == 0;
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
  HostPtr host_;
  ThreadPool* pool_ = nullptr;  // the host's
  // Empty where an end or a state takes their place.
  std::vector<Tensor> inputs_, outputs_;
  size_t picture_input_ = 0;
  KnownInputs known_inputs_;  // for plan()
  States states_;
  std::vector<Step*> state_steps_;  // those that read or write one
  const PictureSource* source_ = nullptr;
  const PictureSink* sink_ = nullptr;
  Shape source_shape_;
  int32_t source_step_ = -1, sink_step_ = -1;
  bool mixes_ends_ = false;
  AlignedBuffer arena_;
  uint64_t scratch_offset_ = 0, scratch_bytes_ = 0;
  MemoryInfo memory_;
  PrecisionInfo precision_;
  CalibrationPtr calibration_;
  bool ends_in_arena_ = false;  // inputs and outputs lie in the arena
  int64_t chain_bytes_ = 0;     // SessionOptions
  Order exact_, carried_;
  std::vector<BandedStep*> finishing_;
  const Order* bound_ = nullptr;   // what the steps' pointers are of
  bool carries_ = false;           // NormStatistics::kCarried
  bool statistics_given_ = false;  // NormStatistics::kGiven
  CarriedStatistics carried_statistics_;
  std::vector<double> seconds_;  // room for RunChain
  std::vector<StepInfo> infos_;
  bool profiling_ = false;
  FlatInputs asked_flat_ = 0;  // those of all norms that may be flat
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
