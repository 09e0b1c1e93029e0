// ConvTranspose: every input pixel spreads a scaled kernel over the output; groups, dilations, strides,
// output_padding, output_shape, auto_pad; one, two or three spatial dimensions.
#include <algorithm>
#include <string>
#include <vector>

#include "src/base/checked_math.h"
#include "src/graph/auto_pad.h"
#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

// One entry per spatial dimension.
struct Geometry {
  std::vector<int64_t> kernel, strides, dilations, pads_begin, output;
};

// Far beyond any picture, and small enough that sums and products of two stay exact.
constexpr int64_t kMaxExtent = int64_t{1} << 28;

Result<Geometry> Resolve(const graph::Node& node, const Shape& x, const Shape& w) {
  const size_t rank = x.size() - 2;
  const graph::Attributes& a = node.attributes;
  Geometry g;
  g.kernel.assign(w.begin() + 2, w.end());
  g.strides = a.Ints("strides", std::vector<int64_t>(rank, 1));
  g.dilations = a.Ints("dilations", std::vector<int64_t>(rank, 1));
  std::vector<int64_t> pads = a.Ints("pads", std::vector<int64_t>(2 * rank, 0));
  const std::vector<int64_t> output_padding = a.Ints("output_padding", std::vector<int64_t>(rank, 0));
  std::vector<int64_t> output_shape = a.Ints("output_shape");
  if (output_shape.size() == rank + 2) output_shape.erase(output_shape.begin(), output_shape.begin() + 2);
  const std::string auto_pad = a.String("auto_pad", "NOTSET");
  const bool same = graph::IsSamePad(auto_pad);
  if (a.Ints("kernel_shape", g.kernel) != g.kernel)
    return CorruptModel("kernel_shape disagrees with its weights");
  if (g.strides.size() != rank || g.dilations.size() != rank || pads.size() != 2 * rank ||
      output_padding.size() != rank || (!output_shape.empty() && output_shape.size() != rank)) {
    return CorruptModel("its attributes do not fit " + std::to_string(rank) + " spatial dimensions");
  }
  for (size_t d = 0; d < rank; ++d) {
    const int64_t in = x[2 + d];
    for (const int64_t v : {g.kernel[d], g.strides[d], g.dilations[d], in}) {
      if (v < 1 || v > kMaxExtent)
        return CorruptModel("an extent of " + std::to_string(v) + " is impossible");
    }
    for (const int64_t v : {pads[d], pads[rank + d], output_padding[d]}) {
      if (v < -kMaxExtent || v > kMaxExtent)
        return CorruptModel("a padding of " + std::to_string(v) + " is impossible");
    }
    const int64_t full = g.strides[d] * (in - 1) + output_padding[d] + (g.kernel[d] - 1) * g.dilations[d] + 1;
    int64_t out = full - pads[d] - pads[rank + d], begin = pads[d];
    // As ONNX Runtime has it: output_shape decides, whatever auto_pad says, which then only says on which
    // side an odd pixel is cut off. Without one, SAME cuts off what is more than stride times the input, and
    // adds nothing where that is less.
    if (!output_shape.empty() || same) {
      const int64_t wanted = output_shape.empty() ? in * g.strides[d] : output_shape[d];
      const int64_t total = std::max<int64_t>(0, full - wanted);
      begin = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
      out = output_shape.empty() ? full - total : wanted;
    } else if (auto_pad == "VALID") {
      out = full;
      begin = 0;
    }
    if (out < 1 || out > kMaxExtent)
      return InvalidArgument("its result would be " + std::to_string(out) +
                             " pixels wide; use another frame size");
    g.pads_begin.push_back(begin);
    g.output.push_back(out);
  }
  return g;
}

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 3));
  const Shape& x = c.inputs[0]->shape;
  const Shape& w = c.inputs[1]->shape;
  if (x.size() < 3 || x.size() > 5) {
    return Unsupported("its input " + ShapeToString(x) + " has not one to three spatial dimensions");
  }
  const int64_t groups = c.node.attributes.Int("group", 1);
  int64_t channels = 0;
  if (w.size() != x.size() || groups < 1 || w[0] != x[1] || x[1] % groups != 0 ||
      !CheckedMul(w[1], groups, &channels)) {
    return CorruptModel("its weights " + ShapeToString(w) + " do not fit its input " + ShapeToString(x) +
                        " in " + std::to_string(groups) + " groups");
  }
  if (c.inputs[1]->dtype != c.inputs[0]->dtype) return CorruptModel("weights and input have different types");
  if (const TensorInfo* bias = InputInfo(c, 2);
      bias && (bias->shape.size() != 1 || bias->shape[0] != channels)) {
    return CorruptModel("its bias " + ShapeToString(bias->shape) + " does not fit its weights " +
                        ShapeToString(w));
  }
  TEMPERA_ASSIGN_OR_RETURN(const Geometry g, Resolve(c.node, x, w));
  c.outputs[0].dtype = c.inputs[0]->dtype;
  c.outputs[0].shape = {x[0], channels};
  c.outputs[0].shape.insert(c.outputs[0].shape.end(), g.output.begin(), g.output.end());
  return OkStatus();
}

