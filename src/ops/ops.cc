#include <algorithm>
#include <vector>

#include "src/ops/op.h"

// The one table. Each line X(Name) stands for a function NameOperator() in the operator's file.
#define TEMPERA_OPERATORS(X) \
  X(Add)                     \
  X(ArgMax)                  \
  X(AveragePool)             \
  X(BatchNormalization)      \
  X(Cast)                    \
  X(Clip)                    \
  X(Concat)                  \
  X(Constant)                \
  X(ConstantOfShape)         \
  X(Conv)                    \
  X(ConvTranspose)           \
  X(DepthToSpace)            \
  X(Div)                     \
  X(Dropout)                 \
  X(Elu)                     \
  X(Exp)                     \
  X(Expand)                  \
  X(Flatten)                 \
  X(Gather)                  \
  X(Gemm)                    \
  X(GlobalAveragePool)       \
  X(HardSigmoid)             \
  X(HardSwish)               \
  X(Identity)                \
  X(InstanceNormalization)   \
  X(LeakyRelu)               \
  X(MatMul)                  \
  X(Max)                     \
  X(MaxPool)                 \
  X(Min)                     \
  X(Mul)                     \
  X(Neg)                     \
  X(PRelu)                   \
  X(Pad)                     \
  X(Pow)                     \
  X(ReduceMean)              \
  X(Relu)                    \
  X(Reshape)                 \
  X(Resize)                  \
  X(Shape)                   \
  X(Sigmoid)                 \
  X(Slice)                   \
  X(Softmax)                 \
  X(SpaceToDepth)            \
  X(Split)                   \
  X(Sqrt)                    \
  X(Squeeze)                 \
  X(Sub)                     \
  X(Tanh)                    \
  X(Tile)                    \
  X(Transpose)               \
  X(Unsqueeze)               \
  X(Upsample)

namespace tempera::ops {

#define TEMPERA_DECLARE(name) Operator name##Operator();
TEMPERA_OPERATORS(TEMPERA_DECLARE)
#undef TEMPERA_DECLARE

std::span<const Operator> AllOperators() {
  static const std::vector<Operator> table = [] {
#define TEMPERA_ENTRY(name) name##Operator(),
    std::vector<Operator> t = {TEMPERA_OPERATORS(TEMPERA_ENTRY)};
#undef TEMPERA_ENTRY
    std::sort(t.begin(), t.end(), [](const Operator& a, const Operator& b) { return a.name < b.name; });
    return t;
  }();
  return table;
}

const Operator* FindOperator(std::string_view op_type) {
  const auto table = AllOperators();
  const auto at = std::lower_bound(table.begin(), table.end(), op_type,
                                   [](const Operator& op, std::string_view name) { return op.name < name; });
  return at != table.end() && at->name == op_type ? &*at : nullptr;
}

}  // namespace tempera::ops
