// Depthwise convolution over half-precision pixels, [n, h, w, c] (PictureLayout::kNhwcF16), in fp32
// arithmetic: what stands between the products of single pixels in a separable network, so that all three
// stay interleaved. Neighbouring channels are neighbours in a vector; some neighbouring outputs are summed
// side by side, so that an input column is loaded and widened once for all of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"
#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/nhwc/conv_nhwc.h"

namespace tempera::kernels {

struct DepthwiseNhwcTarget;

// Immutable once made; owns its weights. One task = some rows of the output, all channels.
struct DepthwiseNhwcPlan {
  ConvShape shape;
  int64_t channels = 0;     // of a pixel in memory: NhwcChannels
  AlignedBuffer weights;    // [kernel_h * kernel_w][channels] fp32, zeros in padding
  std::vector<float> bias;  // [channels]
  int64_t tile_h = 0, tiles = 0;
  int64_t tasks = 0;           // n * tiles
  uint64_t scratch_bytes = 0;  // what one thread needs, 64-byte aligned
  const DepthwiseNhwcTarget* target = nullptr;

  // input and output are kNhwcF16, neither may overlap the other; moments are not gathered.
  void RunTask(const ConvNhwcArgs& args, int64_t task, void* scratch) const;
  // Whole pixels: all channels.
  TaskRegion ReadRegion(int64_t task) const;
  TaskRegion WrittenRegion(int64_t task) const;
};

// One input channel per output channel, as many of one as of the other, not enlarged, not transposed; padded
// with zeros, edges or reflections; a window of at most kMostDepthwiseRows rows.
inline constexpr int64_t kMostDepthwiseRows = 16;
bool DepthwiseNhwcServes(const ConvShape& shape);

// weights: [channels, 1, kernel_h, kernel_w]; bias: as many numbers as channels, or none. The shape must be
// one that DepthwiseNhwcServes; errors as PlanConv's.
Result<DepthwiseNhwcPlan> PlanDepthwiseNhwc(const ConvShape& shape, std::span<const float> weights,
                                            std::span<const float> bias, int64_t highway_bit);

// One target's code.
struct DepthwiseNhwcTarget {
  void (*run_task)(const DepthwiseNhwcPlan& plan, const ConvNhwcArgs& args, int64_t task, float* scratch);
};
const DepthwiseNhwcTarget* ChooseDepthwiseNhwcTarget(int64_t highway_bit);

}  // namespace tempera::kernels
