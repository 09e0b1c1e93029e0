// What a masked painting depends on beside its source and style.
#pragma once

#include "cli/mask/mask_plan.h"
#include "cli/pictures/settings.h"

namespace tempera::cli {

// For who paints a folder again: words, numbers and the bytes of the files. Empty without a mask.
Settings MaskSettingsOf(const MaskPlan& plan);

}  // namespace tempera::cli
