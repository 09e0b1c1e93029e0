// Resize (opset 10 to 19) and Upsample (opset 7 to 9): nearest, linear and cubic along any axes.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "src/base/text/number_text.h"
#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/resize_axis.h"
#include "src/ops/shape_rules.h"
#include "src/ops/strided_copy.h"

namespace tempera::ops {
namespace {

// The inputs that say how large the result shall be, wherever this opset keeps them.
struct SizeInputs {
  std::vector<float> roi, scales;
  std::vector<int64_t> sizes;
};

Result<std::vector<float>> FloatsOf(const Tensor& t) {
  TEMPERA_ASSIGN_OR_RETURN(const Tensor f, ToFloat32(t));
  return std::vector<float>(f.data<float>(), f.data<float>() + f.element_count());
}

// `tensor(i)` gives input i as a tensor, or nullptr when it is absent; `known(i)` tells
// whether it is present at all.
template <typename TensorAt, typename Present>
Result<SizeInputs> ReadSizeInputs(const graph::Node& node, int opset, TensorAt tensor, Present present) {
  SizeInputs s;
  const Status unknown =
      Unsupported("its size depends on the picture's content; only what follows from shapes is supported");
  const auto floats = [&](size_t i, std::vector<float>* out) -> Status {
    if (!present(i)) return OkStatus();
    if (tensor(i) == nullptr) return unknown;
    TEMPERA_ASSIGN_OR_RETURN(*out, FloatsOf(*tensor(i)));
    return OkStatus();
  };
  if (node.op_type == "Upsample" && opset < 9) {
    s.scales = node.attributes.Floats("scales");
    return s;
  }
  if (opset < 11) {
    TEMPERA_RETURN_IF_ERROR(floats(1, &s.scales));
    return s;
  }
  if (node.attributes.String("coordinate_transformation_mode", "") == "tf_crop_and_resize") {
    TEMPERA_RETURN_IF_ERROR(floats(1, &s.roi));
  }
  TEMPERA_RETURN_IF_ERROR(floats(2, &s.scales));
  if (present(3)) {
    if (tensor(3) == nullptr) return unknown;
    TEMPERA_ASSIGN_OR_RETURN(s.sizes, IntsOf(*tensor(3)));
  }
  return s;
}

// Which axes the lists speak of: all, or those of the attribute (opset 18).
Result<std::vector<int64_t>> AxesOf(const graph::Node& node, size_t rank) {
  std::vector<int64_t> axes = node.attributes.Ints("axes");
  if (axes.empty()) {
    for (size_t i = 0; i < rank; ++i) axes.push_back(static_cast<int64_t>(i));
  }
  return NormalizeAxes(std::move(axes), rank);
}

// One scaling per dimension of x.
Result<std::vector<AxisScaling>> ResolveAxes(const graph::Node& node, const Shape& x, const SizeInputs& s) {
  std::vector<AxisScaling> scalings(x.size());
  for (size_t d = 0; d < x.size(); ++d) scalings[d].in = scalings[d].out = x[d];
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, AxesOf(node, x.size()));
  const bool by_size = !s.sizes.empty();
  if (by_size == !s.scales.empty()) return CorruptModel("it needs either scales or sizes");
  if ((by_size ? s.sizes.size() : s.scales.size()) != axes.size()) {
    return CorruptModel("its scales or sizes do not fit the " + std::to_string(axes.size()) +
                        " dimensions they are for");
  }
  if (!s.roi.empty() && s.roi.size() != 2 * axes.size())
    return CorruptModel("its roi does not fit its input");

