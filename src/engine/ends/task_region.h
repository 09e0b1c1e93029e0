// Which part of its input and of its output a convolution's task touches, as the ends of a picture take it.
#pragma once

#include "src/engine/ends/picture_ends.h"
#include "src/kernels/region.h"

namespace tempera::engine {

// What the task of a kernel's plan reads, first column even. No rows or no columns where it reads padding
// alone.
template <class Plan>
Region ReadRegion(const Plan& plan, int64_t task) {
  const kernels::TaskRegion r = plan.ReadRegion(task);
  const int64_t x = r.x / PictureSource::kStep * PictureSource::kStep;
  return {r.y, x, r.rows, r.columns > 0 ? r.x + r.columns - x : 0};
}

// Exactly what it writes, of every channel or of some.
template <class Plan>
Region WrittenRegion(const Plan& plan, int64_t task) {
  const kernels::TaskRegion r = plan.WrittenRegion(task);
  return {r.y, r.x, r.rows, r.columns};
}

}  // namespace tempera::engine
