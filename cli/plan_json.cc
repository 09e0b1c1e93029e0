#include "cli/plan_json.h"

#include <cmath>
#include <string>
#include <string_view>
#include <variant>

namespace tempera::cli {
namespace {

using Json = nlohmann::ordered_json;
using engine::NodeData;
using engine::PendingData;
using engine::PlanData;

// JSON knows no infinity: null stands for it.
Json Number(float x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }

Json FieldsOf(const graph::Fused& fused) {
  Json fields = Json::object();
  const auto add = [&fields](std::string_view name, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, float>) {
      fields[std::string(name)] = Number(value);
    } else {
      fields[std::string(name)] = value;
    }
  };
  std::visit([&](const auto& f) { graph::ForEachField(f, add); }, fused);
  return fields;
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

struct WorkPrinter {
  Json& node;

  void operator()(const engine::ConvWork& w) const {
    node["does"] = "convolution";
    Json fields = FieldsOf(w.conv);
    fields["kernel_h"] = w.kernel_h;
    fields["kernel_w"] = w.kernel_w;
    fields["in_channels"] = w.in_channels;
    fields["out_channels"] = w.out_channels;
    fields["precision"] = engine::PrecisionName(w.precision);
    fields["weights"] = w.weights;
    if (!w.bias.empty()) fields["bias"] = w.bias;
    if (!w.slope.empty()) fields["slope"] = w.slope;
    node["fields"] = std::move(fields);
  }
  void operator()(const engine::LookWork&) const { node["does"] = "statistics"; }
  void operator()(const engine::ParametersWork& w) const {
    node["does"] = "parameters";
    node["fields"] = Json{{"norm", w.norm}, {"scale", w.scale}, {"shift", w.shift}};
  }
  void operator()(const engine::ApplyWork&) const { node["does"] = "apply"; }
  void operator()(const engine::OperatorWork& w) const {
    node["does"] = w.op_type;
    Json fields = FieldsOf(w.fused);
    AddAttributes(w.attributes, &fields);
    if (!fields.empty()) node["fields"] = std::move(fields);
  }
};

Json JsonOfPending(const PlanData& plan, const PendingData& pending) {
  Json json = Json::object();
  if (pending.norm >= 0) json["norm"] = plan.norms[static_cast<size_t>(pending.norm)].name;
  const auto add_numbers = [&](const char* name, int32_t numbers) {
    if (numbers >= 0) json[name] = plan.numbers[static_cast<size_t>(numbers)];
  };
  add_numbers("scale", pending.scale);
  add_numbers("shift", pending.shift);
  if (pending.activation != graph::ActivationKind::kNone)
    json["activation"] = graph::NameOf(pending.activation);
  if (pending.activation == graph::ActivationKind::kClamp) {
    json["lo"] = Number(pending.lo);
    json["hi"] = Number(pending.hi);
  }
  add_numbers("slope", pending.slope);
  return json;
}

Json JsonOfNode(const PlanData& plan, const NodeData& n) {
  Json node = {{"name", n.name}, {"operators", n.operators}, {"kernel", n.kernel}};
  std::visit(WorkPrinter{node}, n.work);
  node["reads"] = Json::array();
  for (const engine::ReadData& read : n.reads) {
    Json json = {{"value", read.storage}};
    if (!read.pending.empty()) json["pending"] = JsonOfPending(plan, read.pending);
    node["reads"].push_back(std::move(json));
  }
  if (!n.constants.empty()) node["constants"] = n.constants;
  node["writes"] = n.writes;
  for (int32_t norm : n.gathers) node["gathers"].push_back(plan.norms[static_cast<size_t>(norm)].name);
  node["stage"] = n.stage;
  if (n.runs_in_chain) node["runs_in_chain"] = true;
  return node;
}

}  // namespace

Json JsonOfPlan(const PlanData& plan) {
  Json json;
  json["nodes"] = Json::array();
  for (const NodeData& node : plan.nodes) json["nodes"].push_back(JsonOfNode(plan, node));
  json["values"] = Json::array();
  for (const engine::StorageData& s : plan.storages) {
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
    json["values"].push_back(std::move(value));
  }
  json["norms"] = Json::array();
  for (const engine::NormData& norm : plan.norms) {
    json["norms"].push_back({{"name", norm.name},
                             {"channels", norm.channels},
                             {"group_channels", norm.group_channels},
                             {"epsilon", norm.epsilon}});
  }
  json["memory"] = {{"arena_bytes", plan.arena_bytes}, {"scratch_bytes", plan.scratch_bytes}};
  return json;
}

}  // namespace tempera::cli
