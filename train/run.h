// The verbs of tempera-train.
#pragma once

#include <vector>

#include "src/base/status.h"
#include "train/options.h"

namespace tempera::train {

// Trains, with progress on standard output; leaves the .onnx at options.output and the checkpoint,
// losses.csv, losses.png and preview.png in the work folder. kCancelled after Ctrl-C (checkpoint written).
Status RunTraining(const Options& options);

}  // namespace tempera::train
