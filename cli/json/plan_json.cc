#include "cli/json/plan_json.h"

#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tempera::cli {
namespace {

using Json = nlohmann::ordered_json;
using engine::NodeData;
using engine::PendingData;
using engine::PlanData;

// JSON knows no infinity: null stands for it.
Json Number(float x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }

Json JsonOf(bool x) { return x; }
Json JsonOf(int64_t x) { return x; }
Json JsonOf(int32_t x) { return x; }
Json JsonOf(float x) { return Number(x); }
Json JsonOf(std::string_view x) { return x; }
Json JsonOf(const std::string& x) { return x; }
template <typename A, typename B>
Json JsonOf(const std::pair<A, B>& x) {
  return Json::array({x.first, x.second});
}
// A number: the place in `reads`; a text: a constant's name; null: absent.
Json JsonOf(const engine::Operand& x) {
  return x.absent() ? Json(nullptr) : x.read >= 0 ? Json(x.read) : Json(x.constant);
}
Json JsonOf(const engine::ResizeTaps& x) {
  return {{"in", x.in}, {"out", x.out}, {"taps", x.taps}, {"index", x.index}, {"weight", x.weight}};
}
Json JsonOf(const engine::Move& x) {
  return {{"from", JsonOf(x.from)}, {"in_offset", x.in_offset},   {"out_offset", x.out_offset},
          {"shape", x.shape},       {"in_strides", x.in_strides}, {"out_strides", x.out_strides}};
}
template <typename T>
Json JsonOf(const std::vector<T>& list) {
  Json json = Json::array();
  for (const T& x : list) json.push_back(JsonOf(x));
  return json;
}

template <typename T>
void AddFields(const T& of, Json* fields) {
  using engine::ForEachField;
  using graph::ForEachField;
  ForEachField(of, [fields](std::string_view name, const auto& value) {
    (*fields)[std::string(name)] = JsonOf(value);
  });
}

void AddAttributes(const graph::Attributes& attributes, Json* fields) {
  using Type = onnx::Attribute::Type;
  for (const onnx::Attribute& a : attributes.list()) {
    if (a.name == "operators") continue;
    Json& field = (*fields)[a.name];
    if (a.type == Type::kInt) field = a.i;
    if (a.type == Type::kFloat) field = Number(a.f);
    if (a.type == Type::kString) field = a.s;
    if (a.type == Type::kInts) field = a.ints;
    if (a.type == Type::kFloats) field = a.floats;
  }
}

// `does` and `fields`: in the graph's words where it has them; `work`: resolved, where those differ.
void AddWork(const NodeData& n, Json* node) {
  Json fields = Json::object(), work = Json::object();
  work["kind"] = engine::KindOf(n.work);
  std::visit([&](const auto& w) { AddFields(w, &work); }, n.work);
  const auto* conv = std::get_if<engine::ConvWork>(&n.work);
  const bool in_own_words = conv != nullptr || std::holds_alternative<engine::StatisticsWork>(n.work) ||
                            std::holds_alternative<engine::RangesWork>(n.work) || n.op_type.empty();
  (*node)["does"] = in_own_words ? std::string(engine::KindOf(n.work)) : n.op_type;
  if (in_own_words) {
    if (conv != nullptr) AddFields(conv->conv, &fields);
    work.erase("kind");
    fields.update(work);
  } else {
    std::visit([&](const auto& f) { AddFields(f, &fields); }, n.fused);
    AddAttributes(n.attributes, &fields);
    (*node)["work"] = std::move(work);
  }
  if (!fields.empty()) (*node)["fields"] = std::move(fields);
}

Json JsonOfPending(const PendingData& pending) {
  Json json = Json::object();
  const auto add_place = [&](const char* name, int32_t place) {
    if (place >= 0) json[name] = place;
  };
  add_place("norm", pending.norm);
  add_place("scale", pending.scale);
  add_place("shift", pending.shift);
  if (pending.activation != graph::ActivationKind::kNone)
    json["activation"] = graph::NameOf(pending.activation);
  if (pending.activation == graph::ActivationKind::kClamp) {
    json["lo"] = Number(pending.lo);
    json["hi"] = Number(pending.hi);
  }
  add_place("slope", pending.slope);
  return json;
}

Json JsonOfNode(const NodeData& n) {
  Json node = {{"name", n.name}, {"operators", n.operators}, {"kernel", n.kernel}};
  AddWork(n, &node);
  node["reads"] = Json::array();
  for (const engine::ReadData& read : n.reads) {
    Json json = {{"value", read.storage}};
    json["shape"] = read.shape;
    if (!read.pending.empty()) json["pending"] = JsonOfPending(read.pending);
    node["reads"].push_back(std::move(json));
  }
  // A convolution has named them.
  const bool named = std::holds_alternative<engine::ConvWork>(n.work);
  if (!n.constants.empty() && !named) node["constants"] = n.constants;
  node["writes"] = n.writes;
  if (!n.gathers.empty()) node["gathers"] = n.gathers;
  node["stage"] = n.stage;
  if (n.runs_in_chain) node["runs_in_chain"] = true;
  return node;
}

Json JsonOfValue(const engine::StorageData& s) {
  Json value = {
      {"name", s.value},
      {"type", s.layout == engine::StorageLayout::kInterleavedF16 ? "float16" : DataTypeName(s.type)},
      {"shape", s.shape},
      {"picture", {s.picture.n, s.picture.channels, s.picture.h, s.picture.w}},
      {"layout", engine::NameOf(s.layout)},
      {"kind", engine::NameOf(s.kind)},
      {"bytes", s.bytes},
      {"lives", {s.first_node, s.last_node}}};
  value["offset"] = s.offset >= 0 ? Json(s.offset) : Json(nullptr);
  if (s.kept) value["kept"] = true;
  if (s.replaces >= 0) value["replaces"] = s.replaces;
  return value;
}

Json JsonOfNorm(const engine::NormData& norm) {
  Json flat_inputs = nullptr;
  if ((norm.flat_inputs & engine::kNeverFlat) == 0) {
    flat_inputs = Json::array();
    for (size_t i = 0; i < engine::kMostFlatInputs; ++i) {
      if ((norm.flat_inputs & engine::FlatInput(i)) != 0) flat_inputs.push_back(i);
    }
  }
  return {{"name", norm.name},
          {"images", norm.images},
          {"channels", norm.channels},
          {"group_channels", norm.group_channels},
          {"epsilon", norm.epsilon},
          {"gamma", norm.gamma},
          {"beta", norm.beta},
          {"given", norm.given},
          {"flat_inputs", std::move(flat_inputs)}};
}

template <typename End>
Json JsonOfEnd(const End& end) {
  Json json = {{"name", end.name}, {"type", DataTypeName(end.type)}, {"shape", end.shape}};
  json["value"] = end.storage >= 0 ? Json(end.storage) : Json(nullptr);
  return json;
}

void AddEnds(const PlanData& plan, Json* json) {
  Json inputs = Json::array(), outputs = Json::array(), states = Json::array();
  for (const engine::InputData& input : plan.inputs) {
    inputs.push_back(JsonOfEnd(input));
    if (input.is_picture) inputs.back()["picture"] = true;
    if (!input.initial.empty()) inputs.back()["initial"] = JsonOf(input.initial);
  }
  for (const engine::OutputData& output : plan.outputs) {
    outputs.push_back(JsonOfEnd(output));
    if (!output.constant.empty()) outputs.back()["constant"] = output.constant;
  }
  for (const engine::StateData& state : plan.states)
    states.push_back({{"output", state.output}, {"input", state.input}});
  (*json)["inputs"] = std::move(inputs);
  (*json)["outputs"] = std::move(outputs);
  (*json)["states"] = std::move(states);
}

}  // namespace

Json JsonOfPlan(const PlanData& plan) {
  Json json;
  json["opset"] = plan.opset;
  AddEnds(plan, &json);
  for (const char* list : {"nodes", "values", "norms", "numbers"}) json[list] = Json::array();
  for (const NodeData& node : plan.nodes) json["nodes"].push_back(JsonOfNode(node));
  for (const engine::StorageData& s : plan.storages) json["values"].push_back(JsonOfValue(s));
  for (const engine::NormData& norm : plan.norms) json["norms"].push_back(JsonOfNorm(norm));
  for (const auto& numbers : plan.numbers) json["numbers"].push_back(JsonOf(numbers));
  json["memory"] = {{"arena_bytes", plan.arena_bytes}, {"scratch_bytes", plan.scratch_bytes}};
  return json;
}

}  // namespace tempera::cli
