// Where a padded coordinate lies in the image.
#pragma once

#include <algorithm>
#include <cstdint>

namespace tempera::kernels {

enum class PadMode { kConstant, kReflect, kEdge };

// i in [0, size) is itself; outside, the pixel that padding shows, or -1 for the constant.
// Reflection does not repeat the border and reaches at most size - 1 outside; beyond (only
// in lanes that are thrown away) it is clamped.
inline int64_t PadIndex(int64_t i, int64_t size, PadMode mode) {
  if (i >= 0 && i < size) return i;
  if (mode == PadMode::kConstant) return -1;
  if (mode == PadMode::kReflect) i = i < 0 ? -i : 2 * (size - 1) - i;
  return std::clamp<int64_t>(i, 0, size - 1);
}

}  // namespace tempera::kernels
