// LRN (Krizhevsky, Sutskever, Hinton, NIPS 2012, section 3.3), MeanVarianceNormalization and LpNormalization.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "src/ops/around_axis.h"
#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

// Each number looks at so many: networks have 5.
constexpr int64_t kMostChannels = 1024;

Status InferLrn(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  const Shape& x = c.inputs[0]->shape;
  if (x.size() < 2) return CorruptModel("its input " + ShapeToString(x) + " has no channels");
  const int64_t size = c.node.attributes.Int("size", 0);
  if (size < 1) return CorruptModel("it looks at " + std::to_string(size) + " channels");
  if (std::min(size, x[1]) > kMostChannels) {
    return Unsupported("it looks at more than " + std::to_string(kMostChannels) + " channels at once");
  }
  c.outputs[0] = *c.inputs[0];
  return OkStatus();
}

// Squares are summed over the channels [c - floor((size - 1) / 2), c + ceil((size - 1) / 2)] that there are.
Status LrnReference(const ComputeContext& c) {
  const AroundAxis a(c.inputs[0]->shape(), 1);
  const int64_t size = c.node.attributes.Int("size", 1);
  const int64_t before = std::min((size - 1) / 2, a.size), after = std::min(size / 2, a.size);
  const auto beta = static_cast<double>(c.node.attributes.Float("beta", 0.75f)),
             bias = static_cast<double>(c.node.attributes.Float("bias", 1));
  const double weight =
      static_cast<double>(c.node.attributes.Float("alpha", 1e-4f)) / static_cast<double>(size);
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    for (int64_t o = 0; o < a.outer * a.size; ++o) {
      const int64_t channel = o % a.size;
      const int64_t first = std::max<int64_t>(0, channel - before),
                    last = std::min(a.size - 1, channel + after);
      const T* image = c.inputs[0]->data<T>() + (o - channel) * a.inner;
      for (int64_t i = 0; i < a.inner; ++i) {
        double squares = 0;
        for (int64_t k = first; k <= last; ++k) {
          const auto v = static_cast<double>(image[k * a.inner + i]);
          squares += v * v;
        }
        const auto v = static_cast<double>(image[channel * a.inner + i]);
        c.outputs[0]->data<T>()[o * a.inner + i] =
            static_cast<T>(static_cast<ComputeType<T>>(v / std::pow(bias + weight * squares, beta)));
      }
    }
    return OkStatus();
  });
}

Result<std::vector<int64_t>> MeanAxes(const graph::Node& node, size_t rank) {
  return NormalizeAxes(node.attributes.Ints("axes", {0, 2, 3}), rank);
}

Status InferMeanVariance(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckOpset(c, 9));
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  c.outputs[0] = *c.inputs[0];
  return MeanAxes(c.node, c.inputs[0]->shape.size()).status();
}

// (x - mean) / (deviation + 1e-9); mean and deviation are kept while a dimension is not an axis.
Status MeanVarianceReference(const ComputeContext& c) {
  const Shape& x = c.inputs[0]->shape();
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, MeanAxes(c.node, x.size()));
  Shape kept = x;
  for (const int64_t axis : axes) kept[static_cast<size_t>(axis)] = 1;
  const Shape strides = BroadcastStrides(kept, x);
  int64_t groups = 1;
  for (const int64_t d : kept) groups *= d;
  const double count = static_cast<double>(c.inputs[0]->element_count()) / static_cast<double>(groups);
  TEMPERA_ASSIGN_OR_RETURN(Tensor mean_tensor, Tensor::Create(DataType::kFloat64, {groups}));  // zeros
  TEMPERA_ASSIGN_OR_RETURN(Tensor deviation_tensor, Tensor::Create(DataType::kFloat64, {groups}));
  auto* means = mean_tensor.data<double>();
  auto* deviations = deviation_tensor.data<double>();
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    // f(element, its group), for all elements.
    const auto each = [&](auto&& f) {
      ForEachRow<2>(x, {DenseStrides(x), strides}, [&](const std::array<int64_t, 2>& offsets) {
        const int64_t width = x.empty() ? 1 : x.back(), step = x.empty() ? 0 : strides.back();
        for (int64_t i = 0; i < width; ++i) f(offsets[0] + i, offsets[1] + i * step);
      });
    };
    const T* in = c.inputs[0]->data<T>();
    each([&](int64_t i, int64_t group) { means[group] += static_cast<double>(in[i]) / count; });
    each([&](int64_t i, int64_t group) {
      const double off = static_cast<double>(in[i]) - means[group];
      deviations[group] += off * off / count;
    });
    for (int64_t g = 0; g < groups; ++g) deviations[g] = std::sqrt(deviations[g]);
    each([&](int64_t i, int64_t group) {
      const double y = (static_cast<double>(in[i]) - means[group]) / (deviations[group] + 1e-9);
      c.outputs[0]->data<T>()[i] = static_cast<T>(static_cast<ComputeType<T>>(y));
    });
    return OkStatus();
  });
}

Status InferLp(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  const int64_t p = c.node.attributes.Int("p", 2);
  if (p != 1 && p != 2) return CorruptModel("its p is " + std::to_string(p) + " instead of 1 or 2");
  c.outputs[0] = *c.inputs[0];
  return NormalizeAxis(c.node.attributes.Int("axis", -1), c.inputs[0]->shape.size()).status();
}

// Zeros stay zeros, as in ONNX Runtime.
Status LpReference(const ComputeContext& c) {
  const Shape& x = c.inputs[0]->shape();
  TEMPERA_ASSIGN_OR_RETURN(const int64_t axis, NormalizeAxis(c.node.attributes.Int("axis", -1), x.size()));
  const AroundAxis a(x, axis);
  const bool squares = c.node.attributes.Int("p", 2) == 2;
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    ForEachLine(a, [&](int64_t at) {
      const T* in = c.inputs[0]->data<T>() + at;
      T* out = c.outputs[0]->data<T>() + at;
      double norm = 0;
      for (int64_t k = 0; k < a.size; ++k) {
        const auto v = static_cast<double>(in[k * a.inner]);
        norm += squares ? v * v : std::abs(v);
      }
      if (squares) norm = std::sqrt(norm);
      for (int64_t k = 0; k < a.size; ++k) {
        const double y = norm == 0 ? 0 : static_cast<double>(in[k * a.inner]) / norm;
        out[k * a.inner] = static_cast<T>(static_cast<ComputeType<T>>(y));
      }
    });
    return OkStatus();
  });
}

}  // namespace

Operator LRNOperator() { return {"LRN", InferLrn, LrnReference}; }
Operator MeanVarianceNormalizationOperator() {
  return {"MeanVarianceNormalization", InferMeanVariance, MeanVarianceReference};
}
Operator LpNormalizationOperator() { return {"LpNormalization", InferLp, LpReference}; }

}  // namespace tempera::ops
