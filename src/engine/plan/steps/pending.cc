// Nodes that cost no step: they stay pending on the value until it is read.
#include <algorithm>

#include "src/engine/plan/plan_builder.h"
#include "src/engine/plan/steps/parameters_node.h"
#include "src/graph/activation.h"

namespace tempera::engine {
namespace {

// Numbers per channel, repeated for every image of the batch.
int32_t RepeatForImages(PlanBuilder& builder, std::span<const float> numbers, int64_t n) {
  std::vector<float> repeated;
  for (int64_t i = 0; i < n; ++i) repeated.insert(repeated.end(), numbers.begin(), numbers.end());
  return builder.AddNumbers(std::move(repeated));
}

}  // namespace

Result<bool> PlanAffineNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  const Shape& shape = builder.info(x).shape;
  if (std::count(shape.begin(), shape.end(), 0) > 0) return false;  // empty: the plain loop has nothing to do
  if (!builder.is_picture(x) || !builder.is_computed(x) || !HasParameters(builder, node)) {
    return Unsupported("node '" + node.name + "' works on a picture of too many planes; use another size");
  }
  const int64_t n = builder.PlanesOf(x).n;
  if (!builder.reading(x).pending.empty()) builder.Materialize(x);  // one pending change at a time
  Reading r = builder.reading(x);
  r.pending.scale = RepeatForImages(builder, ParametersOf(builder, node.inputs[1]), n);
  r.pending.shift = RepeatForImages(builder, ParametersOf(builder, node.inputs[2]), n);
  AddParametersNode(builder, node, ParametersWork{.scale = r.pending.scale, .shift = r.pending.shift});
  builder.SetReading(node.outputs[0], r);
  builder.Credit(node.outputs[0], node);
  return true;
}

Result<bool> PlanActivationNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  const auto spec = graph::ReadActivation(builder.graph(), node);
  if (!spec || !builder.is_computed(x)) return false;
  if (!spec->clamp && !builder.is_picture(x)) return false;
  Reading r = builder.reading(x);
  if (r.pending.activation != graph::ActivationKind::kNone) {
    builder.Materialize(x);
    r = builder.reading(x);
  }
  if (spec->clamp) {
    r.pending.activation = graph::ActivationKind::kClamp;
    r.pending.lo = spec->lo;
    r.pending.hi = spec->hi;
  } else {
    r.pending.activation = graph::ActivationKind::kSlope;
    r.pending.slope = RepeatForImages(builder, spec->slope, builder.PlanesOf(x).n);
  }
  builder.SetReading(node.outputs[0], r);
  builder.Credit(node.outputs[0], node);
  return true;
}

// The same numbers under another shape.
Result<bool> PlanViewNode(PlanBuilder& builder, const graph::Node& node) {
  for (size_t i = 1; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != graph::kNoValue) return false;  // Dropout's mask
  }
  if (!builder.is_computed(node.inputs[0])) return false;
  builder.SetReading(node.outputs[0], {builder.Materialize(node.inputs[0]).storage});
  builder.Credit(node.outputs[0], node);
  return true;
}

}  // namespace tempera::engine
