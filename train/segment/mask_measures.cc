#include "train/segment/mask_measures.h"

#include <algorithm>
#include <cmath>

#include "train/segment/pairs.h"

namespace tempera::train {
namespace {

bool Inside(uint8_t m) { return m >= 128; }

// Pixels of a mask with a neighbour, right or below, on the other side.
std::vector<int> Outline(const std::vector<uint8_t>& mask, int width, int height) {
  std::vector<int> pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const size_t at = static_cast<size_t>(y) * width + x;
      const bool in = Inside(mask[at]);
      if ((x + 1 < width && Inside(mask[at + 1]) != in) ||
          (y + 1 < height && Inside(mask[at + static_cast<size_t>(width)]) != in))
        pixels.push_back(static_cast<int>(at));
    }
  }
  return pixels;
}

// How many of `points` have one of `others` within `reach`.
int Near(const std::vector<int>& points, const std::vector<int>& others, int width, int height,
         double reach) {
  std::vector<uint8_t> reached(static_cast<size_t>(width) * height, 0);
  const int r = static_cast<int>(reach);
  for (const int p : others) {
    const int px = p % width, py = p / width;
    for (int dy = -r; dy <= r; ++dy) {
      for (int dx = -r; dx <= r; ++dx) {
        const int x = px + dx, y = py + dy;
        if (dx * dx + dy * dy > reach * reach || x < 0 || y < 0 || x >= width || y >= height) continue;
        reached[static_cast<size_t>(y) * width + x] = 1;
      }
    }
  }
  return static_cast<int>(std::count_if(points.begin(), points.end(),
                                        [&](int p) { return reached[static_cast<size_t>(p)] != 0; }));
}

}  // namespace

Overlap OverlapOf(const std::vector<uint8_t>& mask, const std::vector<uint8_t>& truth) {
  Overlap o;
  for (size_t i = 0; i < mask.size(); ++i) {
    o.both += Inside(mask[i]) && Inside(truth[i]);
    o.either += Inside(mask[i]) || Inside(truth[i]);
  }
  return o;
}

double UsualReach(int width, int height) {
  return std::max(1.0, std::ceil(0.0075 * std::hypot(width, height)));
}

double BoundaryF(const std::vector<uint8_t>& mask, const std::vector<uint8_t>& truth, int width, int height,
                 double reach) {
  const std::vector<int> found = Outline(mask, width, height), real = Outline(truth, width, height);
  if (found.empty() && real.empty()) return 1;
  if (found.empty() || real.empty()) return 0;
  const double precision =
      static_cast<double>(Near(found, real, width, height, reach)) / static_cast<double>(found.size());
  const double recall =
      static_cast<double>(Near(real, found, width, height, reach)) / static_cast<double>(real.size());
  return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
}

void ClassCounts::Add(const std::vector<uint8_t>& found, const std::vector<uint8_t>& truth) {
  for (size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] == kIgnored || truth[i] >= overlaps_.size()) continue;
    ++pixels_;
    if (found[i] == truth[i]) {
      ++right_;
      ++overlaps_[truth[i]].both;
      ++overlaps_[truth[i]].either;
      continue;
    }
    ++overlaps_[truth[i]].either;
    if (found[i] < overlaps_.size()) ++overlaps_[found[i]].either;
  }
}

double ClassCounts::mean_iou() const {
  double sum = 0;
  int count = 0;
  for (int c = 0; c < classes(); ++c) {
    if (!seen(c)) continue;
    sum += iou(c);
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

}  // namespace tempera::train
