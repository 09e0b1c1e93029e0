// Resizing of planes by separable sums of few taps: nearest, linear and cubic, any factor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/kernels/pointwise.h"
#include "src/kernels/region.h"

namespace tempera::kernels {

// Along one axis output i is the sum over t of weight * input[index].
struct ResizeAxis {
  int64_t in = 1, out = 1;
  int64_t taps = 1;            // 1, 2 or kMostResizeTaps
  std::vector<int32_t> index;  // [taps][out], each in 0..in - 1
  std::vector<float> weight;   // [taps][out]
  bool is_identity = false;
  // Each tap's indices ascend, as they do along any enlarged or reduced picture; where neighbours of a vector
  // are neighbours of the input, they are shuffled from one load instead of gathered.
  bool ascends = false;
};
inline constexpr int64_t kMostResizeTaps = 4;

// Whether the indices do.
bool Ascends(const ResizeAxis& axis);

struct ResizeArgs {
  const ResizeAxis& y;
  const ResizeAxis& x;
  Pointwise read;                // applied to the input as it is read, with the constants of `channel`
  int64_t channel = 0;           // counted over images too
  const float* input = nullptr;  // one plane, [y.in, x.in]
  float* output = nullptr;       // one plane, [y.out, x.out]; may not overlap the input
  bool stream = false;           // whole vectors are written past the caches
};

// Output rows [first, last). scratch: ResizeScratchFloats numbers. Rows are resized along x once and used for
// every output row of the task that needs them.
using ResizeRowsF32 = void (*)(const ResizeArgs& args, int64_t first, int64_t last, float* scratch);
ResizeRowsF32 ChooseResizeRowsF32(int64_t highway_bit);
int64_t ResizeScratchFloats(const ResizeAxis& x);
// The same where both axes are doubled linearly, half-pixel coordinates, edges repeated; nullptr where they
// are not. Never streams. In the scratch of the above (resize_double.cc).
ResizeRowsF32 ChooseDoubleRowsF32(const ResizeAxis& y, const ResizeAxis& x, int64_t highway_bit);

struct ResizePictures {
  Pointwise read;  // n * channels constants
  const float* input = nullptr;
  float* output = nullptr;
};

// All planes of a picture. Immutable once made; one task = some rows of a plane.
struct ResizePlan {
  int64_t n = 1, channels = 1;
  ResizeAxis y, x;
  int64_t task_rows = 1, bands = 1;  // rows of a task, tasks of a plane
  int64_t tasks = 0;
  uint64_t scratch_bytes = 0;  // what one thread needs
  bool stream = false;
  ResizeRowsF32 resize = nullptr;

  void RunTask(const ResizePictures& args, int64_t task, void* scratch) const;
  TaskRegion ReadRegion(int64_t task) const;
  TaskRegion WrittenRegion(int64_t task) const;
};

// Of n * channels planes; times y.out below 2^30, as whoever asks has checked.
ResizePlan PlanResize(int64_t n, int64_t channels, ResizeAxis y, ResizeAxis x, int64_t highway_bit);

}  // namespace tempera::kernels