  // not_larger and not_smaller: one scale for all axes, the smallest or the largest of them.
  const std::string policy = node.attributes.String("keep_aspect_ratio_policy", "stretch");
  double common_scale = 0;
  if (by_size && policy != "stretch") {
    for (size_t i = 0; i < axes.size(); ++i) {
      const auto in = static_cast<double>(std::max<int64_t>(1, x[static_cast<size_t>(axes[i])]));
      const double scale = static_cast<double>(s.sizes[i]) / in;
      const bool better = policy == "not_larger" ? scale < common_scale : scale > common_scale;
      if (i == 0 || better) common_scale = scale;
    }
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    AxisScaling& a = scalings[static_cast<size_t>(axes[i])];
    if (!s.roi.empty()) {
      a.roi_start = s.roi[i];
      a.roi_end = s.roi[axes.size() + i];
    }
    if (by_size) {
      if (s.sizes[i] < 0 || s.sizes[i] > kMaxResized)
        return CorruptModel("size " + std::to_string(s.sizes[i]) + " is impossible");
      a.out = s.sizes[i];
      a.scale = a.in > 0 ? static_cast<float>(a.out) / static_cast<float>(a.in) : 1.0f;
      if (common_scale > 0) {
        a.scale = static_cast<float>(common_scale);
        // Beside a long axis a short one's scale makes more than fits into a number.
        const double out = std::floor(common_scale * static_cast<double>(a.in) + 0.5);
        if (!(out <= static_cast<double>(kMaxResized))) {
          return CorruptModel("a size of " + NumberToText(out, 0) + " is impossible");
        }
        a.out = static_cast<int64_t>(out);
      }
      a.exact_out = static_cast<float>(a.out);
    } else {
      // In float, as every runtime does it: 0.6f * 5 must be 3 for all of them.
      a.scale = s.scales[i];
      a.exact_out = a.scale * static_cast<float>(a.in);
      if (!(a.scale > 0) || !(a.exact_out < static_cast<float>(kMaxResized))) {
        return CorruptModel("scale " + NumberToText(a.scale) + " is impossible");
      }
      a.out = static_cast<int64_t>(a.exact_out);
    }
    if (a.in == 0 && a.out > 0) return InvalidArgument("there is nothing to resize from");
  }
  return scalings;
}

Result<SizeInputs> SizeInputsOf(const InferContext& c) {
  return ReadSizeInputs(
      c.node, c.opset, [&](size_t i) { return c.constants[i]; },
      [&](size_t i) { return InputInfo(c, i) != nullptr; });
}

Result<SizeInputs> SizeInputsOf(const ComputeContext& c) {
  return ReadSizeInputs(
      c.node, c.opset, [&](size_t i) { return c.inputs[i]; },
      [&](size_t i) { return InputTensor(c, i) != nullptr; });
}

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckOpset(c, 7));
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 4));
  TEMPERA_ASSIGN_OR_RETURN(const SizeInputs sizes, SizeInputsOf(c));
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<AxisScaling> axes,
                           ResolveAxes(c.node, c.inputs[0]->shape, sizes));
  TEMPERA_ASSIGN_OR_RETURN(const ResizeMode mode, ResizeMode::Of(c.node, c.opset));
  const bool antialias = c.node.attributes.Int("antialias", 0) != 0;
  c.outputs[0].dtype = c.inputs[0]->dtype;
  for (const AxisScaling& a : axes) {
    if (antialias && a.scale < 1 && mode.filter != ResizeMode::Filter::kNearest) {
      return Unsupported("shrinking with antialias=1 is not supported; export the model with antialias=0");
    }
    c.outputs[0].shape.push_back(a.out);
  }
  return OkStatus();
}

Status Nearest(const ResizeMode& mode, const std::vector<AxisScaling>& axes, const Tensor& x, Tensor* y) {
  std::vector<std::vector<int64_t>> tables;
  for (const AxisScaling& a : axes) tables.push_back(NearestTable(mode, a));
  uint64_t fill = 0;
  TEMPERA_RETURN_IF_ERROR(mode.ExtrapolationBits(x.dtype(), &fill));
  TableCopy(DataTypeSize(x.dtype()), tables, x.raw(), x.shape(), &fill, y->raw());
  return OkStatus();
}

Result<Tensor> InterpolateOne(const ResizeMode& mode, const AxisScaling& axis, size_t d, const Tensor& x) {
  Shape shape = x.shape();
  shape[d] = axis.out;
  TEMPERA_ASSIGN_OR_RETURN(Tensor y, Tensor::Create(DataType::kFloat32, shape));
  int64_t outer = 1, inner = 1;
  for (size_t k = 0; k < shape.size(); ++k) {
    if (k < d) outer *= shape[k];
    if (k > d) inner *= shape[k];
  }
  InterpolateAxis(mode, axis, x.data<float>(), outer, inner, y.data<float>());
  return y;
}

// One axis after the other: linear and cubic interpolation are separable. Those that shrink come
// first, so that nothing between is larger than both the input and the output, whose sizes were checked.
Status Interpolate(const ResizeMode& mode, const std::vector<AxisScaling>& axes, const Tensor& x, Tensor* y) {
  TEMPERA_ASSIGN_OR_RETURN(Tensor current, ToFloat32(x));
  for (const bool shrinking : {true, false}) {
    for (size_t d = 0; d < axes.size(); ++d) {
      if ((axes[d].out < axes[d].in) != shrinking) continue;
      if (axes[d].scale == 1.0f && axes[d].in == axes[d].out && !mode.crops()) continue;
      TEMPERA_ASSIGN_OR_RETURN(current, InterpolateOne(mode, axes[d], d, current));
    }
  }
  return FromFloat32(current, y);
}

Status Reference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const SizeInputs sizes, SizeInputsOf(c));
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<AxisScaling> axes,
                           ResolveAxes(c.node, c.inputs[0]->shape(), sizes));
  TEMPERA_ASSIGN_OR_RETURN(const ResizeMode mode, ResizeMode::Of(c.node, c.opset));
  if (mode.filter == ResizeMode::Filter::kNearest) return Nearest(mode, axes, *c.inputs[0], c.outputs[0]);
  return Interpolate(mode, axes, *c.inputs[0], c.outputs[0]);
}

}  // namespace

Result<std::vector<AxisScaling>> ResizeScalings(const graph::Node& node, int opset, const Shape& x,
                                                std::span<const Tensor* const> constants) {
  const auto at = [&](size_t i) { return i < constants.size() ? constants[i] : nullptr; };
  const auto present = [&](size_t i) { return i < node.inputs.size() && node.inputs[i] != graph::kNoValue; };
  TEMPERA_ASSIGN_OR_RETURN(const SizeInputs sizes, ReadSizeInputs(node, opset, at, present));
  return ResolveAxes(node, x, sizes);
}

Operator ResizeOperator() { return {"Resize", Infer, Reference}; }
Operator UpsampleOperator() { return {"Upsample", Infer, Reference}; }

}  // namespace tempera::ops
