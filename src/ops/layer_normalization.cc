// LayerNormalization (Ba, Kiros, Hinton, arXiv 1607.06450): over all dimensions from an axis on.
#include <algorithm>
#include <cmath>
#include <string>

#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

// Whether `constant` has one number, or one for each of x's dimensions from `axis` on.
bool Fits(const Shape& constant, const Shape& x, size_t axis) {
  if (std::all_of(constant.begin(), constant.end(), [](int64_t d) { return d == 1; }))
    return constant.size() <= x.size() - axis;
  return constant == Shape(x.begin() + static_cast<ptrdiff_t>(axis), x.end());
}

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 3, 3));
  const Shape& x = c.inputs[0]->shape;
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis, NormalizeAxis(c.node.attributes.Int("axis", -1), x.size()));
  if (c.node.attributes.Int("stash_type", 1) != 1) {
    return Unsupported("statistics in another type than float (stash_type) are not supported");
  }
  for (size_t i = 1; i < c.inputs.size(); ++i) {
    const TensorInfo* constant = InputInfo(c, i);
    if (constant != nullptr && !Fits(constant->shape, x, static_cast<size_t>(axis))) {
      return Unsupported("input " + std::to_string(i) + " of shape " + ShapeToString(constant->shape) +
                         " does not fit its input " + ShapeToString(x) + " from axis " +
                         std::to_string(axis) + " on");
    }
  }
  c.outputs[0] = *c.inputs[0];
  Shape statistics = x;
  for (size_t d = static_cast<size_t>(axis); d < x.size(); ++d) statistics[d] = 1;
  for (size_t i = 1; i < c.outputs.size(); ++i) c.outputs[i] = {DataType::kFloat32, statistics};
  return OkStatus();
}

Status Reference(const ComputeContext& c) {
  const Shape& shape = c.inputs[0]->shape();
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis,
                           NormalizeAxis(c.node.attributes.Int("axis", -1), shape.size()));
  int64_t size = 1;
  for (size_t d = static_cast<size_t>(axis); d < shape.size(); ++d) size *= shape[d];
  TEMPERA_ASSIGN_OR_RETURN(const Tensor scale, ToFloat32(*c.inputs[1]));
  Tensor bias;
  const Tensor* given = InputTensor(c, 2);
  if (given != nullptr) {
    TEMPERA_ASSIGN_OR_RETURN(bias, ToFloat32(*given));
  }
  const auto epsilon = static_cast<double>(c.node.attributes.Float("epsilon", 1e-5f));
  const auto statistic = [&c](size_t output, int64_t i, double number) {
    if (output < c.outputs.size() && c.outputs[output] != nullptr)
      c.outputs[output]->data<float>()[i] = static_cast<float>(number);
  };
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    const int64_t count = size == 0 ? 0 : c.inputs[0]->element_count() / size;
    for (int64_t i = 0; i < count; ++i) {
      const T* in = c.inputs[0]->data<T>() + i * size;
      T* out = c.outputs[0]->data<T>() + i * size;
      double sum = 0, squares = 0;
      for (int64_t k = 0; k < size; ++k) sum += static_cast<double>(in[k]);
      const double mean = sum / static_cast<double>(size);
      for (int64_t k = 0; k < size; ++k) squares += std::pow(static_cast<double>(in[k]) - mean, 2);
      const double inverse = 1 / std::sqrt(squares / static_cast<double>(size) + epsilon);
      for (int64_t k = 0; k < size; ++k) {
        const double a = scale.data<float>()[scale.element_count() == 1 ? 0 : k];
        const double b = given == nullptr ? 0 : bias.data<float>()[bias.element_count() == 1 ? 0 : k];
        out[k] = static_cast<T>(static_cast<float>((static_cast<double>(in[k]) - mean) * inverse * a + b));
      }
      statistic(1, i, mean);
      statistic(2, i, inverse);
    }
    return OkStatus();
  });
}

}  // namespace

Operator LayerNormalizationOperator() { return {"LayerNormalization", Infer, Reference}; }

}  // namespace tempera::ops
