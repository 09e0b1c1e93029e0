// ImageScaler, Crop and Affine: experimental in early ONNX, and written by Windows ML's and Core ML's
// converters to this day.
#include <string>
#include <vector>

#include "src/ops/element_types.h"
#include "src/ops/elementwise_unary.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"
#include "src/ops/strided_copy.h"

namespace tempera::ops {
namespace {

Status CheckPicture(const InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  const Shape& x = c.inputs[0]->shape;
  return x.size() == 4 ? OkStatus() : CorruptModel("its input " + ShapeToString(x) + " is not a picture");
}

Status InferScaler(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckPicture(c));
  const int64_t channels = c.inputs[0]->shape[1];
  const std::vector<float> bias = c.node.attributes.Floats("bias");
  if (static_cast<int64_t>(bias.size()) != channels) {
    return CorruptModel("its bias has " + std::to_string(bias.size()) + " numbers for " +
                        std::to_string(channels) + " channels");
  }
  c.outputs[0] = *c.inputs[0];
  return OkStatus();
}

// y = x * scale + bias[channel]
Status ScalerReference(const ComputeContext& c) {
  const Shape& x = c.inputs[0]->shape();
  const std::vector<float> bias = c.node.attributes.Floats("bias");
  const float scale = c.node.attributes.Float("scale", 1);
  const int64_t plane = x[2] * x[3];
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    for (int64_t i = 0; i < c.inputs[0]->element_count(); ++i) {
      const auto value = static_cast<ComputeType<T>>(c.inputs[0]->data<T>()[i]);
      c.outputs[0]->data<T>()[i] =
          static_cast<T>(value * scale + bias[static_cast<size_t>(i / plane % x[1])]);
    }
    return OkStatus();
  });
}

// Where the rest begins and how large it is.
struct Rest {
  int64_t top, left, height, width;
};

// border: left, top, right, bottom. scale: height, width, which win over right and bottom.
Result<Rest> RestOf(const graph::Node& node, const Shape& x) {
  const std::vector<int64_t> border = node.attributes.Ints("border");
  const std::vector<int64_t> scale = node.attributes.Ints("scale");
  const auto outside = [&] {
    return CorruptModel("what it crops does not lie inside its input " + ShapeToString(x));
  };
  if (border.size() != 4) return CorruptModel("its border has not four sides");
  if (!scale.empty() && scale.size() != 2) return CorruptModel("its scale is not a height and a width");
  for (size_t side = 0; side < 4; ++side) {
    if (border[side] < 0 || border[side] > x[side % 2 == 0 ? 3 : 2]) return outside();
  }
  Rest r{border[1], border[0], x[2] - border[1] - border[3], x[3] - border[0] - border[2]};
  if (!scale.empty()) r.height = scale[0], r.width = scale[1];
  const bool inside = r.height >= 0 && r.height <= x[2] - r.top && r.width >= 0 && r.width <= x[3] - r.left;
  return inside ? Result<Rest>(r) : outside();
}

Status InferCrop(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckPicture(c));
  const Shape& x = c.inputs[0]->shape;
  TEMPERA_ASSIGN_OR_RETURN(const Rest rest, RestOf(c.node, x));
  c.outputs[0] = {c.inputs[0]->dtype, {x[0], x[1], rest.height, rest.width}};
  return OkStatus();
}

Status CropReference(const ComputeContext& c) {
  const Shape& x = c.inputs[0]->shape();
  TEMPERA_ASSIGN_OR_RETURN(const Rest rest, RestOf(c.node, x));
  const Shape& y = c.outputs[0]->shape();
  const size_t size = DataTypeSize(c.inputs[0]->dtype());
  const auto first = static_cast<size_t>(rest.top * x[3] + rest.left);
  StridedCopy(size, y, c.inputs[0]->data<uint8_t>() + first * size, DenseStrides(x), c.outputs[0]->raw(),
              DenseStrides(y));
  return OkStatus();
}

struct Affine {
  explicit Affine(const graph::Node& n)
      : alpha(n.attributes.Float("alpha", 1)), beta(n.attributes.Float("beta", 0)) {}
  template <typename T>
  T operator()(T x) const {
    return static_cast<T>(alpha) * x + static_cast<T>(beta);
  }
  float alpha, beta;
};

}  // namespace

Operator AffineOperator() { return {"Affine", InferSame, FloatReference<Affine>}; }
Operator CropOperator() { return {"Crop", InferCrop, CropReference}; }
Operator ImageScalerOperator() { return {"ImageScaler", InferScaler, ScalerReference}; }

}  // namespace tempera::ops
