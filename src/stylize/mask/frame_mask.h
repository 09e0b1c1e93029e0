// How much of the painting each pixel of a frame gets to see: an 8-bit mask of any size, scaled to the frame
// and softened at its edges.
//
// Scaled bilinearly, averaging where it shrinks; softened by a tent of so many pixels either way. Both are
// one separable sum in whole numbers whose weights are exactly one together: a mask of one number stays that
// to the bit, and the weights are the same on every processor and with any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/base/thread_pool.h"
#include "src/stylize/geometry.h"
#include "src/stylize/image_rows.h"

namespace tempera::stylize {

// A mask in the caller's memory.
struct Mask {
  const uint8_t* pixels = nullptr;  // the first of the top row; 0 = nothing, 255 = all of the painting
  ptrdiff_t stride_bytes = 0;       // from a row to the one below
  Size size;
  float feather = 0;  // pixels of the frame, 0..kMostFeather
};
inline constexpr float kMostFeather = 1024;

// One axis: output i = sum over k < taps of weights[i * taps + k] * source[first[i] + k], weights in parts of
// kernels::kFullMask. by_tap has them the other way round, as gather_mask takes them: by_tap[k * outputs +
// i].
struct MaskAxis {
  int taps = 1;
  bool identity = true;
  std::vector<int> first;
  std::vector<uint16_t> weights, by_tap;
};
// Tents `reach` (>= 1) source pixels wide to either side about `count` places evenly spaced over the first
// `extent` of them; beyond its edges the source goes on as it ends.
MaskAxis MakeMaskAxis(int source_count, double extent, int count, double reach);

class FrameMask {
 public:
  // kernels and pool must outlive this.
  FrameMask(const PixelKernels& kernels, ThreadPool* pool) : kernels_(&kernels), pool_(pool) {}

  // Takes what it needs of `mask`, which is not looked at later. On the pool.
  void Show(const Mask& mask, Size frame);
  // Of pixels [x, x + columns) of the frame's row y: 0 where the mask is 0, `strength` where it is 255. Any
  // thread.
  void Weights(int y, int x, int columns, float strength, float* out) const;

 private:
  void Measure(const Mask& mask, Size frame);

  const PixelKernels* kernels_;
  ThreadPool* pool_;
  Size mask_, frame_;
  float feather_ = -1;
  // The mask as a grid that is at most as fine as the frame and as it is itself, and coarser than a quarter
  // of the feather nowhere needs; then along x enlarged to the frame. Along y that is done as rows are asked
  // for.
  MaskAxis grid_x_, grid_y_, wide_x_;
  Size grid_;
  std::vector<uint16_t> rows_;  // [grid_.height, frame_.width]
  struct Scratch {
    std::vector<uint32_t> sums;
    std::vector<uint16_t> row, grid_row;
  };
  std::vector<Scratch> scratch_;  // by thread
};

}  // namespace tempera::stylize
