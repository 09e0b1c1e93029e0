// A finding as bytes, for the host's cache (its own, or ours on disk): of one kind of processor, and not to
// be trusted. They may come back cut off, overwritten or written by somebody else.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "src/base/digest.h"
#include "src/engine/precision/calibrate.h"

namespace tempera::engine {

// `convs` and `info` of the finding, behind the key it holds for.
std::vector<uint8_t> CalibrationToBytes(const Calibration& calibration, const Digest& key);

// The finding in `bytes`, with nothing else of it filled in. Nothing when they are not exactly what
// CalibrationToBytes made under this key. Numbers are then finite and ranges in order; whether there are as
// many as the model needs is for the caller to see.
std::optional<Calibration> CalibrationFromBytes(std::span<const uint8_t> bytes, const Digest& key);

}  // namespace tempera::engine
