// Colours of a grid of which only some cells have any: weighted sums become colours, and where nothing has a
// weight the nearest colours go on.
//
// By pyramid ("push-pull", Gortler et al. 1996): sums of two by two cells, again and again until all have
// weight; then back down, each cell that lacks weight takes what the coarser ones around it have. Near ones
// so count before far ones, without streaks, in a time that the size alone decides.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/thread_pool.h"
#include "src/stylize/geometry.h"

namespace tempera::stylize {

// The same for any number of threads.
class ColorFill {
 public:
  // pool must outlive this.
  explicit ColorFill(ThreadPool* pool) : pool_(pool) {}

  // sums: [height, 4, width], three colours times their weight, and the weight, 0 or more; the colours take
  // the place of their sums. False: nothing has a weight, and nothing was changed.
  bool Run(Size size, float* sums);

 private:
  struct Level {
    Size size;
    float* sums = nullptr;
    std::vector<float> own;      // behind `sums`, but the finest's
    std::vector<uint8_t> lacks;  // by row: weight, somewhere
  };
  bool Lacks(Level* level) const;
  void Halve(const Level& fine, Level* coarse) const;
  void Divide(const Level& level, const Level* coarser) const;

  ThreadPool* pool_;
  std::vector<Level> levels_;
};

}  // namespace tempera::stylize
