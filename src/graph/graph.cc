#include "src/graph/graph.h"

namespace tempera::graph {

std::string_view NameOf(PadKind kind) {
  switch (kind) {
    case PadKind::kConstant:
      return "constant";
    case PadKind::kReflect:
      return "reflect";
    case PadKind::kEdge:
      return "edge";
    case PadKind::kWrap:
      return "wrap";
  }
  return "unknown";
}

std::string_view NameOf(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kNone:
      return "none";
    case ActivationKind::kClamp:
      return "clamp";
    case ActivationKind::kSlope:
      return "slope";
    case ActivationKind::kHardSwish:
      return "hard_swish";
  }
  return "unknown";
}

using Type = onnx::Attribute::Type;

const onnx::Attribute* Attributes::Find(std::string_view name) const {
  for (const auto& a : list_) {
    if (a.name == name) return &a;
  }
  return nullptr;
}

int64_t Attributes::Int(std::string_view name, int64_t fallback) const {
  const auto* a = Find(name);
  return a && a->type == Type::kInt ? a->i : fallback;
}

float Attributes::Float(std::string_view name, float fallback) const {
  const auto* a = Find(name);
  return a && a->type == Type::kFloat ? a->f : fallback;
}

std::string Attributes::String(std::string_view name, std::string_view fallback) const {
  const auto* a = Find(name);
  return a && a->type == Type::kString ? a->s : std::string(fallback);
}

std::vector<int64_t> Attributes::Ints(std::string_view name, std::vector<int64_t> fallback) const {
  const auto* a = Find(name);
  return a && a->type == Type::kInts ? a->ints : fallback;
}

std::vector<float> Attributes::Floats(std::string_view name, std::vector<float> fallback) const {
  const auto* a = Find(name);
  return a && a->type == Type::kFloats ? a->floats : fallback;
}

void Attributes::Set(onnx::Attribute attribute) {
  for (auto& a : list_) {
    if (a.name == attribute.name) {
      a = std::move(attribute);
      return;
    }
  }
  list_.push_back(std::move(attribute));
}

}  // namespace tempera::graph
