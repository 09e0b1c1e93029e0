// The painter behind --mask and --region: says which painter is where, and leaves the composition to the
// library (tempera_regions_*).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/mask/mask_plan.h"
#include "cli/painter.h"
#include "src/base/status.h"

namespace tempera::cli {

// The painter of the regions whose style is the line's own; nobody, where there is none.
using OpenStyleFn = std::function<Result<std::unique_ptr<Painter>>(const PaintOptions&)>;

// Opens masks, networks and styles; all work on one pool of threads. `paint` holds for the styles of all
// regions; of its parameters those that a region's style has not are left, with a note.
Result<std::unique_ptr<Painter>> OpenRegionPainter(const MaskPlan& plan, const PaintOptions& paint,
                                                   const OpenStyleFn& open_style);

// Whether some region shows the line's own style.
bool HasOwnStyle(const MaskPlan& plan);

// What reports call the painting: the line's own style, or "person=starry-night,background=blur".
std::string PaintedName(const MaskPlan& plan, const std::string& style);

}  // namespace tempera::cli
