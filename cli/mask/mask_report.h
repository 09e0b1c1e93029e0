// What is said of masks at the end.
#pragma once

#include <string>

#include "cli/mask/mask_plan.h"
#include "cli/stylize_job.h"

namespace tempera::cli {

// A member of the summary in JSON, with a comma behind it: "mask": {"share": 0.2131, "empty_frames": 0, ...}
// (docs/masks.md). "" without a mask, and where nothing was painted.
std::string MaskJson(const MaskPlan& plan, const StylizeSummary& summary);

// What a line for people says behind the style: " within person, blur outside, cut out". "" without a mask.
std::string MaskWords(const MaskPlan& plan);

// What stands ahead of the style in such a line: " in ", or ", the " where "mask of person" follows.
std::string MaskLead(const MaskPlan& plan);

// That nothing was masked in some frames, or none; "" where there is nothing to say.
std::string MaskNotice(const StylizeSummary& summary);

// Counts `one` in, of so many frames: shares are means over frames.
void AddMask(const StylizeSummary& one, StylizeSummary* all);

}  // namespace tempera::cli
