// InstanceNormalization (Ulyanov, Vedaldi, Lempitsky, arXiv 1607.08022), GroupNormalization (Wu and He, arXiv
// 1803.08494) and BatchNormalization with its running statistics (inference).
#include <algorithm>
#include <cmath>
#include <string>

#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

// Inputs [1, inputs) are one number per channel.
Status CheckPerChannel(const InferContext& c, size_t inputs) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, inputs, inputs, 5));
  const Shape& x = c.inputs[0]->shape;
  if (x.size() < 2) return CorruptModel("its input " + ShapeToString(x) + " has no channels");
  for (size_t i = 1; i < inputs; ++i) {
    const Shape& s = c.inputs[i]->shape;
    if (s.size() != 1 || s[0] != x[1]) {
      return CorruptModel("input " + std::to_string(i) + " of shape " + ShapeToString(s) + " does not fit " +
                          std::to_string(x[1]) + " channels");
    }
  }
  c.outputs[0] = *c.inputs[0];
  return OkStatus();
}

Status InferInstanceNorm(InferContext& c) { return CheckPerChannel(c, 3); }

Status InferBatchNorm(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckPerChannel(c, 5));
  bool training = c.node.attributes.Int("training_mode", 0) != 0;
  for (size_t i = 1; i < c.node.outputs.size(); ++i)
    training = training || c.node.outputs[i] != graph::kNoValue;
  if (c.opset < 7) training = training || c.node.attributes.Int("is_test", 0) == 0;
  if (training) return Unsupported("it is in training mode; export the model for inference");
  if (c.node.attributes.Int("spatial", 1) == 0)
    return Unsupported("statistics per pixel (spatial=0) are not supported");
  return OkStatus();
}

// Scale and bias: one number per channel (from opset 21 on), or one per group (before).
Status InferGroupNorm(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 3, 3));
  const Shape& x = c.inputs[0]->shape;
  if (x.size() < 2) return CorruptModel("its input " + ShapeToString(x) + " has no channels");
  const int64_t groups = c.node.attributes.Int("num_groups", 0);
  if (groups < 1 || x[1] % groups != 0) {
    return CorruptModel(std::to_string(x[1]) + " channels do not make " + std::to_string(groups) + " groups");
  }
  for (size_t i = 1; i < 3; ++i) {
    const Shape& s = c.inputs[i]->shape;
    if (s.size() != 1 || (s[0] != x[1] && s[0] != groups) || s != c.inputs[1]->shape) {
      return CorruptModel("input " + std::to_string(i) + " of shape " + ShapeToString(s) + " does not fit " +
                          std::to_string(x[1]) + " channels in " + std::to_string(groups) + " groups");
    }
  }
  c.outputs[0] = *c.inputs[0];
  return OkStatus();
}

struct Planes {
  int64_t batches, channels, size;
};

Planes PlanesOf(const Shape& x) {
  Planes p{x[0], x[1], 1};
  for (size_t d = 2; d < x.size(); ++d) p.size *= x[d];
  return p;
}

template <typename T>
void ScaleShift(const T* in, int64_t count, double scale, double shift, T* out) {
  const auto a = static_cast<float>(scale), b = static_cast<float>(shift);
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<T>(static_cast<float>(in[i]) * a + b);
}

template <typename T>
double At(const Tensor& t, int64_t i) {
  return static_cast<double>(t.data<T>()[i]);
}

