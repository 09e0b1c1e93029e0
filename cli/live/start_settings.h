// What holds when `tempera live` begins.
#pragma once

#include "cli/live/live_options.h"
#include "live/controls.h"
#include "live/painter.h"
#include "src/base/status.h"

namespace tempera::cli {

// The model is opened to find what the options mean, so that a wrong word is said at once.
Result<live::Settings> StartSettings(const LiveOptions& options);

// A word behind --style. "": what stylize takes then.
Result<live::ModelFile> FindLiveStyle(const std::string& word);

}  // namespace tempera::cli
