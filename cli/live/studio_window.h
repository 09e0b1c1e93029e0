// The window of a live session.
#pragma once

#include <memory>

#include "cli/live/live_options.h"
#include "cli/live/studio.h"
#include "live/window/window.h"
#include "src/base/status.h"

namespace tempera::cli {

// Whether this build has a window; else the cure.
Status CheckStudioWindow();
Result<std::unique_ptr<live::Window>> OpenStudioWindow(const LiveOptions& options);
// What it shows and does. `studio` outlives the window.
live::WindowModel ModelOfStudio(Studio* studio);

}  // namespace tempera::cli
