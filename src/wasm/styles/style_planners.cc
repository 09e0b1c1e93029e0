// What plans the operators of style_operators.cc, in place of src/engine/plan/planner_table.cc.
#include <algorithm>

#include "src/engine/plan/planners.h"

namespace tempera::engine {
namespace {

using kernels::BinaryOp;
using kernels::UnaryOp;

constexpr PlannerEntry kPlanners[] = {
    {"Add", PlanAddNode},
    {"Add", PlanBinaryNode, {}, BinaryOp::kAdd},
    {"Clip", PlanActivationNode},
    {"Concat", PlanConcatNode},
    {"Div", PlanBinaryNode, {}, BinaryOp::kDiv},
    {"Identity", PlanViewNode},
    {"InstanceNormalization", PlanNormNode},
    {"LeakyRelu", PlanActivationNode},
    {"Mul", PlanBinaryNode, {}, BinaryOp::kMul},
    {"Pad", PlanPadNode},
    {"Relu", PlanActivationNode},
    {"Reshape", PlanViewNode},
    {"Resize", PlanResizeNode},
    {"Sigmoid", PlanUnaryNode, {UnaryOp::kSigmoid}},
    {"Slice", PlanSliceNode},
    {"Squeeze", PlanViewNode},
    {"Sub", PlanBinaryNode, {}, BinaryOp::kSub},
    {"Tanh", PlanUnaryNode, {UnaryOp::kTanh}},
    {"Transpose", PlanTransposeNode},
    {"Unsqueeze", PlanViewNode},
    {"Upsample", PlanResizeNode},
    {"tempera.Affine", PlanAffineNode},
    {"tempera.Conv", PlanConvNode},
};

constexpr bool InOrder(const PlannerEntry& a, const PlannerEntry& b) { return a.op_type < b.op_type; }
static_assert(std::is_sorted(std::begin(kPlanners), std::end(kPlanners), InOrder));

}  // namespace

std::span<const PlannerEntry> AllPlanners() { return kPlanners; }

}  // namespace tempera::engine
