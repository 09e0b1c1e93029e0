// A film's paintings held still along the film's own motion. Painted frame by frame, strokes jump: noise, or
// a small motion, draws them anew. So each painting is mixed with the one before, moved to where the source's
// pixels went, and only as far as the source shows the same thing there: what is uncovered, what moves
// otherwise than was found and what follows a cut is painted afresh.
//
// The source is compared pixel by pixel after the motion, and that difference decides the weight: a moving
// edge leaves no ghost. What stands is not touched; the rest is moved once a frame, by a cubic in sixteenths
// of a pixel. Where the light changes, most networks' norms undo it and others do not: what the frame before
// is made lighter by is how much lighter the painting became, and at most what the source tells.
// docs/decisions/0017-steady-along-the-motion.md has what was tried instead.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/kernels/motion/motion.h"
#include "src/stylize/image_rows.h"
#include "src/stylize/steady/motion_field.h"

namespace tempera::stylize {

class FrameBlender;

// The same for any number of threads.
class Steadier {
 public:
  // For frames of one size. Takes all of its memory here. kernels and pool must outlive it.
  static Result<std::unique_ptr<Steadier>> Create(Size frame, const PixelKernels& pixels,
                                                  const kernels::MotionKernels& motion, ThreadPool* pool);
  // What one of that size takes.
  static uint64_t BytesFor(Size frame);

  // The next frame follows none: it is painted as if this were not there.
  void Reset() { follows_ = false; }

  // A frame before it is painted; all of the source is read. `steadiness` is 0..1. `like_before` is how much
  // the wishes are those of the frame before: 1 the same, 0 others, whose painting is another one. A frame
  // that repeats the one before, by the same wishes, will look the same to the byte.
  void Begin(const Image& source, float steadiness, float like_before);
  // Takes pixels [x, x + columns) of row y of its painting, 0..255. Any thread.
  void Keep(int y, int x, int columns, const RgbRow& painted);
  // All are there: has `blender` write them, held still.
  void End(const FrameBlender& blender);

 private:
  enum class Use { kFresh, kMixed, kRepeated };  // what becomes of the painting
  struct Run {  // pixels [x, x + columns) of rows [y, y + rows), all moved alike
    int x, y, columns, rows;
    int dx, dy;  // whole pixels
    int fx, fy;  // and kernels::kSubpixels parts of one
  };
  // A thread's own: numbers near an edge, which goes on as it ends, and the source where it was.
  struct Scratch {
    static constexpr int kWindow = kernels::kMostWarpBlock + 3;
    float before[3][kernels::kMostWarpBlock * kernels::kMostWarpBlock];
    float window[kWindow * kWindow];
    uint8_t byte_window[kWindow * kWindow];
  };

  Steadier(Size frame, const PixelKernels& pixels, const kernels::MotionKernels& motion, MotionField field,
           ThreadPool* pool)
      : frame_(frame), pixels_(&pixels), motion_(&motion), field_(std::move(field)), pool_(pool) {}

  // Whether it repeats the frame before.
  bool ReadSource(const Image& source);
  bool ReadSourceRow(const Image& source, int y, bool compare, float* numbers);
  // A row of blocks: moves history and source, compares.
  void MoveBlocks(int by, Scratch* scratch);
  void MoveRun(const Run& run, Scratch* scratch);
  void CompareRow(const Run& run, int by, int row, const Scratch& scratch);
  bool FollowsAfterAll() const;
  // By how much each colour of the painting became lighter with the source.
  void FindLighter();
  void MixRow(int y, float* weights);

  uint8_t* SourceRow(int which, int colour, int y) const;
  float* HistoryRow(const AlignedBuffer& history, int colour, int y) const;
  uint8_t* DifferenceRow(int y) const;
  float* Numbers(int thread) const;  // six rows

  Size frame_;
  const PixelKernels* pixels_;
  const kernels::MotionKernels* motion_;
  MotionField field_;
  ThreadPool* pool_;
  ptrdiff_t source_stride_ = 0, history_stride_ = 0, difference_stride_ = 0;
  AlignedBuffer sources_[2];      // three planes of bytes each; [now_] is the present
  AlignedBuffer history_;         // what was written, three planes of floats; then what is painted
  AlignedBuffer moved_;           // the former, where its pixels are now
  AlignedBuffer differences_;     // of the source, a byte a pixel, two more at every side
  AlignedBuffer numbers_;         // by thread
  std::vector<Scratch> scratch_;  // by thread
  std::vector<double> row_sums_;  // [3][height]
  int now_ = 0;
  bool follows_ = false;
  Use use_ = Use::kFresh;
  kernels::SteadyGate gate_;
  float lighter_[3] = {};
};

}  // namespace tempera::stylize
