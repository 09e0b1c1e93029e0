// The verbs of tempera-train.
#pragma once

#include <string>

#include "src/base/status.h"
#include "train/checkpoint.h"
#include "train/export_onnx.h"
#include "train/options.h"

namespace tempera::train {

// Trains, with progress on standard output; leaves the .onnx at options.output and the checkpoint,
// losses.csv, losses.png and preview.png in the work folder. kCancelled after Ctrl-C (checkpoint written).
Status RunTraining(const Options& options);

// Writes options.checkpoint as options.output. Metadata from the checkpoint and from name, title, artist,
// year.
Status RunExport(const Options& options);

// What a style file says of itself. `trained_on` is one line.
Metadata MakeMetadata(const Options& options, const NetConfig& config, const TrainingState& state,
                      const std::string& trained_on);

}  // namespace tempera::train
