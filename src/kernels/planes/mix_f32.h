// Convolution of single pixels (1x1) in fp32 on dense planes: a matrix times a picture. Rows do not matter,
// so the pixels of a plane are one long line. A panel of neighbouring pixels of all input channels is copied
// into the thread's scratch in the order in which the register blocks read it; what is pending on the value,
// and a stride, are done there, once per pixel. All output channels then pass over it, each over the input
// channels of its group.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"
#include "src/kernels/conv/conv_f32.h"

namespace tempera::kernels {

struct MixTarget;

// Immutable once made; owns its packed weights. Contract of a run as ConvPlan's, with its own tiles.
struct MixPlan {
  ConvShape shape;
  AlignedBuffer weights;                // per block of output channels: [in_channel][channel]
  std::vector<float> bias;              // one per output channel
  std::vector<int32_t> first_channels;  // of each block, and the number of channels behind the last; a block
                                        // is of one group

  // Pixels of one image that are computed: those of the output, or of the input where it is enlarged (the
  // pixels that an enlargement repeats have equal results).
  int64_t pixels = 0;
  int64_t group = 0;  // pixels of a register block: a panel lies group by group, [in_channel][pixel] each
  int64_t panel = 0;  // pixels that lie in the scratch at once, whole groups
  int64_t tile = 0;   // pixels of a task
  int64_t tiles = 0;  // of one image
  int64_t parts = 1;  // tasks over the blocks of output channels
  int64_t tasks = 0;  // n * parts * tiles
  int64_t chunk = 0;  // input channels that are summed at once
  int64_t blocks_a_pass = 0;   // blocks that pass over all groups of a panel before the next ones do
  bool direct = false;         // pixels are read where they are: no panel
  int64_t shuffle_start = 0;   // of a shuffle: where a task's planes lie in scratch, `tile` numbers each
  uint64_t scratch_bytes = 0;  // what one thread needs, 64-byte aligned

  const MixTarget* target = nullptr;

  bool enlarged() const { return shape.upsample != 1; }
  int64_t in_a_group() const { return shape.in_channels / shape.group; }
  // The first input channel of an output channel's group.
  int64_t FirstInputOf(int64_t channel) const {
    return channel / (shape.out_channels / shape.group) * in_a_group();
  }

  // What a task is: pixels [begin, end) and blocks [first_block, last_block) of one image.
  struct Task {
    int64_t image, index;  // index: of the tile, in its image
    int64_t begin, end, first_block, last_block;
  };
  Task TaskAt(int64_t task) const;
  TaskRegion ReadRegion(int64_t task) const;
  // Never less than what the task writes: rows count whole where it has several.
  TaskRegion WrittenRegion(int64_t task) const;
  void RunTask(const ConvArgs& args, int64_t task, void* scratch) const;
};

// 1x1, groups of at least two channels in and out, no padding, not transposed; any stride, or enlarged twice.
bool MixServes(const ConvShape& shape);

// weights: [out_channels, in_channels / group, 1, 1]; bias: out_channels numbers or empty. `pending`:
// something is to be applied to what is read. The shape must be one that MixServes; errors as PlanConv's.
Result<MixPlan> PlanMix(const ConvShape& shape, std::span<const float> weights, std::span<const float> bias,
                        bool pending, int64_t highway_bit);

// One target's code.
struct MixTarget {
  int64_t lanes;           // floats in a vector
  int64_t max_channels;    // output channels in a register block
  const int* max_vectors;  // vectors in a register block of 0 .. max_channels channels
  void (*run_task)(const MixPlan& plan, const ConvArgs& args, int64_t task, float* scratch);
};
const MixTarget* ChooseMixTarget(int64_t highway_bit);

}  // namespace tempera::kernels
