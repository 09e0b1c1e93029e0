#include <algorithm>

#include "src/engine/plan/planners.h"

namespace tempera::engine {
namespace {

using kernels::BinaryOp;
using kernels::UnaryOp;

constexpr PlannerEntry kPlanners[] = {
    {"Abs", PlanUnaryNode, {UnaryOp::kAbs}},
    {"Add", PlanAddNode},
    {"Add", PlanBinaryNode, {}, BinaryOp::kAdd},
    {"AveragePool", PlanMeanNode},
    {"AveragePool", PlanPoolNode},
    {"Ceil", PlanUnaryNode, {UnaryOp::kCeil}},
    {"Celu", PlanUnaryNode, {UnaryOp::kCelu, 1}},
    {"Clip", PlanActivationNode},
    {"Concat", PlanConcatNode},
    {"DepthToSpace", PlanDepthSpaceNode},
    {"Div", PlanBinaryNode, {}, BinaryOp::kDiv},
    {"Dropout", PlanViewNode},
    {"Elu", PlanUnaryNode, {UnaryOp::kElu, 1}},
    {"Erf", PlanUnaryNode, {UnaryOp::kErf}},
    {"Exp", PlanUnaryNode, {UnaryOp::kExp}},
    {"Expand", PlanExpandNode},
    {"Flatten", PlanViewNode},
    {"Floor", PlanUnaryNode, {UnaryOp::kFloor}},
    {"Gemm", PlanGemmNode},
    {"GlobalAveragePool", PlanMeanNode},
    {"GlobalMaxPool", PlanMeanNode},
    {"HardSigmoid", PlanUnaryNode, {UnaryOp::kHardSigmoid, 0.2f, 0.5f}},
    {"HardSwish", PlanUnaryNode, {UnaryOp::kHardSwish}},
    {"Identity", PlanViewNode},
    {"InstanceNormalization", PlanNormNode},
    {"LayerNormalization", PlanLayerNormNode},
    {"LeakyRelu", PlanActivationNode},
    {"Log", PlanUnaryNode, {UnaryOp::kLog}},
    {"MatMul", PlanMatMulNode},
    {"Max", PlanBinaryNode, {}, BinaryOp::kMax},
    {"MaxPool", PlanPoolNode},
    {"Min", PlanBinaryNode, {}, BinaryOp::kMin},
    {"Mish", PlanUnaryNode, {UnaryOp::kMish}},
    {"Mul", PlanBinaryNode, {}, BinaryOp::kMul},
    {"Neg", PlanUnaryNode, {UnaryOp::kNeg}},
    {"PRelu", PlanActivationNode},
    {"Pad", PlanPadNode},
    {"Pow", PlanUnaryNode},
    {"Reciprocal", PlanUnaryNode, {UnaryOp::kReciprocal}},
    {"ReduceMean", PlanMeanNode},
    {"Relu", PlanActivationNode},
    {"Reshape", PlanViewNode},
    {"Resize", PlanResizeNode},
    {"Round", PlanUnaryNode, {UnaryOp::kRound}},
    {"Selu", PlanUnaryNode, {UnaryOp::kSelu, 1.67326319f, 1.05070102f}},
    {"Sigmoid", PlanUnaryNode, {UnaryOp::kSigmoid}},
    {"Sign", PlanUnaryNode, {UnaryOp::kSign}},
    {"Slice", PlanSliceNode},
    {"Softmax", PlanSoftmaxNode},
    {"Softplus", PlanUnaryNode, {UnaryOp::kSoftplus}},
    {"Softsign", PlanUnaryNode, {UnaryOp::kSoftsign}},
    {"SpaceToDepth", PlanDepthSpaceNode},
    {"Split", PlanSplitNode},
    {"Sqrt", PlanUnaryNode, {UnaryOp::kSqrt}},
    {"Squeeze", PlanViewNode},
    {"Sub", PlanBinaryNode, {}, BinaryOp::kSub},
    {"Tanh", PlanUnaryNode, {UnaryOp::kTanh}},
    {"ThresholdedRelu", PlanUnaryNode, {UnaryOp::kThresholdedRelu, 1}},
    {"Transpose", PlanTransposeNode},
    {"Unsqueeze", PlanViewNode},
    {"Upsample", PlanResizeNode},
    {"tempera.Affine", PlanAffineNode},
    {"tempera.Conv", PlanConvNode},
    {"tempera.Gelu", PlanUnaryNode, {UnaryOp::kGelu}},
    {"tempera.GroupNorm", PlanNormNode},
    {"tempera.Mish", PlanUnaryNode, {UnaryOp::kMish}},
    {"tempera.Silu", PlanUnaryNode, {UnaryOp::kSilu}},
    {"tempera.Softmax", PlanSoftmaxNode},
};

constexpr bool InOrder(const PlannerEntry& a, const PlannerEntry& b) { return a.op_type < b.op_type; }
static_assert(std::is_sorted(std::begin(kPlanners), std::end(kPlanners), InOrder));

}  // namespace

std::span<const PlannerEntry> AllPlanners() { return kPlanners; }

}  // namespace tempera::engine
