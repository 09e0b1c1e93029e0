// Where a picture comes from, and where it goes, when it never lies in a tensor: the first convolution asks
// for the numbers of each of its tiles, the last one hands its tiles on. Both then stay in the cache of the
// core that makes and uses them.
#pragma once

#include <cstdint>

namespace tempera::engine {

// Pixels [y, y + rows) x [x, x + columns) of a picture.
struct Region {
  int64_t y = 0, x = 0, rows = 0, columns = 0;
};

// Both are called from any of the session's threads, several at a time, for different regions of one picture.
// Number (y, x) of plane c of a region lies at [c * plane_step + (y - region.y) * row_step + x - region.x].

struct PictureSource {
  // Writes every plane's numbers. Regions overlap; their first column is even (4:2:0 chroma is shared by two
  // by two pixels).
  void (*read)(const void* context, const Region& region, int64_t row_step, int64_t plane_step, float* to);
  const void* context = nullptr;
  int64_t channels = 3;                // planes that `read` writes; at most kMostSourceChannels
  static constexpr int64_t kStep = 2;  // of first columns
};

struct PictureSink {
  // May scribble on the numbers. Each pixel comes once, or a second time, and then for good, where carried
  // statistics did not serve (NormStatistics::kCarried).
  void (*write)(const void* context, const Region& region, int64_t row_step, int64_t plane_step, float* from);
  const void* context = nullptr;
  // Regions begin at multiples of it, rows and columns, and end there or at the picture's edge.
  int64_t step = 2;
  int64_t channels = 3;  // planes that `write` takes
};

// Whether every plane of a picture of this size holds one number. Costs a row where the first rows differ.
bool IsFlat(const PictureSource& source, int64_t height, int64_t width);
inline constexpr int64_t kMostSourceChannels = 16;

}  // namespace tempera::engine