// Normalises `groups` stretches of each image; channel c's numbers are scale[c / per_scale], and the same of
// the bias.
Status NormalizeGroups(const ComputeContext& c, int64_t groups, int64_t per_scale, float eps) {
  const auto epsilon = static_cast<double>(eps);
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    const Planes p = PlanesOf(c.inputs[0]->shape());
    const int64_t channels = p.channels / groups, size = channels * p.size;
    for (int64_t group = 0; group < p.batches * groups; ++group) {
      const T* in = c.inputs[0]->data<T>() + group * size;
      T* out = c.outputs[0]->data<T>() + group * size;
      double sum = 0, squares = 0;
      for (int64_t i = 0; i < size; ++i) sum += static_cast<double>(in[i]);
      const double mean = size > 0 ? sum / static_cast<double>(size) : 0;
      for (int64_t i = 0; i < size; ++i) {
        const double d = static_cast<double>(in[i]) - mean;
        squares += d * d;
      }
      const double variance = size > 0 ? squares / static_cast<double>(size) : 0;
      for (int64_t channel = 0; channel < channels; ++channel) {
        const int64_t number = (group % groups * channels + channel) / per_scale;
        const double scale = At<T>(*c.inputs[1], number) / std::sqrt(variance + epsilon);
        ScaleShift(in + channel * p.size, p.size, scale, At<T>(*c.inputs[2], number) - mean * scale,
                   out + channel * p.size);
      }
    }
    return OkStatus();
  });
}

float EpsilonOf(const ComputeContext& c) { return c.node.attributes.Float("epsilon", 1e-5f); }

Status InstanceNormReference(const ComputeContext& c) {
  return NormalizeGroups(c, std::max<int64_t>(1, c.inputs[0]->shape()[1]), 1, EpsilonOf(c));
}

Status GroupNormReference(const ComputeContext& c) {
  const int64_t channels = c.inputs[0]->shape()[1];
  const int64_t numbers = c.inputs[1]->element_count();
  return NormalizeGroups(c, c.node.attributes.Int("num_groups", 1), numbers > 0 ? channels / numbers : 1,
                         EpsilonOf(c));
}

// Behind passes both are one number per channel.
Status FusedGroupNormReference(const ComputeContext& c) {
  const auto& norm = std::get<graph::FusedGroupNorm>(c.node.fused);
  return NormalizeGroups(c, norm.groups, 1, norm.epsilon);
}

Status FusedAffineReference(const ComputeContext& c) {
  const Planes p = PlanesOf(c.inputs[0]->shape());
  for (int64_t plane = 0; plane < p.batches * p.channels; ++plane) {
    const int64_t channel = plane % p.channels;
    ScaleShift(c.inputs[0]->data<float>() + plane * p.size, p.size, At<float>(*c.inputs[1], channel),
               At<float>(*c.inputs[2], channel), c.outputs[0]->data<float>() + plane * p.size);
  }
  return OkStatus();
}

Status BatchNormReference(const ComputeContext& c) {
  const auto epsilon = static_cast<double>(c.node.attributes.Float("epsilon", 1e-5f));
  // scale, bias, mean, variance may have another floating type than the input (opset 14).
  Tensor per_channel[4];
  for (size_t i = 0; i < 4; ++i) {
    TEMPERA_ASSIGN_OR_RETURN(per_channel[i], ToFloat32(*c.inputs[i + 1]));
  }
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    const Planes p = PlanesOf(c.inputs[0]->shape());
    for (int64_t plane = 0; plane < p.batches * p.channels; ++plane) {
      const int64_t channel = plane % p.channels;
      const double scale =
          At<float>(per_channel[0], channel) / std::sqrt(At<float>(per_channel[3], channel) + epsilon);
      const double shift = At<float>(per_channel[1], channel) - At<float>(per_channel[2], channel) * scale;
      ScaleShift(c.inputs[0]->data<T>() + plane * p.size, p.size, scale, shift,
                 c.outputs[0]->data<T>() + plane * p.size);
    }
    return OkStatus();
  });
}

}  // namespace

Operator InstanceNormalizationOperator() {
  return {"InstanceNormalization", InferInstanceNorm, InstanceNormReference};
}
Operator FusedAffineOperator() { return {"tempera.Affine", InferFused, FusedAffineReference}; }
Operator FusedGroupNormOperator() { return {"tempera.GroupNorm", InferFused, FusedGroupNormReference}; }
Operator GroupNormalizationOperator() { return {"GroupNormalization", InferGroupNorm, GroupNormReference}; }
Operator BatchNormalizationOperator() { return {"BatchNormalization", InferBatchNorm, BatchNormReference}; }

}  // namespace tempera::ops
