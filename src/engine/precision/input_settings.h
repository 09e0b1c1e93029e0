// At which values of the inputs besides the picture a model is judged: the ones it begins with, and extremes.
#pragma once

#include <vector>

#include "src/engine/types/inputs.h"
#include "src/graph/graph.h"

namespace tempera::engine {

// By input its numbers; empty where nothing is said of it, and for the picture and states.
using InputSetting = std::vector<std::vector<float>>;

// `graph` is specialised. What inputs begin with comes first. Then of shares each one alone and all in equal
// parts; of few other numbers every corner of what they may be, of many each at its ends and all together; 24
// at most, evenly chosen.
std::vector<InputSetting> InputSettings(const graph::Graph& graph, const KnownInputs& inputs);

// Whether the same was said.
bool SameInputs(const KnownInputs& a, const KnownInputs& b);

}  // namespace tempera::engine
