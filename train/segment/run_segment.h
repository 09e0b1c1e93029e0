// `tempera-train segment`: reads, trains, shows and writes.
#pragma once

#include "src/base/status.h"
#include "train/segment/segment_options.h"

namespace tempera::train {

// kCancelled when interrupted; what was learnt by then is kept.
Status RunSegment(const SegmentOptions& options);

// `tempera-train segment ...` and `tempera-train segment export|evaluate ...`; return the exit code.
int SegmentCommand(int argc, char** argv);
int SegmentEvaluateCommand(int argc, char** argv);

}  // namespace tempera::train
