// Masks of tempera live: what the line says, and what words of the line, scenes and OSC mean.
#pragma once

#include "cli/mask/mask_options.h"
#include "live/mask/mask_settings.h"
#include "src/base/status.h"

namespace tempera::cli {

// `style`: the line names one. Errors are of the line, but kNotFound. Without a mask: one that is off.
Result<live::MaskSettings> ReadLiveMask(const MaskOptions& options, bool style);

// The files that settings mean, as stylize finds them.
Result<live::MaskCast> FindLiveMask(const live::MaskSettings& settings);

}  // namespace tempera::cli
