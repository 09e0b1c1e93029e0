// What the calibrator paints its frames with: a session for each.
#pragma once

#include "src/base/cpu.h"
#include "src/engine/precision/calibrate.h"
#include "src/engine/run/session.h"

namespace tempera::engine {

// Of `options` only the host and the threads matter. Both outlive it.
PaintCalibrationFrame CalibrationPainter(const CpuTarget& target, const SessionOptions& options);

}  // namespace tempera::engine
