#include "train/encoder/commands.h"
#include "train/segment/run_segment.h"
namespace tempera::train {
int SegmentEvaluateCommand(int, char**) { return ExitCode(Internal("not yet")); }
}  // namespace tempera::train
