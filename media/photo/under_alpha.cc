#include "media/photo/under_alpha.h"

#include <cstring>
#include <new>
#include <vector>

namespace tempera::media {
namespace {

// A picture of half the size, and half of that: colours of what is visible, and whether anything is.
struct Level {
  int width = 0, height = 0;
  std::vector<uint8_t> rgba;
  uint8_t* At(int x, int y) { return rgba.data() + 4 * (size_t(y) * width + x); }
};

// The mean of up to four pixels by their alphas; that of the result is the largest, so that faint ones count
// at all.
void Shrink(const uint8_t* from, ptrdiff_t stride, int width, int height, Level* to) {
  to->width = (width + 1) / 2;
  to->height = (height + 1) / 2;
  to->rgba.resize(size_t{4} * to->width * to->height);
  for (int y = 0; y < to->height; ++y) {
    for (int x = 0; x < to->width; ++x) {
      uint32_t sum[3] = {}, weight = 0, most = 0;
      for (int i = 0; i < 4; ++i) {
        const int px = 2 * x + i % 2, py = 2 * y + i / 2;
        if (px >= width || py >= height) continue;
        const uint8_t* p = from + ptrdiff_t{py} * stride + ptrdiff_t{4} * px;
        for (int c = 0; c < 3; ++c) sum[c] += p[c] * uint32_t{p[3]};
        weight += p[3];
        most = p[3] > most ? p[3] : most;
      }
      uint8_t* out = to->At(x, y);
      for (int c = 0; c < 3; ++c) out[c] = weight ? static_cast<uint8_t>((sum[c] + weight / 2) / weight) : 0;
      out[3] = static_cast<uint8_t>(most);
    }
  }
}

}  // namespace

bool SpreadColors(uint8_t* rgba, ptrdiff_t stride, int width, int height) try {
  std::vector<Level> levels;
  for (int w = width, h = height; w > 1 || h > 1;) {
    Level next;
    if (levels.empty()) {
      Shrink(rgba, stride, w, h, &next);
    } else {
      Shrink(levels.back().rgba.data(), ptrdiff_t{4} * w, w, h, &next);
    }
    w = next.width;
    h = next.height;
    levels.push_back(std::move(next));
  }
  // From the coarsest down, what is not seen takes the colour of the pixel above it.
  for (size_t i = levels.size(); i-- > 0;) {
    Level& above = levels[i];
    const bool last = i == 0;
    uint8_t* to = last ? rgba : levels[i - 1].rgba.data();
    const int w = last ? width : levels[i - 1].width, h = last ? height : levels[i - 1].height;
    const ptrdiff_t row_bytes = last ? stride : ptrdiff_t{4} * w;
    for (int y = 0; y < h; ++y) {
      for (int x = 0; x < w; ++x) {
        uint8_t* p = to + ptrdiff_t{y} * row_bytes + ptrdiff_t{4} * x;
        if (p[3] == 0) std::memcpy(p, above.At(x / 2, y / 2), 3);
      }
    }
  }
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

}  // namespace tempera::media
