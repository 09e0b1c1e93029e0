// Trilu: the upper or the lower triangle of matrices; zeros elsewhere.
#include <cstring>

#include "src/ops/indices.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 2));
  if (c.inputs[0]->shape.size() < 2)
    return CorruptModel("its input " + ShapeToString(c.inputs[0]->shape) + " is not a matrix");
  if (const TensorInfo* k = InputInfo(c, 1)) {
    TEMPERA_RETURN_IF_ERROR(CheckIndexType(*k));
    for (const int64_t d : k->shape) {
      if (d != 1) return CorruptModel("its diagonal is not a single number");
    }
  }
  c.outputs[0] = *c.inputs[0];
  return OkStatus();
}

Status Reference(const ComputeContext& c) {
  const Shape& x = c.inputs[0]->shape();
  const int64_t rows = x[x.size() - 2], columns = x[x.size() - 1];
  const bool upper = c.node.attributes.Int("upper", 1) != 0;
  const int64_t diagonal = InputTensor(c, 1) != nullptr ? IndexAt(*c.inputs[1], 0) : 0;
  const size_t size = DataTypeSize(c.inputs[0]->dtype());
  const auto* in = c.inputs[0]->data<uint8_t>();
  auto* out = c.outputs[0]->data<uint8_t>();
  const int64_t all_rows = c.inputs[0]->element_count() / columns;
  for (int64_t row = 0; row < all_rows; ++row) {
    for (int64_t column = 0; column < columns; ++column, in += size, out += size) {
      const int64_t off = column - row % rows;
      if (upper ? off >= diagonal : off <= diagonal) {
        std::memcpy(out, in, size);
      } else {
        std::memset(out, 0, size);
      }
    }
  }
  return OkStatus();
}

}  // namespace

Operator TriluOperator() { return {"Trilu", Infer, Reference}; }

}  // namespace tempera::ops
