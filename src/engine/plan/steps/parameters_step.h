// Scales and shifts that the graph computes (a blend of styles, a gate), taken from where steps leave them to
// where the norm, or whoever applies them as it reads, looks for them.
#pragma once

#include <vector>

#include "src/engine/plan/norm.h"
#include "src/engine/plan/plan_builder.h"

namespace tempera::engine {

// Whether inputs 1 and 2 of a norm or a tempera.Affine are one number per channel of input 0 each, constant
// or computed by a step.
bool HasParameters(const PlanBuilder& builder, const graph::Node& node);

// The constant's numbers, or as many zeros.
std::vector<float> ParametersOf(const PlanBuilder& builder, graph::ValueId v);

// Where inputs 1 and 2 of `node` are computed, a step that writes them to `first` and `second`, repeating
// them where these have room for several images, and then calls norm->Apply (nullptr: nothing). It stands
// right behind what computes them. All three live as long as the plan.
void AddParametersStep(PlanBuilder& builder, const graph::Node& node, std::vector<float>* first,
                       std::vector<float>* second, const ParametersWork& work, InstanceNorm* norm);

}  // namespace tempera::engine
