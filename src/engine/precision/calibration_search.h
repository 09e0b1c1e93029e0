// The search behind Calibrate (calibrate.h), for graphs that nothing is known of yet.
#pragma once

#include "src/base/cpu.h"
#include "src/base/status.h"
#include "src/engine/precision/calibrate.h"
#include "src/graph/graph.h"

namespace tempera::engine {

// Whether the processor has instructions for it, not only loops.
struct DotKernels {
  bool int8 = false, bf16 = false;
};
DotKernels FastDotKernels(int64_t highway_bit);

// What outlives the search.
struct CalibrationSearch {
  const graph::Graph& small;  // at the calibration's size
  const CpuTarget& target;
  const CalibrationOptions& options;
  const PaintCalibrationFrame& paint;
};

// out: asked and what it holds for are filled in; fills in convs and info.
Status FindCalibration(const CalibrationSearch& search, Calibration* out);

}  // namespace tempera::engine
