// Writes what train/safetensors.h reads.
#pragma once

#include <string>

#include "src/base/status.h"
#include "train/safetensors.h"

namespace tempera::train {

std::string FormatSafetensors(const Safetensors& file);  // F32, in the order of names

// Whole or not at all. kIo names the path.
Status WriteSafetensorsFile(const Safetensors& file, const std::string& path);

}  // namespace tempera::train
