// The largest number or the mean of windows of planes: row by row, one tap of the window at a time along the
// whole row, so that the inner loop is as long as the picture is wide and has no branch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "src/kernels/region.h"

namespace tempera::kernels {

// One dimension of a window.
struct PoolAxis {
  int64_t kernel = 1, stride = 1, dilation = 1, pad_begin = 0, in = 1, out = 1;
  std::vector<float> taps;                          // by output: what its mean divides by; none is 0
  std::vector<std::pair<int64_t, int64_t>> inside;  // by tap: the outputs [first, last) where it lies inside

  // Where tap k of output o lies; outside [0, in) is padding, which is passed over.
  int64_t at(int64_t o, int64_t k) const { return o * stride - pad_begin + k * dilation; }
};

struct PoolArgs {
  const float* input = nullptr;
  float* output = nullptr;  // may not overlap the input
};

// Immutable once made. One task = some rows of a plane.
struct PoolPlan {
  bool mean = false;
  int64_t n = 1, channels = 1;
  PoolAxis y, x;
  int64_t task_rows = 1, bands = 1;  // rows of a task, tasks of a plane
  int64_t tasks = 0;
  uint64_t scratch_bytes = 0;  // what one thread needs

  void RunTask(const PoolArgs& args, int64_t task, void* scratch) const;
  TaskRegion ReadRegion(int64_t task) const;
  TaskRegion WrittenRegion(int64_t task) const;
};

// Of n * channels planes, each kept below 2^24 by whoever asks. `inside` is filled in.
PoolPlan PlanPool(bool mean, int64_t n, int64_t channels, PoolAxis y, PoolAxis x);

// means[i]: of plane i of `count`, each of `numbers` numbers, at least one. Of a flat plane it is the number
// itself.
using PlaneMeansF32 = void (*)(const float* planes, int64_t count, int64_t numbers, float* means);
PlaneMeansF32 ChoosePlaneMeansF32(int64_t highway_bit);  // plane_means.cc

}  // namespace tempera::kernels
