// onnx::Model -> graph::Graph: names become indices, and every promise of
// graph.h is checked. Untrusted input.
#pragma once

#include <string_view>

#include "src/base/status.h"
#include "src/graph/graph.h"
#include "src/onnx/model.h"

namespace tempera::graph {

// `is_known` tells whether an operator is in the table (floors: graph does not see ops).
// Errors: kCorruptModel (cycle, missing input, duplicate name), kUnsupported (operator
// we lack, named together with its node).
Result<Graph> Import(onnx::Model model, bool (*is_known)(std::string_view op_type));

}  // namespace tempera::graph
