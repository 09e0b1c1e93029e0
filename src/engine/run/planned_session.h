// A plan given memory and threads.
#pragma once

#include <memory>

#include "src/engine/plan/plan.h"
#include "src/engine/run/session.h"

namespace tempera::engine {

// Of `options` only what concerns running: threads, ends, memory, inputs and states.
Result<std::unique_ptr<Session>> MakeSession(Plan plan, const SessionOptions& options,
                                             PrecisionInfo precision, CalibrationPtr calibration);

}  // namespace tempera::engine
