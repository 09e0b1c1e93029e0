// tempera.Conv as a plain loop: the picture enlarged and padded as the node says, then the convolution, the
// activation and the shuffle, one after the other. What fast convolutions are compared with.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "src/base/checked_math.h"
#include "src/ops/op.h"

namespace tempera::ops {
namespace {

using graph::ActivationKind;
using graph::FusedConv;
using graph::PadKind;

struct Sizes {
  int64_t n, in_channels, in_h, in_w;
  int64_t out_channels, out_h, out_w;  // before the shuffle
  int64_t kernel_h, kernel_w;
};

Sizes SizesOf(const FusedConv& conv, const ComputeContext& c) {
  const Shape &x = c.inputs[0]->shape(), &w = c.inputs[1]->shape(), &y = c.outputs[0]->shape();
  const int64_t r = conv.shuffle;
  return {x[0], x[1], x[2], x[3], y[1] * r * r, y[2] / r, y[3] / r, w[2], w[3]};
}

// Which pixel of an axis of `size` lies at i; -1: none, padding of a number. Apart from the kernels' own
// (pad_index.h): what they are held up against.
int64_t PixelAt(int64_t i, int64_t size, PadKind kind) {
  if (i >= 0 && i < size) return i;
  if (kind == PadKind::kConstant) return -1;
  if (kind == PadKind::kReflect) i = i < 0 ? -i : 2 * (size - 1) - i;
  return std::clamp<int64_t>(i, 0, size - 1);
}

// A channel as the window sees it: `height` rows of `width` numbers.
void Pad(const FusedConv& conv, const Sizes& s, const float* plane, int64_t height, int64_t width,
         float* out) {
  const int64_t up = conv.upsample;
  for (int64_t y = 0; y < height; ++y) {
    const int64_t row = PixelAt(y - conv.padding.top, s.in_h * up, conv.padding.kind);
    for (int64_t x = 0; x < width; ++x) {
      const int64_t column = PixelAt(x - conv.padding.left, s.in_w * up, conv.padding.kind);
      *out++ = row < 0 || column < 0 ? conv.padding.value : plane[row / up * s.in_w + column / up];
    }
  }
}

// sums += the plane under a window of taps.
void Correlate(const FusedConv& conv, const Sizes& s, const float* padded, int64_t width, const float* taps,
               double* sums) {
  for (int64_t ky = 0; ky < s.kernel_h; ++ky) {
    for (int64_t kx = 0; kx < s.kernel_w; ++kx) {
      const double tap = *taps++;
      for (int64_t y = 0; y < s.out_h; ++y) {
        const float* from =
            padded + (y * conv.stride_h + ky * conv.dilation_h) * width + kx * conv.dilation_w;
        double* to = sums + y * s.out_w;
        for (int64_t x = 0; x < s.out_w; ++x) to[x] += tap * static_cast<double>(from[x * conv.stride_w]);
      }
    }
  }
}

// sums += each pixel spread by the taps (ConvTranspose).
void Spread(const FusedConv& conv, const Sizes& s, const float* plane, const float* taps, double* sums) {
  for (int64_t iy = 0; iy < s.in_h; ++iy) {
    for (int64_t ky = 0; ky < s.kernel_h; ++ky) {
      const int64_t y = iy * conv.stride_h - conv.padding.top + ky * conv.dilation_h;
      if (y < 0 || y >= s.out_h) continue;
      for (int64_t ix = 0; ix < s.in_w; ++ix) {
        for (int64_t kx = 0; kx < s.kernel_w; ++kx) {
          const int64_t x = ix * conv.stride_w - conv.padding.left + kx * conv.dilation_w;
          if (x < 0 || x >= s.out_w) continue;
          sums[y * s.out_w + x] +=
              static_cast<double>(taps[ky * s.kernel_w + kx]) * static_cast<double>(plane[iy * s.in_w + ix]);
        }
      }
    }
  }
}

float Activate(const FusedConv& conv, float x, float slope) {
  switch (conv.activation) {
    case ActivationKind::kNone:
      return x;
    case ActivationKind::kClamp:
      return std::min(std::max(x, conv.lo), conv.hi);
    case ActivationKind::kSlope:
      return x < 0 ? slope * x : x;
    case ActivationKind::kHardSwish:
      return x * std::min(std::max(x / 6 + 0.5f, 0.0f), 1.0f);
  }
  return x;
}

Status Reference(const ComputeContext& c) {
  const FusedConv& conv = std::get<FusedConv>(c.node.fused);
  const Sizes s = SizesOf(conv, c);
  const int64_t group_in = s.in_channels / conv.group, group_out = s.out_channels / conv.group;
  const int64_t in_plane = s.in_h * s.in_w, out_plane = s.out_h * s.out_w, taps = s.kernel_h * s.kernel_w;
  const int64_t height = (s.out_h - 1) * conv.stride_h + (s.kernel_h - 1) * conv.dilation_h + 1;
  const int64_t width = (s.out_w - 1) * conv.stride_w + (s.kernel_w - 1) * conv.dilation_w + 1;
  const int64_t padded_plane = conv.transposed ? 0 : height * width;
  const Tensor *bias = c.inputs[2], *slopes = c.inputs[3];
  TEMPERA_ASSIGN_OR_RETURN(Tensor padded, Tensor::Create(DataType::kFloat32, {group_in, padded_plane}));
  std::vector<double> sums(static_cast<size_t>(out_plane));
  const int64_t r = conv.shuffle, wide = s.out_w * r;
  for (int64_t n = 0; n < s.n; ++n) {
    for (int64_t oc = 0; oc < s.out_channels; ++oc) {
      const int64_t group = oc / group_out;
      const float* in = c.inputs[0]->data<float>() + (n * s.in_channels + group * group_in) * in_plane;
      for (int64_t ic = 0; ic < group_in && oc % group_out == 0 && !conv.transposed; ++ic) {
        Pad(conv, s, in + ic * in_plane, height, width, padded.data<float>() + ic * padded_plane);
      }
      std::fill(sums.begin(), sums.end(),
                bias != nullptr ? static_cast<double>(bias->data<float>()[oc]) : 0.0);
      for (int64_t ic = 0; ic < group_in; ++ic) {
        const float* weights = c.inputs[1]->data<float>() + (oc * group_in + ic) * taps;
        if (conv.transposed) {
          Spread(conv, s, in + ic * in_plane, weights, sums.data());
        } else {
          Correlate(conv, s, padded.data<float>() + ic * padded_plane, width, weights, sums.data());
        }
      }
      const float slope = slopes != nullptr ? slopes->data<float>()[oc] : 0;
      float* out = c.outputs[0]->data<float>() + (n * s.out_channels + oc / (r * r) * r * r) * out_plane +
                   oc / r % r * wide + oc % r;
      for (int64_t y = 0; y < s.out_h; ++y) {
        for (int64_t x = 0; x < s.out_w; ++x) {
          out[y * r * wide + x * r] =
              Activate(conv, static_cast<float>(sums[static_cast<size_t>(y * s.out_w + x)]), slope);
        }
      }
    }
  }
  return OkStatus();
}

}  // namespace

Operator FusedConvOperator() { return {"tempera.Conv", InferFused, Reference}; }

}  // namespace tempera::ops
