// How one convolution is to be computed: what calibration decides and plans obey.
#pragma once

#include <string>
#include <vector>

#include "src/engine/facts/ranges.h"
#include "src/engine/types/precision.h"

namespace tempera::engine {

struct ConvSetting {
  Precision precision = Precision::kFp32;  // kAuto never stands here
  ChannelRanges ranges;                    // of its input, for kInt8
};

}  // namespace tempera::engine
