// docs/operators.md, from the outcomes of all cases.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/onnx_case.h"

namespace tempera::conformance {

std::string OperatorsPage(const std::vector<std::pair<Case, Outcome>>& results);

}  // namespace tempera::conformance
