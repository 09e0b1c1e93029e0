// ReduceMean: averages over axes; axes as attribute before opset 18, as input since.
#include <vector>

#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/saturate.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

// Which dimensions go; empty axes mean all of them, unless noop_with_empty_axes.
Result<std::vector<bool>> Reduced(const graph::Node& node, std::vector<int64_t> axes, size_t rank) {
  TEMPERA_ASSIGN_OR_RETURN(axes, NormalizeAxes(std::move(axes), rank));
  const bool all = axes.empty() && node.attributes.Int("noop_with_empty_axes", 0) == 0;
  std::vector<bool> reduced(rank, all);
  for (const int64_t a : axes) reduced[static_cast<size_t>(a)] = true;
  return reduced;
}

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 2));
  const Shape& x = c.inputs[0]->shape;
  std::vector<int64_t> axes = c.node.attributes.Ints("axes");
  if (c.opset >= 18 && InputInfo(c, 1)) {
    TEMPERA_ASSIGN_OR_RETURN(axes, ConstantInts(c, 1, "axes"));
  }
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<bool> reduced, Reduced(c.node, std::move(axes), x.size()));
  const bool keep = c.node.attributes.Int("keepdims", 1) != 0;
  c.outputs[0].dtype = c.inputs[0]->dtype;
  for (size_t d = 0; d < x.size(); ++d) {
    if (!reduced[d]) c.outputs[0].shape.push_back(x[d]);
    if (reduced[d] && keep) c.outputs[0].shape.push_back(1);
  }
  return OkStatus();
}

Status Reference(const ComputeContext& c) {
  const Tensor& x = *c.inputs[0];
  std::vector<int64_t> axes = c.node.attributes.Ints("axes");
  if (c.opset >= 18 && InputTensor(c, 1)) {
    TEMPERA_ASSIGN_OR_RETURN(axes, IntsOf(*c.inputs[1]));
  }
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<bool> reduced,
                           Reduced(c.node, std::move(axes), x.shape().size()));
  // Strides of the sums along the input: 0 over what is reduced.
  Shape kept = x.shape();
  for (size_t d = 0; d < kept.size(); ++d) {
    if (reduced[d]) kept[d] = 1;
  }
  const Shape sum_strides = BroadcastStrides(kept, x.shape());
  const int64_t width = x.shape().empty() ? 1 : x.shape().back();
  const int64_t step = x.shape().empty() ? 0 : sum_strides.back();
  const int64_t results = c.outputs[0]->element_count();
  return DispatchNumeric(x.dtype(), [&]<typename T>() {
    std::vector<double> sums(static_cast<size_t>(results), 0.0);
    ForEachRow<2>(x.shape(), {DenseStrides(x.shape()), sum_strides},
                  [&](const std::array<int64_t, 2>& offsets) {
                    const T* in = x.data<T>() + offsets[0];
                    double* sum = sums.data() + offsets[1];
                    for (int64_t i = 0; i < width; ++i) sum[i * step] += static_cast<double>(in[i]);
                  });
    const double count =
        results > 0 ? static_cast<double>(x.element_count()) / static_cast<double>(results) : 1;
    for (int64_t i = 0; i < results; ++i) {
      const double mean = sums[static_cast<size_t>(i)] / count;
      c.outputs[0]->data<T>()[i] = static_cast<T>(SaturateCast<ComputeType<T>>(mean));
    }
    return OkStatus();
  });
}

}  // namespace

Operator ReduceMeanOperator() { return {"ReduceMean", Infer, Reference}; }

}  // namespace tempera::ops
