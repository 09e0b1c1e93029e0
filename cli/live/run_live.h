// `tempera live`, once its options are read.
#pragma once

#include "cli/live/live_options.h"

namespace tempera::cli {

// An exit code.
int RunLive(LiveOptions options);

}  // namespace tempera::cli
