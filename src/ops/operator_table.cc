#include "src/ops/operator_table.h"

#include <vector>

// The one table. Each line X(Name) stands for a function NameOperator() in the operator's file.
#define TEMPERA_OPERATORS(X)   \
  X(Abs)                       \
  X(Add)                       \
  X(Affine)                    \
  X(And)                       \
  X(ArgMax)                    \
  X(AveragePool)               \
  X(BatchNormalization)        \
  X(Cast)                      \
  X(CastLike)                  \
  X(Ceil)                      \
  X(Clip)                      \
  X(Concat)                    \
  X(Constant)                  \
  X(ConstantOfShape)           \
  X(Conv)                      \
  X(ConvTranspose)             \
  X(Cos)                       \
  X(Crop)                      \
  X(DepthToSpace)              \
  X(DequantizeLinear)          \
  X(Div)                       \
  X(Dropout)                   \
  X(Elu)                       \
  X(Equal)                     \
  X(Erf)                       \
  X(Exp)                       \
  X(Expand)                    \
  X(Flatten)                   \
  X(Floor)                     \
  X(Gather)                    \
  X(Gelu)                      \
  X(Gemm)                      \
  X(GlobalAveragePool)         \
  X(GlobalMaxPool)             \
  X(Greater)                   \
  X(GreaterOrEqual)            \
  X(GroupNormalization)        \
  X(HardSigmoid)               \
  X(HardSwish)                 \
  X(Identity)                  \
  X(If)                        \
  X(ImageScaler)               \
  X(InstanceNormalization)     \
  X(LayerNormalization)        \
  X(LeakyRelu)                 \
  X(Less)                      \
  X(LessOrEqual)               \
  X(Log)                       \
  X(MatMul)                    \
  X(Max)                       \
  X(MaxPool)                   \
  X(Mean)                      \
  X(MeanVarianceNormalization) \
  X(Min)                       \
  X(Mish)                      \
  X(Mul)                       \
  X(Neg)                       \
  X(Not)                       \
  X(Or)                        \
  X(PRelu)                     \
  X(Pad)                       \
  X(Pow)                       \
  X(QuantizeLinear)            \
  X(Range)                     \
  X(Reciprocal)                \
  X(ReduceL2)                  \
  X(ReduceMax)                 \
  X(ReduceMean)                \
  X(ReduceMin)                 \
  X(ReduceSum)                 \
  X(Relu)                      \
  X(Reshape)                   \
  X(Resize)                    \
  X(Round)                     \
  X(Selu)                      \
  X(Shape)                     \
  X(Sigmoid)                   \
  X(Sign)                      \
  X(Sin)                       \
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
  X(Tanh)                      \
  X(ThresholdedRelu)           \
  X(Tile)                      \
  X(Transpose)                 \
  X(Unsqueeze)                 \
  X(Upsample)                  \
  X(Where)

// What networks that turn pictures into pictures hardly ever have: a browser's build, which is to be small,
// says that it lacks them.
#if defined(TEMPERA_FEWER_OPERATORS)
#define TEMPERA_RARE_OPERATORS(X)
#else
#define TEMPERA_RARE_OPERATORS(X) \
  X(Acos)                         \
  X(Acosh)                        \
  X(ArgMin)                       \
  X(Asin)                         \
  X(Asinh)                        \
  X(Atan)                         \
  X(Atanh)                        \
  X(Celu)                         \
  X(ConvInteger)                  \
  X(Cosh)                         \
  X(CumSum)                       \
  X(DynamicQuantizeLinear)        \
  X(Einsum)                       \
  X(EyeLike)                      \
  X(GatherElements)               \
  X(GatherND)                     \
  X(GridSample)                   \
  X(Hardmax)                      \
  X(IsInf)                        \
  X(IsNaN)                        \
  X(LRN)                          \
  X(LogSoftmax)                   \
  X(LpNormalization)              \
  X(MatMulInteger)                \
  X(Mod)                          \
  X(NonZero)                      \
  X(OneHot)                       \
  X(QLinearConv)                  \
  X(QLinearMatMul)                \
  X(ReduceL1)                     \
  X(ReduceLogSum)                 \
  X(ReduceLogSumExp)              \
  X(ReduceProd)                   \
  X(ReduceSumSquare)              \
  X(ReverseSequence)              \
  X(RoiAlign)                     \
  X(Scatter)                      \
  X(ScatterElements)              \
  X(ScatterND)                    \
  X(Shrink)                       \
  X(Sinh)                         \
  X(Tan)                          \
  X(TopK)                         \
  X(Trilu)                        \
  X(Xor)
#endif

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
TEMPERA_RARE_OPERATORS(TEMPERA_DECLARE)
TEMPERA_FUSED_OPERATORS(TEMPERA_DECLARE)
#undef TEMPERA_DECLARE

#define TEMPERA_ENTRY(name) name##Operator(),
std::span<const Operator> AllOperators() {
  static const std::vector<Operator> table =
      Sorted({TEMPERA_OPERATORS(TEMPERA_ENTRY) TEMPERA_RARE_OPERATORS(TEMPERA_ENTRY)});
  return table;
}

std::span<const Operator> FusedOperators() {
  static const std::vector<Operator> table = Sorted({TEMPERA_FUSED_OPERATORS(TEMPERA_ENTRY)});
  return table;
}
#undef TEMPERA_ENTRY

}  // namespace tempera::ops
