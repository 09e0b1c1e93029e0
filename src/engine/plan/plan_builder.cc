#include "src/engine/plan/plan_builder.h"

#include <algorithm>
#include <utility>

#include "src/engine/facts/flat.h"
#include "src/engine/facts/layouts.h"
#include "src/engine/plan/steps/conv_nhwc_step.h"
#include "src/engine/plan/steps/observe_step.h"
#include "src/engine/plan/steps/pointwise_step.h"
#include "src/engine/plan/steps/reference_step.h"
#include "src/engine/precision/choose_convs.h"
#include "src/graph/rewrite.h"

namespace tempera::engine {

using graph::kNoValue;
using graph::Node;
using graph::ValueId;
using kernels::PictureLayout;

namespace {
constexpr size_t kF16Bytes = 2;
}

PlanBuilder::PlanBuilder(graph::Graph graph, const PlanOptions& options) : options_(options) {
  auto owned = std::make_unique<graph::Graph>(std::move(graph));
  graph_ = owned.get();
  plan_.graph = std::move(owned);
  readings_.resize(graph_->values.size());
  constant_drops_.resize(graph_->values.size());
  ChooseLayouts();
  flat_inputs_ = FlatWhenInputsAre(*graph_);
  for (size_t i = 0; i < plan_.graph->inputs.size(); ++i) {
    const StorageId id = NewStorage(plan_.graph->inputs[i]);
    plan_.storages[static_cast<size_t>(id)].kind = Storage::Kind::kInput;
    plan_.storages[static_cast<size_t>(id)].index = i;
  }
}

const Tensor* PlanBuilder::ConstantFloats(ValueId v) const {
  if (v == kNoValue) return nullptr;
  const auto& constant = graph().value(v).constant;
  return constant && constant->dtype() == DataType::kFloat32 ? &*constant : nullptr;
}

StorageId PlanBuilder::NewStorage(ValueId v, PictureLayout layout) {
  const TensorInfo& i = info(v);
  Storage storage;
  storage.bytes = DataTypeSize(i.dtype);
  storage.value = v;
  storage.picture = PlanesOf(v);
  for (int64_t d : i.shape) storage.bytes *= static_cast<size_t>(d);  // checked by Specialize
  if (layout == PictureLayout::kNhwcF16) {
    storage.layout = StorageLayout::kInterleavedF16;
    const Planes p = PlanesOf(v);
    storage.bytes = static_cast<size_t>(p.n * p.plane() * kernels::NhwcChannels(p.channels)) * kF16Bytes;
  }
  plan_.storages.push_back(storage);
  producers_.push_back(nullptr);
  const auto id = static_cast<StorageId>(plan_.storages.size() - 1);
  SetReading(v, {id, {}, layout});
  return id;
}

StorageId PlanBuilder::Materialize(ValueId v) {
  const Reading from = reading(v);
  if (from.storage < 0 || (from.pointwise.is_identity() && from.planar())) return from.storage;
  const StorageId to = NewStorage(v);
  AddCopy(from, v, to, "apply");
  return to;
}

Reading PlanBuilder::PlanarReading(ValueId v) {
  if (!reading(v).planar()) Materialize(v);
  return reading(v);
}

void PlanBuilder::ChooseLayouts() {
  low_precision_.assign(graph_->nodes.size(), false);
  conv_ordinal_.assign(graph_->nodes.size(), -1);
  int32_t ordinal = 0;
  for (size_t n = 0; n < graph_->nodes.size(); ++n) {
    const Node& node = graph_->nodes[n];
    if (node.op_type != "tempera.Conv") continue;
    conv_ordinal_[n] = ordinal++;
    low_precision_[n] = ConvNhwcNodeServes(*this, node);
  }
  interleaved_ = ChooseInterleaved(*graph_, low_precision_, DepthwiseOverPixels(*graph_));
}

PictureLayout PlanBuilder::LayoutOf(ValueId v) const {
  return interleaved_[static_cast<size_t>(v)] ? PictureLayout::kNhwcF16 : PictureLayout::kPlanarF32;
}

const ConvSetting* PlanBuilder::SettingOf(const Node& conv) const {
  const auto ordinal = static_cast<size_t>(conv_ordinal_[static_cast<size_t>(&conv - graph_->nodes.data())]);
  if (ordinal >= options_.convs.size()) return nullptr;
  const ConvSetting& setting = options_.convs[ordinal];
  return setting.precision == Precision::kFp32 ? nullptr : &setting;
}

void PlanBuilder::Observe(const Node& conv) {
  if (options_.observed == nullptr) return;
  const auto ordinal = static_cast<size_t>(conv_ordinal_[static_cast<size_t>(&conv - graph_->nodes.data())]);
  const ValueId x = conv.inputs[0];
  Add(MakeObserveStep(PlanarReading(x), PlanesOf(x), highway_bit(), &(*options_.observed)[ordinal]), conv);
}

InstanceNorm* PlanBuilder::KeepNorm(InstanceNorm norm) {
  norm.statistics = options_.statistics;
  norm.smoothing = options_.smoothing;
  plan_.norms.push_back(std::make_unique<InstanceNorm>(std::move(norm)));
  return plan_.norms.back().get();
}

void PlanBuilder::DropConstant(ValueId v) {
  if (v != kNoValue) ++constant_drops_[static_cast<size_t>(v)];
}

void PlanBuilder::FreeConstants() {
  for (const Node& node : graph_->nodes) {
    for (ValueId v : node.inputs) {
      if (v != kNoValue) --constant_drops_[static_cast<size_t>(v)];
    }
  }
  for (ValueId v : graph_->outputs) --constant_drops_[static_cast<size_t>(v)];
  // What every reader has dropped stands at zero again; so does what nobody reads, since a pass replaced it.
  for (size_t v = 0; v < constant_drops_.size(); ++v) {
    if (constant_drops_[v] == 0) graph_->values[v].constant.reset();
  }
}

void PlanBuilder::AllowInPlace(StorageId to, std::vector<StorageId> from) {
  plan_.storages[static_cast<size_t>(to)].may_replace = std::move(from);
}

int32_t PlanBuilder::KeepFloats(std::vector<float> numbers) {
  plan_.floats.push_back(std::make_unique<std::vector<float>>(std::move(numbers)));
  return static_cast<int32_t>(plan_.floats.size() - 1);
}

NodeData PlanBuilder::DataOf(const Step& step, const Node& node) const {
  NodeData data;
  const auto name_of = [&](size_t input) {
    const ValueId v = input < node.inputs.size() ? node.inputs[input] : kNoValue;
    return v == kNoValue ? std::string() : graph().value(v).name;
  };
  for (ValueId v : node.inputs) {
    if (v == kNoValue) continue;
    const Reading& from = reading(v);
    const bool reads = std::count(step.reads.begin(), step.reads.end(), from.storage) > 0;
    if (reads) data.reads.push_back({from.storage, from.pending});
    if (graph().value(v).constant) data.constants.push_back(graph().value(v).name);
  }
  data.writes = step.writes;
  if (step.writes.empty()) {
    data.work = LookWork{};
    data.constants.clear();
  } else if (const graph::FusedConv* conv = graph::ConvOf(node)) {
    const Shape &x = info(node.inputs[0]).shape, &w = info(node.inputs[1]).shape;
    const bool low = low_precision_[static_cast<size_t>(&node - graph_->nodes.data())];
    data.work = ConvWork{*conv,      w[2],       w[3],
                         x[1],       w[0],       low ? SettingOf(node)->precision : Precision::kFp32,
                         name_of(1), name_of(2), name_of(3)};
    data.constants.clear();
  } else {
    data.work = OperatorWork{node.op_type, node.attributes, node.fused};
  }
  return data;
}

void PlanBuilder::Gathers(ValueId v) {
  const Step* producer = ProducerOf(v);
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    if (plan_.steps[i].get() == producer)
      plan_.nodes[i].gathers.push_back(static_cast<int32_t>(plan_.norms.size() - 1));
  }
}

