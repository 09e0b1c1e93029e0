// ONNX's auto_pad of windows: SAME_UPPER and SAME_LOWER give ceil(in / stride) outputs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "src/base/checked_math.h"

namespace tempera::graph {

inline bool IsSamePad(std::string_view auto_pad) {
  return auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
}

struct SamePad {
  int64_t out, before, after;
};

// Along one axis; `reach` pixels from a window's first to its last. An odd pixel comes behind, with
// SAME_LOWER before.
inline SamePad SamePadOf(std::string_view auto_pad, int64_t in, int64_t stride, int64_t reach) {
  const int64_t out = CeilDiv(in, stride);
  const int64_t total = std::max<int64_t>(0, (out - 1) * stride + reach - in);
  const int64_t before = auto_pad == "SAME_LOWER" ? total - total / 2 : total / 2;
  return {out, before, total - before};
}

}  // namespace tempera::graph
