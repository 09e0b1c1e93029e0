#include "src/engine/plan/plan_builder.h"

#include <algorithm>
#include <utility>

#include "src/engine/facts/flat.h"
#include "src/engine/facts/layouts.h"
#include "src/engine/plan/steps/conv_node.h"
#include "src/engine/precision/choose_convs.h"
#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/ops/op.h"

namespace tempera::engine {

using graph::kNoValue;
using graph::Node;
using graph::ValueId;

namespace {

constexpr uint64_t kF16Bytes = 2;

std::string OperatorsOf(const Node& node) { return node.attributes.String("operators", node.op_type); }

}  // namespace

PlanBuilder::PlanBuilder(graph::Graph graph, const PlanOptions& options) : options_(options) {
  plan_.graph = std::make_unique<graph::Graph>(std::move(graph));
  graph_ = plan_.graph.get();
  readings_.resize(graph_->values.size());
  ChooseLayouts();
  flat_inputs_ = FlatWhenInputsAre(*graph_);
  for (size_t i = 0; i < graph_->inputs.size(); ++i) {
    const StorageId id = NewStorage(graph_->inputs[i]);
    plan_.storages[static_cast<size_t>(id)].kind = StorageKind::kInput;
    plan_.storages[static_cast<size_t>(id)].index = i;
  }
}

const Tensor* PlanBuilder::ConstantFloats(ValueId v) const {
  if (v == kNoValue) return nullptr;
  const auto& constant = graph().value(v).constant;
  return constant && constant->dtype() == DataType::kFloat32 ? &*constant : nullptr;
}

bool PlanBuilder::CanRead(ValueId v) const {
  return v != kNoValue && is_float(v) && (is_computed(v) || ConstantFloats(v) != nullptr);
}

std::string PlanBuilder::NameOf(ValueId v) const {
  return v == kNoValue ? std::string() : graph().value(v).name;
}

StorageId PlanBuilder::NewStorage(ValueId v, StorageLayout layout) {
  const TensorInfo& i = info(v);
  Storage storage;
  storage.value = graph().value(v).name;
  storage.type = i.dtype;
  storage.shape = i.shape;
  storage.picture = PlanesOf(v);
  storage.layout = layout;
  storage.bytes = DataTypeSize(i.dtype);
  for (int64_t d : i.shape) storage.bytes *= static_cast<uint64_t>(d);  // checked by Specialize
  if (layout == StorageLayout::kInterleavedF16) {
    const Planes& p = storage.picture;
    storage.bytes = static_cast<uint64_t>(p.n * p.plane() * kernels::NhwcChannels(p.channels)) * kF16Bytes;
  }
  plan_.storages.push_back(std::move(storage));
  producers_.push_back(-1);
  const auto id = static_cast<StorageId>(plan_.storages.size() - 1);
  SetReading(v, {id, layout});
  return id;
}

ReadData PlanBuilder::Materialize(ValueId v) {
  const Reading from = reading(v);
  if (from.storage < 0 || (from.pending.empty() && from.dense())) return ReadOf(v);
  const ReadData read = ReadOf(v);
  AddCopy(read, v, NewStorage(v), "apply");
  return ReadOf(v);
}

ReadData PlanBuilder::DenseRead(ValueId v) {
  if (!reading(v).dense()) Materialize(v);
  return ReadOf(v);
}

Operand PlanBuilder::OperandOf(ValueId v, std::vector<ReadData>* reads) {
  if (ConstantFloats(v) != nullptr) return {-1, NameOf(v)};
  reads->push_back(Materialize(v));
  return {static_cast<int32_t>(reads->size()) - 1, {}};
}

void PlanBuilder::ChooseLayouts() {
  low_precision_.assign(graph_->nodes.size(), false);
  conv_ordinal_.assign(graph_->nodes.size(), -1);
  int32_t ordinal = 0;
  for (size_t n = 0; n < graph_->nodes.size(); ++n) {
    const Node& node = graph_->nodes[n];
    if (node.op_type != "tempera.Conv") continue;
    conv_ordinal_[n] = ordinal++;
    low_precision_[n] = LowPrecisionServes(*this, node);
  }
  interleaved_ = ChooseInterleaved(*graph_, low_precision_, DepthwiseOverPixels(*graph_));
}

StorageLayout PlanBuilder::LayoutOf(ValueId v) const {
  return interleaved_[static_cast<size_t>(v)] ? StorageLayout::kInterleavedF16 : StorageLayout::kDense;
}

const ConvSetting* PlanBuilder::SettingOf(const Node& conv) const {
  const auto ordinal = static_cast<size_t>(conv_ordinal_[static_cast<size_t>(&conv - graph_->nodes.data())]);
  if (ordinal >= options_.convs.size()) return nullptr;
  const ConvSetting& setting = options_.convs[ordinal];
  return setting.precision == Precision::kFp32 ? nullptr : &setting;
}

bool PlanBuilder::IsLowPrecision(const Node& conv) const {
  return low_precision_[static_cast<size_t>(&conv - graph_->nodes.data())];
}

void PlanBuilder::Observe(const Node& conv) {
  if (options_.observed == nullptr) return;
  const int32_t ordinal = conv_ordinal_[static_cast<size_t>(&conv - graph_->nodes.data())];
  Add(conv, RangesWork{ordinal}, {DenseRead(conv.inputs[0])}, {});
}

int32_t PlanBuilder::AddNorm(NormData norm) {
  norm.given = !wants_statistics();
  plan_.norm_data.push_back(std::move(norm));
  return static_cast<int32_t>(plan_.norm_data.size()) - 1;
}

void PlanBuilder::AllowInPlace(StorageId to, std::vector<StorageId> from) {
  plan_.storages[static_cast<size_t>(to)].may_replace = std::move(from);
}

int32_t PlanBuilder::AddNumbers(std::vector<float> numbers) {
  plan_.floats.push_back(std::make_unique<std::vector<float>>(std::move(numbers)));
  return static_cast<int32_t>(plan_.floats.size() - 1);
}

void PlanBuilder::Add(const Node& node, Work work, std::vector<ReadData> reads,
                      std::vector<StorageId> writes) {
  NodeData data;
  data.name = node.name;
  data.operators = OperatorsOf(node);
  data.work = std::move(work);
  data.reads = std::move(reads);
  data.writes = std::move(writes);
  data.op_type = node.op_type;
  data.attributes = node.attributes;
  data.fused = node.fused;
  for (ValueId v : node.inputs) {
    if (v != kNoValue && graph().value(v).constant) data.constants.push_back(NameOf(v));
  }
  for (StorageId id : data.writes) ProducerOf(id) = static_cast<int32_t>(plan_.nodes.size());
  plan_.nodes.push_back(std::move(data));
}

int32_t PlanBuilder::GathererOf(ValueId v) const {
  const Reading& from = reading(v);
  if (from.storage < 0 || !from.pending.empty()) return -1;
  const auto storage = static_cast<size_t>(from.storage);
  const int32_t producer = producers_[storage];
  if (producer < 0 || !SamePicture(plan_.storages[storage].picture, PlanesOf(v))) return -1;
  const auto* conv = std::get_if<ConvWork>(&plan_.nodes[static_cast<size_t>(producer)].work);
  // fp32 over pixels: the depthwise kernel, which does not.
  return conv == nullptr || (conv->precision == Precision::kFp32 && !from.dense()) ? -1 : producer;
}

void PlanBuilder::AddBehindSources(NodeData node) {
  int32_t at = 0;
  for (const ReadData& read : node.reads) at = std::max(at, ProducerOf(read.storage) + 1);
  for (int32_t& producer : producers_) producer += producer >= at ? 1 : 0;
  plan_.nodes.insert(plan_.nodes.begin() + at, std::move(node));
}

void PlanBuilder::Credit(ValueId v, const Node& node) {
  const StorageId id = reading(v).storage;
  if (id < 0 || ProducerOf(id) < 0) return;
  NodeData& producer = plan_.nodes[static_cast<size_t>(ProducerOf(id))];
  producer.name += "+" + node.name;
  producer.operators += "+" + OperatorsOf(node);
}

Status PlanBuilder::AddLoop(const Node& node) {
  if (ops::FindLoop(node.op_type) == nullptr) {
    return Unsupported("operator " + node.op_type + " has no reference loop");
  }
  LoopWork work;
  std::vector<ReadData> reads;
  std::vector<StorageId> writes;
  for (ValueId v : node.inputs) {
    work.inputs.emplace_back();
    if (v == kNoValue) continue;
    if (graph().value(v).constant) {
      work.inputs.back().constant = NameOf(v);
      continue;
    }
    work.inputs.back().read = static_cast<int32_t>(reads.size());
    reads.push_back(Materialize(v));
  }
  for (ValueId v : node.outputs) {
    work.outputs.push_back(v == kNoValue ? -1 : static_cast<int32_t>(writes.size()));
    if (v != kNoValue) writes.push_back(NewStorage(v));
  }
  Add(node, std::move(work), std::move(reads), std::move(writes));
  return OkStatus();
}

void PlanBuilder::AddCopy(const ReadData& from, ValueId v, StorageId to, const std::string& why) {
  NodeData data;
  data.name = why + " " + NameOf(v);
  data.operators = "Identity";
  data.work = ApplyWork{};
  data.reads.push_back(from);
  data.writes.push_back(to);
  ProducerOf(to) = static_cast<int32_t>(plan_.nodes.size());
  plan_.nodes.push_back(std::move(data));
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
    const bool in_place = from.dense() && from.pending.empty() &&
                          plan_.storages[static_cast<size_t>(to)].kind == StorageKind::kArena;
    if (!in_place) {
      const ReadData read = ReadOf(v);
      to = NewStorage(v);
      SetReading(v, from);  // another output may be the same value
      AddCopy(read, v, to, "output");
    }
    plan_.storages[static_cast<size_t>(to)].kind = StorageKind::kOutput;
    plan_.storages[static_cast<size_t>(to)].index = o;
  }
  return std::move(plan_);
}

}  // namespace tempera::engine
