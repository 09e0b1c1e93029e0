// The plain convolution that fast ones are compared with.
#include <algorithm>
#include <cmath>
#include <cstddef>

#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/pad_index.h"

namespace tempera::kernels {
namespace {

float Apply(const Pointwise& p, int64_t channel, float x) {
  if (p.scale != nullptr) x = x * p.scale[channel] + p.shift[channel];
  switch (p.activation) {
    case Activation::kNone:
      return x;
    case Activation::kClamp:
      return x < p.lo ? p.lo : x > p.hi ? p.hi : x;
    case Activation::kSlope:
      return x < 0 ? x * p.slope[channel] : x;
    case Activation::kHardSwish:
      return x * std::min(std::max(x / 6 + 0.5f, 0.0f), 1.0f);
  }
  return x;
}

// Which input coordinate kernel tap k sees at output coordinate o; -1: none, or constant padding.
int64_t InputIndex(const ConvShape& s, int64_t o, int64_t k, int64_t stride, int64_t dilation, int64_t before,
                   int64_t in) {
  if (!s.transposed) return PadIndex(o * stride - before + k * dilation, in, s.pad_mode);
  const int64_t spread = o + before - k * dilation;
  return spread >= 0 && spread % stride == 0 && spread / stride < in ? spread / stride : -1;
}

}  // namespace

void ConvReference(const ConvShape& s, std::span<const float> weights, std::span<const float> bias,
                   const ConvArgs& args) {
  const int64_t group_in = s.in_channels / s.group, group_out = s.out_channels / s.group;
  const int64_t in_h = s.in_h * s.upsample, in_w = s.in_w * s.upsample;
  const int64_t r = s.shuffle, channels = s.out_channels / (r * r);
  for (int64_t n = 0; n < s.n; ++n) {
    for (int64_t o = 0; o < s.out_channels; ++o) {
      for (int64_t y = 0; y < s.out_h; ++y) {
        for (int64_t x = 0; x < s.out_w; ++x) {
          double sum = bias.empty() ? 0.0 : bias[static_cast<size_t>(o)];
          for (int64_t i = 0; i < group_in; ++i) {
            const int64_t channel = n * s.in_channels + o / group_out * group_in + i;
            for (int64_t ky = 0; ky < s.kernel_h; ++ky) {
              for (int64_t kx = 0; kx < s.kernel_w; ++kx) {
                const int64_t iy = InputIndex(s, y, ky, s.stride_h, s.dilation_h, s.pad_top, in_h);
                const int64_t ix = InputIndex(s, x, kx, s.stride_w, s.dilation_w, s.pad_left, in_w);
                const int64_t at = (channel * s.in_h + iy / s.upsample) * s.in_w + ix / s.upsample;
                const float value =
                    iy < 0 || ix < 0 ? s.pad_value : Apply(args.read, channel, args.input[at]);
                const int64_t w = ((o * group_in + i) * s.kernel_h + ky) * s.kernel_w + kx;
                sum += double{value} * double{weights[static_cast<size_t>(w)]};
              }
            }
          }
          const int64_t to_channel = n * channels + o / (r * r);
          const int64_t to_y = y * r + o / r % r, to_x = x * r + o % r;
          args.output[(to_channel * s.out_h * r + to_y) * s.out_w * r + to_x] =
              Apply(args.write, o, static_cast<float>(sum));
        }
      }
    }
  }
}

}  // namespace tempera::kernels
