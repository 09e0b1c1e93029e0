// Convolution of single pixels (1x1, stride 1) in fp32 on dense planes: a matrix times a picture. Rows do not
// matter, so a plane is one long line; a few pixels of all input channels lie side by side in the L1 while
// all output channels pass over them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"
#include "src/kernels/conv_f32.h"

namespace tempera::kernels {

struct MixTarget;

// Immutable once made; owns its packed weights. Contract of a run as ConvPlan's, with its own tiles.
struct MixPlan {
  ConvShape shape;
  AlignedBuffer weights;                // per block of output channels: [in_channel][channel]
  std::vector<float> bias;              // one per output channel
  std::vector<int32_t> first_channels;  // of each block, and the number of channels behind the last

  int64_t panel = 0;  // pixels that pass at once
  int64_t tiles = 0;  // panels of one image
  int64_t tasks = 0;  // n * tiles
  // Where each input channel's pixels lie: in the panel, or (direct) in the picture itself.
  std::vector<int32_t> channel_offsets;
  bool direct = false;       // few channels, nothing pending: pixels are read where they are
  size_t scratch_bytes = 0;  // what one thread needs, 64-byte aligned

  const MixTarget* target = nullptr;

  void RunTask(const ConvArgs& args, int64_t task, void* scratch) const;
};

// 1x1, stride 1, one group, no padding, not enlarged, not transposed.
bool MixServes(const ConvShape& shape);

// weights: [out_channels, in_channels, 1, 1]; bias: out_channels numbers or empty. `pending`: something is to
// be applied to what is read. The shape must be one that MixServes; errors as PlanConv's.
Result<MixPlan> PlanMix(const ConvShape& shape, std::span<const float> weights, std::span<const float> bias,
                        bool pending, int64_t highway_bit);

// One target's code.
struct MixTarget {
  int64_t lanes;         // floats in a vector
  int64_t max_channels;  // output channels in a register block
  void (*run_task)(const MixPlan& plan, const ConvArgs& args, int64_t task, float* scratch);
};
const MixTarget* ChooseMixTarget(int64_t highway_bit);

}  // namespace tempera::kernels
