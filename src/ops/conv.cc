// Conv: groups, dilations, strides, auto_pad; one, two or three spatial dimensions.
#include <algorithm>
#include <vector>

#include "src/base/checked_math.h"
#include "src/ops/conv_loop.h"
#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"
#include "src/ops/window.h"

namespace tempera::ops {
namespace {

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 3));
  const Shape& x = c.inputs[0]->shape;
  const Shape& w = c.inputs[1]->shape;
  if (x.size() < 3 || x.size() > 5) {
    return Unsupported("its input " + ShapeToString(x) + " has not one to three spatial dimensions");
  }
  if (w.size() != x.size()) {
    return CorruptModel("its weights " + ShapeToString(w) + " do not fit its input " + ShapeToString(x));
  }
  if (c.inputs[1]->dtype != c.inputs[0]->dtype) return CorruptModel("weights and input have different types");
  const int64_t groups = c.node.attributes.Int("group", 1);
  if (groups < 1 || w[0] % groups != 0 || x[1] % groups != 0 || x[1] / groups != w[1]) {
    return CorruptModel("its weights " + ShapeToString(w) + " do not fit its input " + ShapeToString(x) +
                        " in " + std::to_string(groups) + " groups");
  }
  if (const TensorInfo* bias = InputInfo(c, 2); bias && (bias->shape.size() != 1 || bias->shape[0] != w[0])) {
    return CorruptModel("its bias " + ShapeToString(bias->shape) + " does not fit its weights " +
                        ShapeToString(w));
  }
  TEMPERA_ASSIGN_OR_RETURN(const Window window,
                           ResolveWindow(c.node, std::span(x).subspan(2), std::span(w).subspan(2)));
  c.outputs[0].dtype = c.inputs[0]->dtype;
  c.outputs[0].shape = {x[0], w[0]};
  c.outputs[0].shape.insert(c.outputs[0].shape.end(), window.output.begin(), window.output.end());
  return OkStatus();
}

// Sizes as [d, h, w]; missing leading dimensions are 1 (pads 0).
struct Extents {
  int64_t in[3], out[3], kernel[3], stride[3], dilation[3], pad[3];
};

Extents ToThree(const Window& window, const Shape& x) {
  Extents e;
  const size_t rank = window.kernel.size();
  for (size_t i = 0; i < 3; ++i) {
    const bool missing = i + rank < 3;
    const size_t d = missing ? 0 : i + rank - 3;
    e.in[i] = missing ? 1 : x[2 + d];
    e.out[i] = missing ? 1 : window.output[d];
    e.kernel[i] = missing ? 1 : window.kernel[d];
    e.stride[i] = missing ? 1 : window.strides[d];
    e.dilation[i] = missing ? 1 : window.dilations[d];
    e.pad[i] = missing ? 0 : window.pads_begin[d];
  }
  return e;
}

// One output row of one output channel, summed in double (the truth others are measured by): every tap of
// every input channel adds a shifted, scaled input row, in a loop the compiler turns into vectors.
void AccumulateRow(const Extents& e, const float* in, int64_t channels, const float* weights, int64_t od,
                   int64_t oy, double* row) {
  const int64_t in_plane = e.in[1] * e.in[2];
  for (int64_t ic = 0; ic < channels; ++ic) {
    for (int64_t kd = 0; kd < e.kernel[0]; ++kd) {
      const int64_t id = od * e.stride[0] - e.pad[0] + kd * e.dilation[0];
      for (int64_t ky = 0; ky < e.kernel[1]; ++ky) {
        const int64_t iy = oy * e.stride[1] - e.pad[1] + ky * e.dilation[1];
        const float* taps = weights + ((ic * e.kernel[0] + kd) * e.kernel[1] + ky) * e.kernel[2];
        if (id < 0 || id >= e.in[0] || iy < 0 || iy >= e.in[1]) continue;
        const float* source = in + (ic * e.in[0] + id) * in_plane + iy * e.in[2];
        for (int64_t kx = 0; kx < e.kernel[2]; ++kx) {
          // Output columns whose input column ox * stride + shift lies inside the image.
          const int64_t shift = kx * e.dilation[2] - e.pad[2], stride = e.stride[2];
          const int64_t first = shift < 0 ? CeilDiv(-shift, stride) : 0;
          const int64_t last = std::min(e.out[2], shift < e.in[2] ? CeilDiv(e.in[2] - shift, stride) : 0);
          const double tap = static_cast<double>(taps[kx]);
          if (stride == 1) {
            for (int64_t x = first; x < last; ++x) row[x] += tap * static_cast<double>(source[x + shift]);
          } else {
            for (int64_t x = first; x < last; ++x)
              row[x] += tap * static_cast<double>(source[x * stride + shift]);
          }
        }
      }
    }
  }
}

