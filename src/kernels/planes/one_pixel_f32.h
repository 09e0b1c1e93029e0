// A 1x1 convolution of pictures of one pixel in fp32, as in the gates that scale channels by what means of
// all of them say: a matrix times a vector. Vectors hold output channels, not pixels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"
#include "src/kernels/conv/conv_f32.h"

namespace tempera::kernels {

struct OnePixelPlan;
using OnePixelTask = void (*)(const OnePixelPlan& plan, const ConvArgs& args, int64_t task);

// Immutable once made; owns its weights. Contract of a run as ConvPlan's. A task is an image: a second thread
// would come too late.
struct OnePixelPlan {
  ConvShape shape;
  AlignedBuffer weights;    // [in_channel][padded]
  std::vector<float> bias;  // padded numbers
  int64_t padded = 0;       // output channels, rounded up to the widest vector
  int64_t tiles = 1, tasks = 0;
  uint64_t scratch_bytes = 0;
  OnePixelTask run_task = nullptr;

  TaskRegion ReadRegion(int64_t task) const { return {task, 0, shape.in_channels, 0, 0, 1, 1}; }
  TaskRegion WrittenRegion(int64_t task) const { return {task, 0, shape.out_channels, 0, 0, 1, 1}; }
  void RunTask(const ConvArgs& args, int64_t task, void*) const { run_task(*this, args, task); }
};

// One pixel in and out, 1x1, one group, nothing padded, enlarged, shuffled or transposed.
bool OnePixelServes(const ConvShape& shape);

// weights: [out_channels, in_channels, 1, 1]; bias: out_channels numbers or empty. Errors as PlanConv's.
Result<OnePixelPlan> PlanOnePixel(const ConvShape& shape, std::span<const float> weights,
                                  std::span<const float> bias, int64_t highway_bit);

}  // namespace tempera::kernels
