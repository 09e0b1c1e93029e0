// Scales and shifts that the graph computes (a blend of styles, a gate), taken from where they lie to where
// the norm, or whoever applies them as it reads, looks for them.
#pragma once

#include <string>
#include <vector>

#include "src/engine/plan/plan_builder.h"

namespace tempera::engine {

// Whether inputs 1 and 2 of a norm or a tempera.Affine are one number per channel of input 0 each, constant
// or computed by a node.
bool HasParameters(const PlanBuilder& builder, const graph::Node& node);

// The constant's name, or "" where it is computed.
std::string ParameterName(const PlanBuilder& builder, graph::ValueId v);
// The constant's numbers, or as many zeros.
std::vector<float> ParametersOf(const PlanBuilder& builder, graph::ValueId v);

// Where inputs 1 and 2 of `node` are computed, a node that takes them to where `work` says, right behind what
// computes them.
void AddParametersNode(PlanBuilder& builder, const graph::Node& node, ParametersWork work);

}  // namespace tempera::engine