template <typename Out>
void ConvolveInto(const Extents& e, int64_t groups, const Tensor& x, const Tensor& w, const Tensor* bias,
                  Tensor* y) {
  const int64_t in_channels = w.shape()[1], out_channels = w.shape()[0];
  const int64_t in_size = e.in[0] * e.in[1] * e.in[2], out_size = e.out[0] * e.out[1] * e.out[2];
  const int64_t taps = in_channels * e.kernel[0] * e.kernel[1] * e.kernel[2];
  std::vector<double> row(static_cast<size_t>(e.out[2]));
  for (int64_t n = 0; n < x.shape()[0]; ++n) {
    for (int64_t oc = 0; oc < out_channels; ++oc) {
      const int64_t group = oc / (out_channels / groups);
      const float* in = x.data<float>() + (n * groups + group) * in_channels * in_size;
      Out* out = y->data<Out>() + (n * out_channels + oc) * out_size;
      const double start = bias != nullptr ? static_cast<double>(bias->data<float>()[oc]) : 0.0;
      for (int64_t od = 0; od < e.out[0]; ++od) {
        for (int64_t oy = 0; oy < e.out[1]; ++oy) {
          std::fill(row.begin(), row.end(), start);
          AccumulateRow(e, in, in_channels, w.data<float>() + oc * taps, od, oy, row.data());
          Out* to = out + (od * e.out[1] + oy) * e.out[2];
          for (int64_t i = 0; i < e.out[2]; ++i) to[i] = static_cast<Out>(row[static_cast<size_t>(i)]);
        }
      }
    }
  }
}

Status Reference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const Tensor x, ToFloat32(*c.inputs[0]));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor w, ToFloat32(*c.inputs[1]));
  Tensor bias;
  if (InputTensor(c, 2)) {
    TEMPERA_ASSIGN_OR_RETURN(bias, ToFloat32(*c.inputs[2]));
  }
  TEMPERA_ASSIGN_OR_RETURN(Tensor y, Tensor::Create(DataType::kFloat32, c.outputs[0]->shape()));
  TEMPERA_RETURN_IF_ERROR(Convolve(c.node, x, w, bias.defined() ? &bias : nullptr, &y));
  return FromFloat32(y, c.outputs[0]);
}

}  // namespace

Status Convolve(const graph::Node& node, const Tensor& x, const Tensor& w, const Tensor* bias, Tensor* y) {
  TEMPERA_ASSIGN_OR_RETURN(const Window window, ResolveWindow(node, std::span(x.shape()).subspan(2),
                                                              std::span(w.shape()).subspan(2)));
  const Extents e = ToThree(window, x.shape());
  const int64_t groups = node.attributes.Int("group", 1);
  if (y->dtype() == DataType::kFloat64) {
    ConvolveInto<double>(e, groups, x, w, bias, y);
  } else {
    ConvolveInto<float>(e, groups, x, w, bias, y);
  }
  return OkStatus();
}

Operator ConvOperator() { return {"Conv", Infer, Reference}; }

}  // namespace tempera::ops
