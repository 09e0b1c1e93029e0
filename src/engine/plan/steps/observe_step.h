// Looks at the numbers a convolution is about to read, and keeps the least and the greatest of each channel,
// of all runs together.
#pragma once

#include <memory>

#include "src/engine/facts/ranges.h"
#include "src/engine/plan/plan_builder.h"

namespace tempera::engine {

// `from` is planar; `out` gets planes.channels numbers a side with the first Run and must outlive the step.
std::unique_ptr<Step> MakeObserveStep(const Reading& from, const Planes& planes, int64_t highway_bit,
                                      ChannelRanges* out);

}  // namespace tempera::engine
