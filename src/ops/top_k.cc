// TopK: the k largest or smallest along one axis, the best first, and where they stood. Of equals the first
// comes first; NaN counts as larger than every number, as in PyTorch.
#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "src/ops/around_axis.h"
#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

Status Infer(InferContext& c) {
  const bool k_is_input = c.opset >= 10;
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, k_is_input ? 2 : 1, k_is_input ? 2 : 1, 2));
  const Shape& x = c.inputs[0]->shape;
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis, NormalizeAxis(c.node.attributes.Int("axis", -1), x.size()));
  std::vector<int64_t> k = {c.node.attributes.Int("k", -1)};
  if (k_is_input) {
    TEMPERA_ASSIGN_OR_RETURN(k, ConstantInts(c, 1, "number of results (k)"));
  }
  const int64_t size = x[static_cast<size_t>(axis)];
  if (k.size() != 1 || k[0] < 0) return CorruptModel("its k is not a single count");
  if (k[0] > size) {
    return InvalidArgument("there are no " + std::to_string(k[0]) + " among its " + std::to_string(size) +
                           " entries");
  }
  Shape out = x;
  out[static_cast<size_t>(axis)] = k[0];
  c.outputs[0] = {c.inputs[0]->dtype, out};
  if (c.outputs.size() > 1) c.outputs[1] = {DataType::kInt64, out};
  return OkStatus();
}

template <typename T>
bool Less(T a, T b) {
  return a < b || (b != b && a == a);
}

Status Reference(const ComputeContext& c) {
  const Shape& x = c.inputs[0]->shape();
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis, NormalizeAxis(c.node.attributes.Int("axis", -1), x.size()));
  const AroundAxis a(x, axis);
  Tensor* values = c.outputs[0];
  Tensor* places = c.outputs.size() > 1 ? c.outputs[1] : nullptr;
  const int64_t k = (values != nullptr ? values : places)->shape()[static_cast<size_t>(axis)];
  const bool largest = c.node.attributes.Int("largest", 1) != 0;
  TEMPERA_ASSIGN_OR_RETURN(Tensor ranking, Tensor::Create(DataType::kInt64, {a.size}));
  auto* order = ranking.data<int64_t>();
  return DispatchNumeric(c.inputs[0]->dtype(), [&]<typename T>() {
    for (int64_t o = 0; o < a.outer; ++o) {
      for (int64_t i = 0; i < a.inner; ++i) {
        const T* in = c.inputs[0]->data<T>() + o * a.size * a.inner + i;
        const auto before = [&](int64_t p, int64_t q) {
          const auto u = static_cast<ComputeType<T>>(in[p * a.inner]);
          const auto v = static_cast<ComputeType<T>>(in[q * a.inner]);
          if (Less(u, v)) return !largest;
          if (Less(v, u)) return largest;
          return p < q;
        };
        std::iota(order, order + a.size, int64_t{0});
        std::partial_sort(order, order + k, order + a.size, before);
        for (int64_t r = 0; r < k; ++r) {
          const int64_t to = (o * k + r) * a.inner + i, from = order[r];
          if (values != nullptr) values->data<T>()[to] = in[from * a.inner];
          if (places != nullptr) places->data<int64_t>()[to] = from;
        }
      }
    }
    return OkStatus();
  });
}

}  // namespace

Operator TopKOperator() { return {"TopK", Infer, Reference}; }

}  // namespace tempera::ops
