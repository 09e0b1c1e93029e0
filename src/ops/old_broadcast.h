// Before opset 7 a second operand was matched to the first by an `axis` attribute instead of
// NumPy's rule. Operators know the modern rule only; this rewrites the old form into it.
#pragma once

#include "src/base/status.h"
#include "src/graph/graph.h"

namespace tempera::ops {

// `node` is about to be specialised in `graph`, which has the shapes of its inputs. When its
// second operand needs other dimensions, it gets a reshaped copy of it, which must be a constant.
Status ModernizeBroadcast(graph::Node* node, graph::Graph* graph);

}  // namespace tempera::ops
