// The operators that style networks are made of, in place of src/ops/operator_table.cc. MatMul and Split are
// for parameters: rows of scales and shifts, by their plain loops. A network with another is refused as
// unsupported, and the page fetches the whole engine for it.
#include "src/ops/operator_table.h"

#define TEMPERA_STYLE_OPERATORS(X) \
  X(Add)                           \
  X(BatchNormalization)            \
  X(Cast)                          \
  X(Clip)                          \
  X(Concat)                        \
  X(Constant)                      \
  X(Div)                           \
  X(Floor)                         \
  X(Gather)                        \
  X(Identity)                      \
  X(InstanceNormalization)         \
  X(LeakyRelu)                     \
  X(MatMul)                        \
  X(Mul)                           \
  X(Pad)                           \
  X(Relu)                          \
  X(Reshape)                       \
  X(Resize)                        \
  X(Shape)                         \
  X(Sigmoid)                       \
  X(Slice)                         \
  X(Split)                         \
  X(Squeeze)                       \
  X(Sub)                           \
  X(Tanh)                          \
  X(Transpose)                     \
  X(Unsqueeze)                     \
  X(Upsample)

namespace tempera::ops {

#define TEMPERA_DECLARE(name) Operator name##Operator();
TEMPERA_STYLE_OPERATORS(TEMPERA_DECLARE)
TEMPERA_DECLARE(Conv)
TEMPERA_DECLARE(FusedAffine)
TEMPERA_DECLARE(FusedConv)
#undef TEMPERA_DECLARE

namespace {

// Convolutions in groups have kernels of their own, which are left out.
Status InferWholeConv(InferContext& context) {
  TEMPERA_RETURN_IF_ERROR(ConvOperator().infer(context));
  // Both are there, and of three dimensions at least, or infer would have said so.
  const Shape &x = context.inputs[0]->shape, &w = context.inputs[1]->shape;
  return x[1] == w[1] ? OkStatus() : Unsupported("Conv in groups is for the whole engine");
}

Operator WholeConv() {
  Operator conv = ConvOperator();
  conv.infer = InferWholeConv;
  return conv;
}

}  // namespace

#define TEMPERA_ENTRY(name) name##Operator(),
std::span<const Operator> AllOperators() {
  static const std::vector<Operator> table = Sorted({TEMPERA_STYLE_OPERATORS(TEMPERA_ENTRY) WholeConv()});
  return table;
}
#undef TEMPERA_ENTRY

std::span<const Operator> FusedOperators() {
  static const std::vector<Operator> table = Sorted({FusedAffineOperator(), FusedConvOperator()});
  return table;
}

}  // namespace tempera::ops
