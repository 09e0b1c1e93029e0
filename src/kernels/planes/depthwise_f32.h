// Depthwise convolution in fp32 on dense planes: each output channel reads one input channel.
// Nothing is shared between channels, so speed is a matter of loads: several output rows are
// computed side by side from the input rows they share, and those rows pass through a ring of a
// few in the L1 where padding, the pending Pointwise and the split by stride are done.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/kernels/conv/conv_f32.h"

namespace tempera::kernels {

struct DepthwiseTarget;

// Input rows of a band.
inline constexpr int64_t kMostBandRows = 128;

// Immutable once made; owns its weights. Contract of a run and of regions as ConvPlan's, with its own tiles.
struct DepthwisePlan {
  ConvShape shape;
  std::vector<float> weights;  // [out_channels][kernel_h * kernel_w]
  std::vector<float> bias;     // one per output channel

  int64_t tile_h = 0, tile_w = 0, tiles_y = 0, tiles_x = 0;
  int64_t tiles = 0;              // of one channel: tiles_y * tiles_x
  int64_t channels_per_task = 1;  // small planes share a task
  int64_t channel_tasks = 1;      // tasks over the channels of one image
  int64_t tasks = 0;              // n * channel_tasks * tiles

  int64_t rows_at_once = 1;  // output rows computed side by side
  int64_t ring_rows = 0;     // input rows that they read
  int64_t ring_slots = 0;    // places for them: one more where two rows may share one
  // Where windows are small and dense and rows not too long, whole bands of rows are copied and then
  // computed, instead of a ring: output rows of a band (0: a ring), and the input rows that they read.
  int64_t band_rows = 0, band_inputs = 0;
  int64_t band_shift =
      0;  // columns of padding more than the window asks for, so that rows begin on a cache line
  int64_t segment_width = 0;   // of a ring row: stride_w segments, one per column modulo stride
  uint64_t scratch_bytes = 0;  // what one thread needs, 64-byte aligned

  const DepthwiseTarget* target = nullptr;

  // What a task is: channels [first_channel, last_channel) of the output of one image, in one tile.
  struct Task {
    int64_t image, index;  // index: of the tile, in its image
    int64_t first_channel, last_channel;
    int64_t y0, x0, rows, columns;
  };
  Task TaskAt(int64_t task) const;
  TaskRegion ReadRegion(int64_t task) const;
  TaskRegion WrittenRegion(int64_t task) const;
  void RunTask(const ConvArgs& args, int64_t task, void* scratch) const;
};

// One input channel per output channel, not transposed, a window of at most 2^14 rows and columns; enlarged
// twice only without stride.
bool DepthwiseServes(const ConvShape& shape);

// weights: [out_channels, 1, kernel_h, kernel_w]; bias: out_channels numbers or empty. The shape must be one
// that DepthwiseServes; errors as PlanConv's.
Result<DepthwisePlan> PlanDepthwise(const ConvShape& shape, std::span<const float> weights,
                                    std::span<const float> bias, int64_t highway_bit);

// One target's code.
struct DepthwiseTarget {
  void (*run_task)(const DepthwisePlan& plan, const ConvArgs& args, int64_t task, float* scratch);
};
const DepthwiseTarget* ChooseDepthwiseTarget(int64_t highway_bit);

}  // namespace tempera::kernels
