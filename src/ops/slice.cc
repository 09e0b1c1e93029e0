// Slice: attributes before opset 10, inputs (with steps, also backwards) since.
#include <algorithm>
#include <string>
#include <vector>

#include "src/base/checked_math.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"
#include "src/ops/slice.h"
#include "src/ops/strided_copy.h"

namespace tempera::ops {
namespace {

// As the node gives them; axes and steps may be empty (all axes from the first, step 1).
struct Arguments {
  std::vector<int64_t> starts, ends, axes, steps;
};

// One per dimension of the input: output i reads input start + i * step.
struct Range {
  int64_t start, step, count;
};

Result<std::vector<Range>> ResolveRanges(Arguments a, const Shape& x) {
  std::vector<Range> ranges;
  for (const int64_t d : x) ranges.push_back({0, 1, d});
  if (a.axes.empty()) {
    for (size_t i = 0; i < a.starts.size(); ++i) a.axes.push_back(static_cast<int64_t>(i));
  }
  if (a.steps.empty()) a.steps.assign(a.starts.size(), 1);
  if (a.ends.size() != a.starts.size() || a.axes.size() != a.starts.size() ||
      a.steps.size() != a.starts.size()) {
    return CorruptModel("starts, ends, axes and steps have different lengths");
  }
  TEMPERA_ASSIGN_OR_RETURN(a.axes, NormalizeAxes(std::move(a.axes), x.size()));
  for (size_t i = 0; i < a.starts.size(); ++i) {
    const auto d = static_cast<size_t>(a.axes[i]);
    const int64_t size = x[d];
    // No step needs to be longer than the dimension, and clamping keeps what follows exact.
    const int64_t step = std::clamp<int64_t>(a.steps[i], -size - 1, size + 1);
    if (step == 0) return CorruptModel("a step is 0");
    // From the back when negative, then clipped: to [0, size] forwards, [-1, size - 1] backwards.
    const auto place = [size](int64_t at, int64_t low, int64_t high) {
      if (at < 0) at = std::max(at, -size - 1) + size;
      return std::clamp(at, low, high);
    };
    int64_t start, count;
    if (step > 0) {
      start = place(a.starts[i], 0, size);
      count = CeilDiv(place(a.ends[i], 0, size) - start, step);
    } else {
      start = place(a.starts[i], -1, size - 1);
      count = CeilDiv(start - place(a.ends[i], -1, size - 1), -step);
    }
    ranges[d] = {start, step, std::max<int64_t>(0, count)};
  }
  return ranges;
}

// `constants` may be shorter than the node's inputs.
const Tensor* At(std::span<const Tensor* const> constants, size_t i) {
  return i < constants.size() ? constants[i] : nullptr;
}

Result<std::vector<Range>> RangesOf(const graph::Node& node, int opset, const Shape& x,
                                    std::span<const Tensor* const> constants) {
  Arguments a;
  if (opset < 10) {
    a = {node.attributes.Ints("starts"), node.attributes.Ints("ends"), node.attributes.Ints("axes"), {}};
  } else {
    if (At(constants, 1) == nullptr || At(constants, 2) == nullptr) {
      return Unsupported("its starts and ends are not known before it runs");
    }
    TEMPERA_ASSIGN_OR_RETURN(a.starts, IntsOf(*constants[1]));
    TEMPERA_ASSIGN_OR_RETURN(a.ends, IntsOf(*constants[2]));
    if (const Tensor* axes = At(constants, 3)) {
      TEMPERA_ASSIGN_OR_RETURN(a.axes, IntsOf(*axes));
    }
    if (const Tensor* steps = At(constants, 4)) {
      TEMPERA_ASSIGN_OR_RETURN(a.steps, IntsOf(*steps));
    }
  }
  return ResolveRanges(std::move(a), x);
}

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 5));
  if (c.opset >= 10) {  // says which one is not constant
    TEMPERA_RETURN_IF_ERROR(ConstantInts(c, 1, "starts").status());
    TEMPERA_RETURN_IF_ERROR(ConstantInts(c, 2, "ends").status());
    if (InputInfo(c, 3)) TEMPERA_RETURN_IF_ERROR(ConstantInts(c, 3, "axes").status());
    if (InputInfo(c, 4)) TEMPERA_RETURN_IF_ERROR(ConstantInts(c, 4, "steps").status());
  }
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<Range> ranges,
                           RangesOf(c.node, c.opset, c.inputs[0]->shape, c.constants));
  c.outputs[0].dtype = c.inputs[0]->dtype;
  for (const Range& r : ranges) c.outputs[0].shape.push_back(r.count);
  return OkStatus();
}

Status Reference(const ComputeContext& c) {
  const Tensor& x = *c.inputs[0];
  TEMPERA_ASSIGN_OR_RETURN(const SliceView view, ViewOfSlice(c.node, c.opset, x.shape(), c.inputs));
  if (c.outputs[0]->element_count() == 0) return OkStatus();
  const size_t element = DataTypeSize(x.dtype());
  StridedCopy(element, view.shape, x.data<uint8_t>() + view.offset * static_cast<int64_t>(element),
              view.strides, c.outputs[0]->raw(), DenseStrides(view.shape));
  return OkStatus();
}

}  // namespace

Result<SliceView> ViewOfSlice(const graph::Node& node, int opset, const Shape& x,
                              std::span<const Tensor* const> constants) {
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<Range> ranges, RangesOf(node, opset, x, constants));
  SliceView view{0, {}, DenseStrides(x)};
  for (size_t d = 0; d < ranges.size(); ++d) {
    view.shape.push_back(ranges[d].count);
    view.offset += ranges[d].start * view.strides[d];
    view.strides[d] *= ranges[d].step;
  }
  return view;
}

Operator SliceOperator() { return {"Slice", Infer, Reference}; }

}  // namespace tempera::ops
