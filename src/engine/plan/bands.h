// Which rows of pictures a step's tasks read and write: what it takes to run tasks of several steps in one
// job, a lower layer's rows while they are still in the cache (run/chains/chain.h).
#pragma once

#include <cstdint>

#include "src/engine/plan/step.h"
#include "src/engine/types/picture.h"
#include "src/kernels/conv/conv_geometry.h"
#include "src/kernels/region.h"

namespace tempera::engine {

// fp32 of rank 4, not empty, and of no more planes than tasks can count: what planar kernels take.
bool IsPicture(const TensorInfo& info);
Planes PictureOf(const TensorInfo& info);

// Rows [first, last) of a picture [n, c, h, w], those of all its images counted on: row y of image i is i * h
// + y. A part of a row counts as the whole one, and so does a part of its channels.
struct Rows {
  int64_t first = 0, last = 0;
  bool empty() const { return first >= last; }
};

// What one task reads of every storage in Step::reads, and writes of every one in Step::writes; never less
// than it touches.
struct TaskRows {
  Rows reads, writes;
};

// A step that is nothing but tasks, which may run in any order and beside those of other steps as long as the
// rows they read are there; and an end, once all of them have run.
class BandedStep : public Step {
 public:
  virtual int64_t tasks() const = 0;
  // What it sees in every storage that it reads, and in every one that it writes. No height where the rows
  // of the two have nothing to do with each other, so that it can only run by itself.
  struct Pictures {
    Planes read, written;
    bool have_rows() const { return read.n * read.h > 0; }
  };
  virtual Pictures pictures() const = 0;
  // Called where pictures().have_rows().
  virtual TaskRows RowsOf(int64_t task) const = 0;
  // Thread-safe for different tasks. `scratch`: Step::scratch_bytes of the thread's own.
  virtual void RunTask(int64_t task, void* scratch) = 0;
  virtual void Finish() {}
  // Finish does something that steps behind this one wait for.
  virtual bool finishes() const { return false; }

  Status Run(const RunContext& context) final;
};

// Pixels [begin, end) of an image of a picture `width` wide and `height` high, as rows.
Rows RowsOfPixels(int64_t image, int64_t begin, int64_t end, int64_t width, int64_t height);

// Of a task that works on `count` pixels (fewer at the end of the plane) from `begin` on, one by one.
inline TaskRows SameRows(const Planes& planes, int64_t image, int64_t begin, int64_t count) {
  const int64_t end = begin + count < planes.plane() ? begin + count : planes.plane();
  const Rows rows = RowsOfPixels(image, begin, end, planes.w, planes.h);
  return {rows, rows};
}

// Rows of a region of a picture `height` high.
Rows RowsOf(const kernels::TaskRegion& region, int64_t height);

// Of a kernel's plan, which answers for its tasks itself.
template <class Plan>
TaskRows RowsOfTask(const Plan& plan, int64_t task) {
  const kernels::ConvShape& s = plan.shape;
  return {RowsOf(plan.ReadRegion(task), s.in_h), RowsOf(plan.WrittenRegion(task), s.out_h * s.shuffle)};
}
inline BandedStep::Pictures PicturesOf(const kernels::ConvShape& s) {
  return {{s.n, s.in_channels, s.in_h, s.in_w},
          {s.n, s.out_channels / s.pixels_a_channel(), s.out_h * s.shuffle, s.out_w * s.shuffle}};
}

}  // namespace tempera::engine
