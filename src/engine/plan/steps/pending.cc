// Nodes that cost no step: they stay pending on the value until it is read.
#include "src/engine/plan/plan_builder.h"
#include "src/graph/activation.h"

namespace tempera::engine {
namespace {

// Constants per channel, repeated for every image of the batch.
const float* RepeatForImages(PlanBuilder& builder, std::span<const float> numbers, int64_t n) {
  std::vector<float> repeated;
  for (int64_t i = 0; i < n; ++i) repeated.insert(repeated.end(), numbers.begin(), numbers.end());
  return builder.KeepFloats(std::move(repeated)).data();
}

}  // namespace

Result<bool> PlanAffineNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  if (!builder.is_picture(x) || builder.reading(x).storage < 0) {
    return Unsupported("node '" + node.name + "' works on an empty or too large picture; use another size");
  }
  const int64_t n = builder.PlanesOf(x).n;
  if (!builder.reading(x).pointwise.is_identity()) builder.Materialize(x);  // one pending change at a time
  Reading r = builder.reading(x);
  r.pointwise.scale = RepeatForImages(builder, builder.ConstantFloats(node.inputs[1])->span<float>(), n);
  r.pointwise.shift = RepeatForImages(builder, builder.ConstantFloats(node.inputs[2])->span<float>(), n);
  builder.SetReading(node.outputs[0], r);
  builder.Credit(node.outputs[0], node);
  return true;
}

Result<bool> PlanActivationNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  const auto spec = graph::ReadActivation(builder.graph(), node);
  if (!spec || builder.reading(x).storage < 0) return false;
  if (!spec->clamp && !builder.is_picture(x)) return false;
  Reading r = builder.reading(x);
  if (r.pointwise.activation != kernels::Activation::kNone) {
    builder.Materialize(x);
    r = builder.reading(x);
  }
  if (spec->clamp) {
    r.pointwise.activation = kernels::Activation::kClamp;
    r.pointwise.lo = spec->lo;
    r.pointwise.hi = spec->hi;
  } else {
    r.pointwise.activation = kernels::Activation::kSlope;
    r.pointwise.slope = RepeatForImages(builder, spec->slope, builder.PlanesOf(x).n);
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
  if (builder.reading(node.inputs[0]).storage < 0) return false;
  builder.SetReading(node.outputs[0], {builder.Materialize(node.inputs[0]), {}, {}});
  builder.Credit(node.outputs[0], node);
  return true;
}

}  // namespace tempera::engine
