// How the parts of a frame have moved since the frame before: one displacement for each block of pixels,
// found on pictures of the luma at half the size and smaller, from coarse to fine (kernels/motion).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/kernels/motion/motion.h"
#include "src/stylize/geometry.h"

namespace tempera::stylize {

// The same for any number of threads, and nothing but the two frames decides it.
class MotionField {
 public:
  struct Block {
    int x = 0, y = 0;   // from here to where it was, in pixels / kernels::kSubpixels
    float lighter = 0;  // by how many levels of luma it became lighter
  };

  // kernels and pool must outlive it.
  static Result<MotionField> Create(Size frame, const kernels::MotionKernels& kernels, ThreadPool* pool);

  // What one of that size takes; counted in 64 bits.
  static uint64_t BytesFor(Size frame);

  // Row `y` of the half-sized luma of the frame to come, (width + 1) / 2 numbers. Any thread.
  float* HalfRow(int y);
  // All rows are there: finds what has moved since the frame before (`follows`), and keeps them for the next.
  void Advance(bool follows);

  // The picture is cut into blocks of so many pixels a side from the top left.
  int block_side() const { return 4 << (finest_ + 1); }
  Size blocks() const { return Grid(finest_); }
  const Block& block(int bx, int by) const {
    return blocks_[static_cast<size_t>(by) * static_cast<size_t>(blocks().width) + static_cast<size_t>(bx)];
  }
  // The middle one of all blocks' `lighter`.
  float lighter() const { return lighter_; }

 private:
  struct Level {
    Size size;
    ptrdiff_t stride = 0;
    AlignedBuffer
        planes[2];  // with kBorder pixels about them, which repeat the edge's; [now_] is the present
    std::vector<kernels::Displacement> found;  // a patch's, [grid.height, grid.width]
  };

  MotionField(const kernels::MotionKernels& kernels, ThreadPool* pool) : kernels_(&kernels), pool_(pool) {}
  static float* Origin(const Level& level, int which);
  Size Grid(size_t level) const;
  static void RepeatEdges(const Level& level, float* origin);
  void SearchRow(size_t level, int gy);
  void ChooseRow(int gy);
  void FindLighter();

  const kernels::MotionKernels* kernels_;
  ThreadPool* pool_;
  std::vector<Level> levels_;  // from half the size on
  Level half_;                 // as it comes, in planes[0]
  size_t finest_ = 0;          // the level whose patches are the blocks
  int now_ = 0;
  std::vector<Block> blocks_;
  std::vector<float> sorted_;
  float lighter_ = 0;
};

}  // namespace tempera::stylize
