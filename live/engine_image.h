// The C API's words for ours.
#pragma once

#include <vector>

#include "live/controls.h"
#include "media/frame.h"
#include "src/base/status.h"
#include "tempera/tempera.h"

namespace tempera::live {

// The frame's pixels, which it goes on owning.
tempera_image ImageOf(const media::Frame& frame);

// With what tempera_error_message says on this thread, right after the call that returned it.
Status StatusOf(tempera_status status);

std::vector<Parameter> ParametersOf(const tempera_stylizer* stylizer);

}  // namespace tempera::live
