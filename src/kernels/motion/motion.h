// Where the pixels of a frame were in the frame before, and what is made of that: the inner loops of a filter
// along the motion (stylize/steady). Positions are pixels; planes are rows of floats of nominal range 0..255,
// or of bytes.
//
// A patch's displacement is found by inverse search (Kroeger et al. 2016, "Fast optical flow using dense
// inverse search", arXiv:1603.03590): the Gauss-Newton step of Lucas and Kanade with the gradients of the
// present patch, so that its matrix is made once; both patches about their mean, so that light may change.
#pragma once

#include <cstddef>
#include <cstdint>

#include "src/kernels/pixels/pixels.h"

namespace tempera::kernels {

inline constexpr int kPatch = 8;           // pixels a side
inline constexpr int kSubpixels = 16;      // the steps in which pixels are moved
inline constexpr int kMostWarpBlock = 32;  // pixels a side that `warp` moves at once

struct Displacement {
  float x = 0, y = 0;  // from the present pixel to where it was
};
struct PatchFit {
  Displacement by;
  float distance = 0;  // sum of squares about the mean, as patch_distance gives it
};

// A number of `from` for each pixel of a block: its own window, two pixels further at the far sides and one
// at the near ones; `from` is the number of the block's first pixel.
struct WarpFrom {
  const float* from;
  ptrdiff_t stride;  // in numbers
};
struct WarpBytesFrom {
  const uint8_t* from;
  ptrdiff_t stride;
};

// What of the history counts: see `weights`.
struct SteadyGate {
  float most = 0;    // the weight where nothing but noise has changed, 0..1
  float open = 0;    // up to that difference of the source it is that
  float closed = 1;  // from there on nothing; above `open`
};

struct MotionKernels {
  // To the nearest, clamped to 0..255, NaN to 0.
  void (*to_bytes)(const float* in, int n, uint8_t* out);
  // Luma (r + 2 g + b) / 4 of two rows, each the mean of 2x2 pixels. `n` outputs, 2 n pixels.
  void (*half_luma)(const uint8_t* const top[3], const uint8_t* const bottom[3], int n, float* out);
  // The mean of each 2x2 block of two rows; `n` outputs.
  void (*halve)(const float* top, const float* bottom, int n, float* out);

  // Of three rows, with one number more before and behind: (1 2 1) in both directions, over 16.
  void (*smooth)(const float* const rows[3], int n, float* out);

  // The 8x8 pixels from `now` on, and those from `before` on moved by `by`, whose window [-1, 10) around the
  // moved patch must be there; strides in floats. The distance is the sum of the squared differences, less
  // their mean's; `mean` (or nullptr) gets now - before.
  float (*patch_distance)(const float* now, ptrdiff_t now_stride, const float* before,
                          ptrdiff_t before_stride, Displacement by, float* mean);
  // From `by`, at most `steps` steps; where a step leaves [low, high] the last one inside counts. What has no
  // gradients stays where it is. `now` is read from one pixel before to one behind the patch.
  PatchFit (*fit_patch)(const float* now, ptrdiff_t now_stride, const float* before, ptrdiff_t before_stride,
                        Displacement by, Displacement low, Displacement high, int steps);

  // Catmull-Rom between pixels: a block of `rows` x `columns` (at most kMostWarpBlock) whose first pixel
  // shows what lies x / kSubpixels and y / kSubpixels behind `from`, both 0..kSubpixels - 1. Where both are
  // 0, copies.
  void (*warp)(WarpFrom from, int x, int y, int rows, int columns, float* to, ptrdiff_t to_stride);
  void (*warp_bytes)(WarpBytesFrom from, int x, int y, int rows, int columns, float* to, ptrdiff_t to_stride);

  // out = how far a row's colours lie from those that were moved there and made lighter by `lighter`:
  // (|r| + 2 |g| + |b|) / 4, rounded down and at most 255.
  void (*difference)(const uint8_t* const now[3], const float* const before[3], float lighter, int n,
                     uint8_t* out);
  // Five rows of differences, the middle one being that of the pixels weighed, each with two pixels before
  // the first and behind the last: the weight of a pixel falls from `most` to 0 with the largest mean of 3x3
  // differences among those about it and its eight neighbours.
  void (*weights)(const uint8_t* const rows[5], const SteadyGate& gate, int n, float* out);
  // painted += weight * (history + lighter - painted), and then at least 0 and at most 255; a weight of 0
  // leaves the painting to the bit.
  void (*mix)(float* painted, const float* history, const float* weights, float lighter, int n);
  // The sum of painted - history.
  double (*sum_difference)(const float* painted, const float* history, int n);
};

const MotionKernels& ChooseMotionKernels(int64_t highway_bit);

}  // namespace tempera::kernels
