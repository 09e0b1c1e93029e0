// Which operator is planned by what: for each the first planner that serves, else its plain loop runs.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "src/engine/plan/plan_builder.h"
#include "src/kernels/planes/binary_f32.h"
#include "src/kernels/planes/unary_f32.h"

namespace tempera::engine {

struct PlannerEntry {
  std::string_view op_type;
  NodePlanner plan;
  // Of functions of single numbers: which, with ONNX's defaults for what the node does not say.
  kernels::UnaryFunction function = {};
  // Of arithmetic with two operands: which.
  kernels::BinaryOp binary = kernels::BinaryOp::kAdd;
};

// In the order they are tried; empty for operators that have plain loops only.
std::span<const PlannerEntry> PlannersOf(std::string_view op_type);
std::span<const PlannerEntry> AllPlanners();
// Of a FunctionWork.
std::optional<kernels::UnaryOp> UnaryOpOf(std::string_view function);
// The entry that names this planner for the operator, or nullptr.
const PlannerEntry* PlannerOf(std::string_view op_type, NodePlanner plan);

}  // namespace tempera::engine