// The geometry as [d, h, w]; missing leading dimensions are 1.
struct Extents {
  int64_t in[3], out[3], kernel[3], stride[3], dilation[3], pad[3];
};

Extents ToThree(const Geometry& g, const Shape& x) {
  Extents e;
  const size_t rank = g.kernel.size();
  for (size_t i = 0; i < 3; ++i) {
    const bool missing = i + rank < 3;
    const size_t d = missing ? 0 : i + rank - 3;
    e.in[i] = missing ? 1 : x[2 + d];
    e.out[i] = missing ? 1 : g.output[d];
    e.kernel[i] = missing ? 1 : g.kernel[d];
    e.stride[i] = missing ? 1 : g.strides[d];
    e.dilation[i] = missing ? 1 : g.dilations[d];
    e.pad[i] = missing ? 0 : g.pads_begin[d];
  }
  return e;
}

// Adds one input plane, spread by one kernel, to one output plane.
void Spread(const Extents& e, const float* in, const float* weights, double* out) {
  for (int64_t id = 0; id < e.in[0]; ++id) {
    for (int64_t iy = 0; iy < e.in[1]; ++iy) {
      const float* row = in + (id * e.in[1] + iy) * e.in[2];
      for (int64_t kd = 0; kd < e.kernel[0]; ++kd) {
        const int64_t od = id * e.stride[0] - e.pad[0] + kd * e.dilation[0];
        for (int64_t ky = 0; ky < e.kernel[1]; ++ky) {
          const int64_t oy = iy * e.stride[1] - e.pad[1] + ky * e.dilation[1];
          if (od < 0 || od >= e.out[0] || oy < 0 || oy >= e.out[1]) continue;
          double* to = out + (od * e.out[1] + oy) * e.out[2];
          for (int64_t kx = 0; kx < e.kernel[2]; ++kx) {
            // Input columns ix whose output column ix * stride + shift lies inside.
            const int64_t shift = kx * e.dilation[2] - e.pad[2], stride = e.stride[2];
            const int64_t first = shift < 0 ? CeilDiv(-shift, stride) : 0;
            const int64_t last = std::min(e.in[2], shift < e.out[2] ? CeilDiv(e.out[2] - shift, stride) : 0);
            const double tap = static_cast<double>(weights[(kd * e.kernel[1] + ky) * e.kernel[2] + kx]);
            for (int64_t ix = first; ix < last; ++ix)
              to[ix * stride + shift] += tap * static_cast<double>(row[ix]);
          }
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
  TEMPERA_ASSIGN_OR_RETURN(const Geometry g, Resolve(c.node, x.shape(), w.shape()));
  TEMPERA_ASSIGN_OR_RETURN(Tensor y, Tensor::Create(DataType::kFloat32, c.outputs[0]->shape()));
  const Extents e = ToThree(g, x.shape());
  const int64_t groups = c.node.attributes.Int("group", 1);
  const int64_t in_channels = x.shape()[1], out_channels = y.shape()[1];
  const int64_t group_in = in_channels / groups, group_out = w.shape()[1];
  const int64_t in_size = e.in[0] * e.in[1] * e.in[2], out_size = e.out[0] * e.out[1] * e.out[2];
  const int64_t taps = e.kernel[0] * e.kernel[1] * e.kernel[2];
  TEMPERA_ASSIGN_OR_RETURN(Tensor sum_plane, Tensor::Create(DataType::kFloat64, {out_size}));
  double* sums = sum_plane.data<double>();
  for (int64_t n = 0; n < x.shape()[0]; ++n) {
    for (int64_t oc = 0; oc < out_channels; ++oc) {
      std::fill_n(sums, out_size, bias.defined() ? static_cast<double>(bias.data<float>()[oc]) : 0.0);
      const int64_t group = oc / group_out;
      for (int64_t ic = group * group_in; ic < (group + 1) * group_in; ++ic) {
        Spread(e, x.data<float>() + (n * in_channels + ic) * in_size,
               w.data<float>() + (ic * group_out + oc % group_out) * taps, sums);
      }
      float* out = y.data<float>() + (n * out_channels + oc) * out_size;
      for (int64_t i = 0; i < out_size; ++i) out[i] = static_cast<float>(sums[i]);
    }
  }
  return FromFloat32(y, c.outputs[0]);
}

}  // namespace

Operator ConvTransposeOperator() { return {"ConvTranspose", Infer, Reference}; }

}  // namespace tempera::ops
