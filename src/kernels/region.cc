#include "src/kernels/region.h"

#include <algorithm>

#include "src/base/checked_math.h"

namespace tempera::kernels {

Interval ShownPixels(Interval positions, int64_t size, int64_t enlarged, PadMode mode) {
  if (positions.count <= 0) return {};
  const int64_t whole = size * enlarged;
  int64_t least = std::max<int64_t>(positions.first, 0), most = std::min(positions.end(), whole) - 1;
  if (least > most) least = whole, most = -1;  // all of it is padding
  const auto show = [&](int64_t position) {
    const int64_t at = PadIndex(position, whole, mode);
    if (at < 0) return;
    least = std::min(least, at);
    most = std::max(most, at);
  };
  // On one side of the image the pixels shown only fall or only rise, so its ends bound them.
  if (positions.first < 0) {
    show(positions.first);
    show(std::min<int64_t>(positions.end(), 0) - 1);
  }
  if (positions.end() > whole) {
    show(std::max(positions.first, whole));
    show(positions.end() - 1);
  }
  if (most < 0) return {};
  return {least / enlarged, most / enlarged - least / enlarged + 1};
}

Interval InsidePixels(Interval positions, int64_t scale, int64_t size) {
  const int64_t begin = std::clamp<int64_t>(positions.first * scale, 0, size);
  return {begin, std::clamp<int64_t>(positions.end() * scale, begin, size) - begin};
}

TaskRegion RegionRead(Interval rows, Interval columns, int64_t width) {
  TaskRegion r;
  r.y = rows.first, r.rows = rows.count;
  r.x = columns.first;
  if (columns.count > 0) r.columns = std::min(columns.count + kWidestVector, width - columns.first);
  return r;
}

TaskRegion RegionOfPixels(int64_t begin, int64_t end, int64_t width) {
  TaskRegion r;
  if (begin >= end) return r;
  r.y = begin / width, r.rows = CeilDiv(end, width) - r.y;
  const bool one_row = r.rows == 1;
  r.x = one_row ? begin % width : 0;
  r.columns = one_row ? end - begin : width;
  return r;
}

}  // namespace tempera::kernels