void PlanBuilder::Add(std::unique_ptr<Step> step, const Node& node) {
  step->info.name = node.name;
  step->info.operators = node.attributes.String("operators", node.op_type);
  for (ValueId v : node.outputs) {
    if (v != kNoValue && step->info.output_shape.empty()) step->info.output_shape = info(v).shape;
  }
  for (StorageId id : step->writes) producers_[static_cast<size_t>(id)] = step.get();
  plan_.nodes.push_back(DataOf(*step, node));
  plan_.steps.push_back(std::move(step));
}

void PlanBuilder::AddBehindSources(std::unique_ptr<Step> step, const ParametersWork& work) {
  NodeData data;
  data.work = work;
  for (StorageId id : step->reads) data.reads.push_back({id, {}});
  size_t at = 0;
  for (StorageId id : step->reads) {
    const Step* source = producers_[static_cast<size_t>(id)];
    for (size_t i = plan_.steps.size(); i > at; --i) {
      if (plan_.steps[i - 1].get() == source) at = i;
    }
  }
  plan_.nodes.insert(plan_.nodes.begin() + static_cast<int64_t>(at), std::move(data));
  plan_.steps.insert(plan_.steps.begin() + static_cast<int64_t>(at), std::move(step));
}

Step* PlanBuilder::ProducerOf(ValueId v) const {
  const StorageId id = reading(v).storage;
  return id < 0 ? nullptr : producers_[static_cast<size_t>(id)];
}

