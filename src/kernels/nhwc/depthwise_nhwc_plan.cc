// Plans a depthwise convolution over interleaved pixels: weights by channel, rows dealt to tasks.
#include <algorithm>

#include "src/base/checked_math.h"
#include "src/kernels/nhwc/depthwise_nhwc.h"
#include "src/kernels/task_share.h"

namespace tempera::kernels {
namespace {

// Of fp16, half as long as those that it counts.
constexpr int64_t kF16TaskNumbers = 2 * kTaskNumbers;
constexpr int64_t kMostReach = int64_t{1} << 14;

}  // namespace

bool DepthwiseNhwcServes(const ConvShape& s) {
  return s.group > 1 && s.in_channels == s.group && s.out_channels == s.group && !s.transposed &&
         s.upsample == 1 && s.shuffle == 1 && (s.pad_mode != PadMode::kConstant || s.pad_value == 0) &&
         s.kernel_h <= kMostDepthwiseRows && s.kernel_w <= kMostReach && s.stride_h <= kMostReach &&
         s.stride_w <= kMostReach && s.dilation_h <= kMostReach && s.dilation_w <= kMostReach &&
         (s.kernel_w - 1) * s.dilation_w < kMostReach;
}

Result<DepthwiseNhwcPlan> PlanDepthwiseNhwc(const ConvShape& shape, std::span<const float> weights,
                                            std::span<const float> bias, int64_t highway_bit) {
  TEMPERA_RETURN_IF_ERROR(CheckConvShape(shape));
  if (!DepthwiseNhwcServes(shape))
    return InvalidArgument("convolution is not depthwise over interleaved pixels");
  const int64_t taps = shape.kernel_h * shape.kernel_w;
  const auto channels = static_cast<size_t>(shape.out_channels);
  if (weights.size() != channels * static_cast<size_t>(taps) || (!bias.empty() && bias.size() != channels)) {
    return InvalidArgument("convolution weights or bias do not match its shape");
  }
  DepthwiseNhwcPlan p;
  p.shape = shape;
  p.channels = NhwcChannels(shape.out_channels);
  p.target = ChooseDepthwiseNhwcTarget(highway_bit);
  TEMPERA_ASSIGN_OR_RETURN(p.weights,
                           AlignedBuffer::Allocate(static_cast<uint64_t>(taps * p.channels) * sizeof(float)));
  auto* packed = reinterpret_cast<float*>(p.weights.data());
  std::fill_n(packed, taps * p.channels, 0.0f);
  for (int64_t c = 0; c < shape.out_channels; ++c) {
    for (int64_t t = 0; t < taps; ++t)
      packed[t * p.channels + c] = weights[static_cast<size_t>(c * taps + t)];
  }
  p.bias.assign(static_cast<size_t>(p.channels), 0.0f);
  std::copy(bias.begin(), bias.end(), p.bias.begin());

  p.tile_h = std::clamp<int64_t>(kF16TaskNumbers / (shape.out_w * p.channels), 1, shape.out_h);
  // Even parts.
  p.tile_h = CeilDiv(shape.out_h, CeilDiv(shape.out_h, p.tile_h));
  p.tiles = CeilDiv(shape.out_h, p.tile_h);
  if (!CheckedMul(shape.n, p.tiles, &p.tasks) || p.tasks > (int64_t{1} << 30)) {
    return InvalidArgument("convolution has too many tiles; use a smaller picture");
  }
  // scale, shift, lo, hi and slope of what is read, lo, hi and slope of what is written.
  constexpr int64_t kConstants = 8;
  p.scratch_bytes =
      static_cast<uint64_t>(RoundUp(kConstants * p.channels * static_cast<int64_t>(sizeof(float)), 64));
  return p;
}

}  // namespace tempera::kernels
