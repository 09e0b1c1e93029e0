#include "src/engine/plan/plan.h"

#include <string_view>

#include "src/engine/plan/plan_builder.h"

namespace tempera::engine {
namespace {

using graph::Node;

// Which node is planned by what: for one operator the first that serves; else its reference loop runs.
struct Entry {
  std::string_view op_type;
  NodePlanner planner;
};
constexpr Entry kPlanners[] = {
    {"Abs", PlanUnaryNode},
    {"Add", PlanAddNode},
    {"Add", PlanBinaryNode},
    {"AveragePool", PlanMeanNode},
    {"AveragePool", PlanPoolNode},
    {"Ceil", PlanUnaryNode},
    {"Celu", PlanUnaryNode},
    {"Clip", PlanActivationNode},
    {"Concat", PlanConcatNode},
    {"DepthToSpace", PlanDepthSpaceNode},
    {"Div", PlanBinaryNode},
    {"Dropout", PlanViewNode},
    {"Elu", PlanUnaryNode},
    {"Erf", PlanUnaryNode},
    {"Exp", PlanUnaryNode},
    {"Expand", PlanExpandNode},
    {"Flatten", PlanViewNode},
    {"Floor", PlanUnaryNode},
    {"Gemm", PlanGemmNode},
    {"GlobalAveragePool", PlanMeanNode},
    {"GlobalMaxPool", PlanMeanNode},
    {"HardSigmoid", PlanUnaryNode},
    {"HardSwish", PlanUnaryNode},
    {"Identity", PlanViewNode},
    {"InstanceNormalization", PlanNormNode},
    {"LayerNormalization", PlanLayerNormNode},
    {"LeakyRelu", PlanActivationNode},
    {"Log", PlanUnaryNode},
    {"MatMul", PlanMatMulNode},
    {"Max", PlanBinaryNode},
    {"MaxPool", PlanPoolNode},
    {"Min", PlanBinaryNode},
    {"Mish", PlanUnaryNode},
    {"Mul", PlanBinaryNode},
    {"Neg", PlanUnaryNode},
    {"PRelu", PlanActivationNode},
    {"Pad", PlanPadNode},
    {"Pow", PlanUnaryNode},
    {"Reciprocal", PlanUnaryNode},
    {"ReduceMean", PlanMeanNode},
    {"Relu", PlanActivationNode},
    {"Reshape", PlanViewNode},
    {"Resize", PlanResizeNode},
    {"Round", PlanUnaryNode},
    {"Selu", PlanUnaryNode},
    {"Sigmoid", PlanUnaryNode},
    {"Sign", PlanUnaryNode},
    {"Slice", PlanSliceNode},
    {"Softmax", PlanSoftmaxNode},
    {"Softplus", PlanUnaryNode},
    {"Softsign", PlanUnaryNode},
    {"SpaceToDepth", PlanDepthSpaceNode},
    {"Split", PlanSplitNode},
    {"Sqrt", PlanUnaryNode},
    {"Squeeze", PlanViewNode},
    {"Sub", PlanBinaryNode},
    {"Tanh", PlanUnaryNode},
    {"ThresholdedRelu", PlanUnaryNode},
    {"Transpose", PlanTurnNode},
    {"Transpose", PlanTransposeNode},
    {"Unsqueeze", PlanViewNode},
    {"Upsample", PlanResizeNode},
    {"tempera.Affine", PlanAffineNode},
    {"tempera.Conv", PlanConvNode},
    {"tempera.Gelu", PlanUnaryNode},
    {"tempera.GroupNorm", PlanNormNode},
    {"tempera.Mish", PlanUnaryNode},
    {"tempera.Silu", PlanUnaryNode},
    {"tempera.Softmax", PlanSoftmaxNode},
};

Result<bool> PlanFast(PlanBuilder& builder, const Node& node) {
  for (const Entry& entry : kPlanners) {
    if (entry.op_type != node.op_type) continue;
    TEMPERA_ASSIGN_OR_RETURN(const bool planned, entry.planner(builder, node));
    if (planned) return true;
  }
  return false;
}

}  // namespace

Result<Plan> MakePlan(graph::Graph graph, const PlanOptions& options) {
  PlanBuilder builder(std::move(graph), options);
  for (const Node& node : builder.graph().nodes) {
    if (options.host != nullptr) TEMPERA_RETURN_IF_ERROR(options.host->CheckCancelled());
    if (!options.reference) {
      TEMPERA_ASSIGN_OR_RETURN(const bool planned, PlanFast(builder, node));
      if (planned) continue;
    }
    TEMPERA_RETURN_IF_ERROR(builder.AddReference(node));
  }
  return builder.Finish();
}

}  // namespace tempera::engine