void PlanBuilder::Credit(ValueId v, const Node& node) {
  Step* producer = ProducerOf(v);
  if (producer == nullptr) return;
  producer->info.name += "+" + node.name;
  producer->info.operators += "+" + node.attributes.String("operators", node.op_type);
}

Status PlanBuilder::AddReference(const Node& node) {
  std::vector<StorageId> inputs, outputs;
  for (ValueId v : node.inputs) {
    const bool absent = v == kNoValue || graph().value(v).constant.has_value();
    inputs.push_back(absent ? -1 : Materialize(v));
  }
  for (ValueId v : node.outputs) outputs.push_back(v == kNoValue ? -1 : NewStorage(v));
  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<Step> step, MakeReferenceStep(graph(), node, inputs, outputs));
  Add(std::move(step), node);
  return OkStatus();
}

void PlanBuilder::AddCopy(const Reading& from, ValueId v, StorageId to, const std::string& why) {
  const size_t bytes = plan_.storages[static_cast<size_t>(to)].bytes;
  std::unique_ptr<Step> step = !from.planar() ? MakeToPlanarStep(from, to, PlanesOf(v), highway_bit())
                               : from.pointwise.is_identity()
                                   ? MakeCopyStep(from.storage, to, bytes)
                                   : MakePointwiseStep(from, to, PlanesOf(v), highway_bit());
  step->info.output_shape = info(v).shape;
  step->info.name = why + " " + graph().value(v).name;
  step->info.operators = "Identity";
  producers_[static_cast<size_t>(to)] = step.get();
  NodeData data;
  data.work = ApplyWork{};
  data.reads.push_back({from.storage, from.pending});
  data.writes.push_back(to);
  plan_.nodes.push_back(std::move(data));
  plan_.steps.push_back(std::move(step));
}

Result<Plan> PlanBuilder::Finish() {
  for (size_t o = 0; o < graph().outputs.size(); ++o) {
    const ValueId v = graph().outputs[o];
    if (graph().value(v).constant) {
      plan_.constant_outputs.push_back(o);
      continue;
    }
    const Reading from = reading(v);
    if (from.storage < 0) return Internal("output '" + graph().value(v).name + "' is not computed");
    StorageId to = from.storage;
    const bool in_place = from.planar() && from.pointwise.is_identity() &&
                          plan_.storages[static_cast<size_t>(to)].kind == Storage::Kind::kArena;
    if (!in_place) {
      to = NewStorage(v);
      SetReading(v, from);  // another output may be the same value
      AddCopy(from, v, to, "output");
    }
    plan_.storages[static_cast<size_t>(to)].kind = Storage::Kind::kOutput;
    plan_.storages[static_cast<size_t>(to)].index = o;
  }
  FreeConstants();
  return std::move(plan_);
}

}  // namespace tempera::engine
