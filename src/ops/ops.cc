#include <algorithm>
#include <vector>

#include "src/ops/op.h"

// The one table. Each line X(Name) stands for a function NameOperator() in the operator's file.
#define TEMPERA_OPERATORS(X)   \
  X(Abs)                       \
  X(Acos)                      \
  X(Acosh)                     \
  X(Add)                       \
  X(Affine)                    \
  X(And)                       \
  X(ArgMax)                    \
  X(ArgMin)                    \
  X(Asin)                      \
  X(Asinh)                     \
  X(Atan)                      \
  X(Atanh)                     \
  X(AveragePool)               \
  X(BatchNormalization)        \
  X(Cast)                      \
  X(CastLike)                  \
  X(Ceil)                      \
  X(Celu)                      \
  X(Clip)                      \
  X(Concat)                    \
  X(Constant)                  \
  X(ConstantOfShape)           \
  X(Conv)                      \
  X(ConvInteger)               \
  X(ConvTranspose)             \
  X(Cos)                       \
  X(Cosh)                      \
  X(Crop)                      \
  X(CumSum)                    \
  X(DepthToSpace)              \
  X(DequantizeLinear)          \
  X(Div)                       \
  X(Dropout)                   \
  X(DynamicQuantizeLinear)     \
  X(Einsum)                    \
  X(Elu)                       \
  X(Equal)                     \
  X(Erf)                       \
  X(Exp)                       \
  X(Expand)                    \
  X(EyeLike)                   \
  X(Flatten)                   \
  X(Floor)                     \
  X(Gather)                    \
  X(GatherElements)            \
  X(GatherND)                  \
  X(Gelu)                      \
  X(Gemm)                      \
  X(GlobalAveragePool)         \
  X(GlobalMaxPool)             \
  X(Greater)                   \
  X(GreaterOrEqual)            \
  X(GridSample)                \
  X(GroupNormalization)        \
  X(HardSigmoid)               \
  X(HardSwish)                 \
  X(Hardmax)                   \
  X(Identity)                  \
  X(If)                        \
  X(ImageScaler)               \
  X(InstanceNormalization)     \
  X(IsInf)                     \
  X(IsNaN)                     \
  X(LRN)                       \
  X(LayerNormalization)        \
  X(LeakyRelu)                 \
  X(Less)                      \
  X(LessOrEqual)               \
  X(Log)                       \
  X(LogSoftmax)                \
  X(LpNormalization)           \
  X(MatMul)                    \
  X(MatMulInteger)             \
  X(Max)                       \
  X(MaxPool)                   \
  X(Mean)                      \
  X(MeanVarianceNormalization) \
  X(Min)                       \
  X(Mish)                      \
  X(Mod)                       \
  X(Mul)                       \
  X(Neg)                       \
  X(NonZero)                   \
  X(Not)                       \
  X(OneHot)                    \
  X(Or)                        \
  X(PRelu)                     \
  X(Pad)                       \
  X(Pow)                       \
  X(QLinearConv)               \
  X(QLinearMatMul)             \
  X(QuantizeLinear)            \
  X(Range)                     \
  X(Reciprocal)                \
  X(ReduceL1)                  \
  X(ReduceL2)                  \
  X(ReduceLogSum)              \
  X(ReduceLogSumExp)           \
  X(ReduceMax)                 \
  X(ReduceMean)                \
  X(ReduceMin)                 \
  X(ReduceProd)                \
  X(ReduceSum)                 \
  X(ReduceSumSquare)           \
  X(Relu)                      \
  X(Reshape)                   \
  X(Resize)                    \
  X(ReverseSequence)           \
  X(RoiAlign)                  \
  X(Round)                     \
  X(Scatter)                   \
  X(ScatterElements)           \
  X(ScatterND)                 \
  X(Selu)                      \
  X(Shape)                     \
  X(Shrink)                    \
  X(Sigmoid)                   \
  X(Sign)                      \
  X(Sin)                       \
  X(Sinh)                      \
  X(Size)                      \
  X(Slice)                     \
  X(Softmax)                   \
  X(Softplus)                  \
  X(Softsign)                  \
  X(SpaceToDepth)              \
  X(Split)                     \
  X(Sqrt)                      \
  X(Squeeze)                   \
  X(Sub)                       \
  X(Sum)                       \
  X(Tan)                       \
  X(Tanh)                      \
  X(ThresholdedRelu)           \
  X(Tile)                      \
  X(TopK)                      \
  X(Transpose)                 \
  X(Trilu)                     \
  X(Unsqueeze)                 \
  X(Upsample)                  \
  X(Where)                     \
  X(Xor)

// What passes make: "tempera.Name" is made by FusedNameOperator().
#define TEMPERA_FUSED_OPERATORS(X) \
  X(FusedAffine)                   \
  X(FusedConv)                     \
  X(FusedGelu)                     \
  X(FusedGroupNorm)                \
  X(FusedMish)                     \
  X(FusedSilu)                     \
  X(FusedSoftmax)

namespace tempera::ops {

#define TEMPERA_DECLARE(name) Operator name##Operator();
TEMPERA_OPERATORS(TEMPERA_DECLARE)
TEMPERA_FUSED_OPERATORS(TEMPERA_DECLARE)
#undef TEMPERA_DECLARE

#define TEMPERA_ENTRY(name) name##Operator(),
std::span<const Operator> AllOperators() {
  static const std::vector<Operator> table = [] {
    std::vector<Operator> t = {TEMPERA_OPERATORS(TEMPERA_ENTRY)};
    std::sort(t.begin(), t.end(), [](const Operator& a, const Operator& b) { return a.name < b.name; });
    return t;
  }();
  return table;
}

Status Compute(const Operator& op, const ComputeContext& context) {
  const bool empty = std::all_of(context.outputs.begin(), context.outputs.end(),
                                 [](const Tensor* t) { return t == nullptr || t->element_count() == 0; });
  return empty ? OkStatus() : op.reference(context);
}

Status InferFused(InferContext& context) {
  return Internal(context.node.op_type + " is made behind specialising, where shapes are known");
}

const Operator* FindLoop(std::string_view op_type) {
  static const std::vector<Operator> fused = {TEMPERA_FUSED_OPERATORS(TEMPERA_ENTRY)};
  for (const Operator& op : fused) {
    if (op.name == op_type) return &op;
  }
  return FindOperator(op_type);
}
#undef TEMPERA_ENTRY

const Operator* FindOperator(std::string_view op_type) {
  const auto table = AllOperators();
  const auto at = std::lower_bound(table.begin(), table.end(), op_type,
                                   [](const Operator& op, std::string_view name) { return op.name < name; });
  return at != table.end() && at->name == op_type ? &*at : nullptr;
}

}  // namespace tempera::ops
