// Plans convolutions: which precision, which layouts.
#pragma once

#include "src/engine/plan/plan_builder.h"

namespace tempera::engine {

// Whether a tempera.Conv can run in the precision that was decided for it, whatever the layouts around it
// turn out to be. False where that is fp32.
bool LowPrecisionServes(const PlanBuilder& builder, const graph::Node& node);

}  // namespace tempera::engine
