#include "src/engine/plan/step_maker.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "src/base/memory.h"

namespace tempera::engine {

kernels::Activation ActivationOf(graph::ActivationKind kind) {
  switch (kind) {
    case graph::ActivationKind::kNone:
      break;
    case graph::ActivationKind::kClamp:
      return kernels::Activation::kClamp;
    case graph::ActivationKind::kSlope:
      return kernels::Activation::kSlope;
    case graph::ActivationKind::kHardSwish:
      return kernels::Activation::kHardSwish;
  }
  return kernels::Activation::kNone;
}

StepMaker::StepMaker(Plan* plan, const PlanOptions& options) : plan_(*plan), options_(options) {
  const graph::Graph& graph = *plan_.graph;
  kept_.resize(graph.values.size());
  for (size_t v = 0; v < graph.values.size(); ++v) {
    if (graph.values[v].constant) constants_.emplace(graph.values[v].name, static_cast<graph::ValueId>(v));
  }
  for (const auto* ends : {&graph.inputs, &graph.outputs}) {
    for (graph::ValueId v : *ends) kept_[static_cast<size_t>(v)] = true;
  }
  MakeNorms();
}

void StepMaker::MakeNorms() {
  for (const NormData& data : plan_.norm_data) {
    auto norm = std::make_unique<InstanceNorm>();
    norm->name = data.name;
    const auto floats_of = [&](const std::string& name) {
      const std::span<const float> numbers = Peek(name);
      return name.empty() ? std::vector<float>(static_cast<size_t>(data.channels))
                          : std::vector<float>(numbers.begin(), numbers.end());
    };
    norm->gamma = floats_of(data.gamma);
    norm->beta = floats_of(data.beta);
    norm->group_channels = data.group_channels;
    norm->epsilon = data.epsilon;
    norm->flat_inputs = data.flat_inputs;
    norm->statistics = options_.statistics;
    norm->smoothing = options_.smoothing;
    const auto count = static_cast<size_t>(data.images * data.channels);
    norm->mean.resize(count);
    norm->variance.assign(count, 1);
    norm->channel_mean.resize(count);
    norm->scale.resize(count);
    norm->shift.resize(count);
    norm->Apply();
    plan_.norms.push_back(std::move(norm));
  }
}

Result<std::unique_ptr<Step>> StepMaker::Make(size_t index) {
  NodeData& node = plan_.nodes[index];
  node_ = &node;
  auto made = std::visit([this](const auto& work) { return MakeStep(work, *this); }, node.work);
  if (!made.ok()) {
    return Status(made.status().code(), "node '" + node.name + "': " + made.status().message());
  }
  Step& step = **made;
  for (const ReadData& read : node.reads) step.reads.push_back(read.storage);
  step.writes = node.writes;
  step.info.name = node.name;
  step.info.operators = node.operators;
  if (!node.writes.empty()) {
    step.info.output_shape = written().shape;
  } else if (!node.reads.empty()) {
    step.info.output_shape = node.reads[0].shape;
  }
  if (auto* gathering = dynamic_cast<GatheringStep*>(&step)) {
    for (int32_t i : node.gathers) gathering->AddNorm(norm(i));
  } else if (!node.gathers.empty() && !std::holds_alternative<StatisticsWork>(node.work)) {
    return Internal("node '" + node.name + "' is to gather statistics, which its kernel does not");
  }
  node.kernel = step.info.kernel;
  return made;
}

bool StepMaker::ReadsInterleaved(size_t i) const {
  return storage(read(i).storage).layout == StorageLayout::kInterleavedF16;
}

kernels::Pointwise StepMaker::PointwiseOf(const ReadData& read) const {
  const PendingData& pending = read.pending;
  kernels::Pointwise p;
  const auto at = [this](int32_t i) { return i < 0 ? nullptr : numbers(i)->data(); };
  p.scale = pending.norm >= 0 ? norm(pending.norm)->scale.data() : at(pending.scale);
  p.shift = pending.norm >= 0 ? norm(pending.norm)->shift.data() : at(pending.shift);
  p.slope = at(pending.slope);
  p.activation = ActivationOf(pending.activation);
  if (pending.activation == graph::ActivationKind::kClamp) p.lo = pending.lo, p.hi = pending.hi;
  return p;
}

graph::ValueId StepMaker::Find(const std::string& name) const {
  const auto found = constants_.find(name);
  return found == constants_.end() ? graph::kNoValue : found->second;
}

const Tensor* StepMaker::Keep(const std::string& name) {
  const graph::ValueId v = Find(name);
  if (name.empty() || v == graph::kNoValue) return nullptr;
  kept_[static_cast<size_t>(v)] = true;
  return &*plan_.graph->value(v).constant;
}

const float* StepMaker::KeepFloats(const std::string& name) {
  const Tensor* tensor = Keep(name);
  return tensor == nullptr ? nullptr : tensor->data<float>();
}

std::span<const float> StepMaker::Peek(const std::string& name) const {
  const graph::ValueId v = Find(name);
  if (name.empty() || v == graph::kNoValue) return {};
  return std::as_const(*plan_.graph->value(v).constant).span<float>();
}

ChannelRanges* StepMaker::observed(int64_t convolution) const {
  return options_.observed == nullptr ? nullptr : &(*options_.observed)[static_cast<size_t>(convolution)];
}

void StepMaker::FreeConstants() {
  for (size_t v = 0; v < kept_.size(); ++v) {
    if (!kept_[v]) plan_.graph->values[v].constant.reset();
  }
}

Status MakeSteps(Plan* plan, const PlanOptions& options) {
  StepMaker maker(plan, options);
  const size_t most =
      options.host != nullptr && options.host->most_bytes != 0 ? options.host->most_bytes : SIZE_MAX;
  size_t packed = 0;
  for (size_t i = 0; i < plan->nodes.size(); ++i) {
    if (options.host != nullptr) TEMPERA_RETURN_IF_ERROR(options.host->CheckCancelled());
    TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<Step> step, maker.Make(i));
    // The whole plan is looked at when it is known (run/memory_bound.h); weights alone may be too many.
    packed += step->weight_bytes - step->constant_bytes;
    if (packed > most) {
      return OutOfMemory("weights of more than " + BytesToString(static_cast<double>(most)) +
                         ", all that the host allows; use a smaller model");
    }
    plan->steps.push_back(std::move(step));
  }
  maker.FreeConstants();
  return OkStatus();
}

}  // namespace tempera::engine
