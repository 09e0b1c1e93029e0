// Which part of a picture a task reads, and which it writes.
#pragma once

#include <cstdint>

#include "src/kernels/pad_index.h"

namespace tempera::kernels {

// Positions [first, first + count) along an axis.
struct Interval {
  int64_t first = 0, count = 0;
  int64_t end() const { return first + count; }
};

// Pixels [y, y + rows) x [x, x + columns) of channels [channel, channel + channels) of one image.
struct TaskRegion {
  int64_t image = 0;
  int64_t channel = 0, channels = 0;
  int64_t y = 0, x = 0, rows = 0, columns = 0;
  bool empty() const { return channels <= 0 || rows <= 0 || columns <= 0; }
};

// Floats in the widest vector of any target.
inline constexpr int64_t kWidestVector = 16;

// Pixels of an axis of `size` that `positions` of it show, which count pixels `enlarged` times repeated and
// may lie outside, in the padding. None where they show constant padding alone.
Interval ShownPixels(Interval positions, int64_t size, int64_t enlarged, PadMode mode);

// What is inside [0, size), each position being `scale` pixels.
Interval InsidePixels(Interval positions, int64_t scale, int64_t size);

// A picture's rows and columns as kernels read them: in whole vectors, which may reach beyond the last
// column.
TaskRegion RegionRead(Interval rows, Interval columns, int64_t width);

// Pixels [begin, end) of an image `width` wide, counted row by row: all columns where they lie in several
// rows.
TaskRegion RegionOfPixels(int64_t begin, int64_t end, int64_t width);

}  // namespace tempera::kernels
