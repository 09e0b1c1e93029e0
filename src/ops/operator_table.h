// Which operators there are: operator_table.cc; the browser's build for styles has a table of its own
// (src/wasm/styles), so that the linker leaves the others out.
#pragma once

#include <span>
#include <vector>

#include "src/ops/op.h"

namespace tempera::ops {

// What passes make, sorted by name. AllOperators (op.h) comes from the same table.
std::span<const Operator> FusedOperators();

std::vector<Operator> Sorted(std::vector<Operator> operators);

}  // namespace tempera::ops
