#include "src/engine/precision/calibration_cache.h"

#include <optional>
#include <utility>
#include <vector>

#include "src/engine/precision/calibration_bytes.h"
#include "src/graph/rewrite.h"
#include "src/kernels/dot/dot_kernel.h"

namespace tempera::engine {
namespace {

constexpr const char* kSuffix = ".calibration";

void AddShape(Digester& to, const Shape& shape) {
  to.Add(static_cast<int64_t>(shape.size()));
  for (int64_t dim : shape) to.Add(dim);
}

void AddTensor(Digester& to, const Tensor& tensor) {
  to.Add(static_cast<int64_t>(tensor.dtype()));
  AddShape(to, tensor.shape());
  if (tensor.raw() != nullptr) to.Add({static_cast<const uint8_t*>(tensor.raw()), tensor.size_bytes()});
}

template <typename T>
void AddNumbers(Digester& to, const std::vector<T>& numbers) {
  to.Add({reinterpret_cast<const uint8_t*>(numbers.data()), numbers.size() * sizeof(T)});
}

void AddGraph(Digester& to, const graph::Graph& graph) {
  to.Add(static_cast<int64_t>(graph.opset));
  for (const graph::Value& value : graph.values) {
    to.Add(static_cast<int64_t>(value.info.dtype));
    AddShape(to, value.info.shape);
    if (value.constant) AddTensor(to, *value.constant);
  }
  for (const graph::Node& node : graph.nodes) {
    to.Add(node.name);  // metadata calls nodes by name
    to.Add(node.op_type);
    AddNumbers(to, node.inputs);
    AddNumbers(to, node.outputs);
    const auto add = [&to](std::string_view name, const auto& value) {
      to.Add(std::string(name));
      if constexpr (std::is_convertible_v<decltype(value), std::string_view>) {
        to.Add(std::string(value));
      } else if constexpr (std::is_floating_point_v<std::decay_t<decltype(value)>>) {
        to.Add(static_cast<double>(value));
      } else {
        to.Add(static_cast<int64_t>(value));
      }
    };
    std::visit([&](const auto& fused) { graph::ForEachField(fused, add); }, node.fused);
    for (const onnx::Attribute& a : node.attributes.list()) {
      to.Add(a.name);
      to.Add(static_cast<int64_t>(a.type));
      to.Add(static_cast<double>(a.f));
      to.Add(a.i);
      to.Add(a.s);
      AddTensor(to, a.t);
      AddNumbers(to, a.floats);
      AddNumbers(to, a.ints);
      for (const std::string& s : a.strings) to.Add(s);
    }
  }
  AddNumbers(to, graph.inputs);
  AddNumbers(to, graph.outputs);
  for (const auto& [name, value] : graph.metadata) {
    to.Add(name);
    to.Add(value);
  }
}

void AddInputs(Digester& to, const KnownInputs& inputs) {
  to.Add(static_cast<double>(inputs.picture.low));
  to.Add(static_cast<double>(inputs.picture.high));
  to.Add(static_cast<int64_t>(inputs.picture_input));
  to.Add(static_cast<int64_t>(inputs.values.size()));
  for (const auto& known : inputs.values) {
    to.Add(static_cast<int64_t>(known.has_value()));
    if (!known) continue;
    to.Add(static_cast<double>(known->low));
    to.Add(static_cast<double>(known->high));
    to.Add(static_cast<int64_t>(known->shares));
    to.Add(static_cast<int64_t>(known->initial.size()));
    AddNumbers(to, known->initial);
  }
  to.Add(static_cast<int64_t>(inputs.states.size()));
  for (const StateLink& link : inputs.states) {
    to.Add(static_cast<int64_t>(link.output));
    to.Add(static_cast<int64_t>(link.input));
  }
}

// What convolutions read, in node order; -1 where that has no channels.
std::vector<int64_t> InputChannels(const graph::Graph& graph) {
  std::vector<int64_t> channels;
  for (const graph::Node& node : graph.nodes) {
    if (graph::ConvOf(node) == nullptr) continue;
    const Shape& shape = graph.value(node.inputs[0]).info.shape;
    channels.push_back(shape.size() >= 2 ? shape[1] : -1);
  }
  return channels;
}

}  // namespace

CalibrationCache::CalibrationCache(CacheStore* store, const graph::Graph& graph, const Calibration& asked,
                                   int64_t highway_bit, bool measured)
    : store_(store), graph_(graph) {
  if (store_ == nullptr) return;
  Digester key;
  key.Add(int64_t{kCalibrationVersion});
  AddGraph(key, graph);
  key.Add(static_cast<int64_t>(asked.asked));
  key.Add(static_cast<int64_t>(measured));
  AddInputs(key, asked.inputs);
  key.Add(static_cast<int64_t>(asked.plain_dot_kernels));
  key.Add(asked.target);
  for (const kernels::DotKernel* kernel : kernels::DotKernelsFor(highway_bit))
    key.Add(std::string_view(kernel->name));
  key_ = key.digest();
  name_ = Hex(key_) + kSuffix;
}

bool CalibrationCache::Load(Calibration* asked) const {
  if (store_ == nullptr) return false;
  const std::optional<std::vector<uint8_t>> bytes = store_->Load(name_);
  if (!bytes) return false;
  std::optional<Calibration> found = CalibrationFromBytes(*bytes, key_);
  if (!found) return false;
  // None at all: everything in fp32.
  const std::vector<int64_t> channels = InputChannels(graph_);
  if (!found->convs.empty() && found->convs.size() != channels.size()) return false;
  for (size_t i = 0; i < found->convs.size(); ++i) {
    const ChannelRanges& ranges = found->convs[i].ranges;
    if (ranges.known() && static_cast<int64_t>(ranges.low.size()) != channels[i]) return false;
  }
  asked->convs = std::move(found->convs);
  asked->info = std::move(found->info);
  return true;
}

void CalibrationCache::Store(const Calibration& found) const {
  if (store_ == nullptr) return;
  store_->Store(name_, CalibrationToBytes(found, key_));
}

}  // namespace tempera::engine
