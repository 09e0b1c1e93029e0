#include "live/window/blend.h"

#include <algorithm>
#include <cmath>

namespace tempera::live {

std::vector<float> SharesAt(const std::vector<Placed>& placed, float x, float y, int count) {
  std::vector<float> shares(static_cast<size_t>(std::max(0, count)), 0.0f);
  // Nearer than a pixel of a large pad is there.
  constexpr double kThere = 1e-3;
  double sum = 0;
  std::vector<double> pulls(placed.size(), 0.0);
  for (size_t i = 0; i < placed.size(); ++i) {
    if (placed[i].element < 0 || placed[i].element >= count) continue;
    const double dx = double{x} - double{placed[i].x}, dy = double{y} - double{placed[i].y};
    const double squared = dx * dx + dy * dy;
    if (squared < kThere * kThere) {
      std::fill(shares.begin(), shares.end(), 0.0f);
      shares[static_cast<size_t>(placed[i].element)] = 1;
      return shares;
    }
    pulls[i] = 1 / squared;
    sum += pulls[i];
  }
  if (sum <= 0) return shares;
  for (size_t i = 0; i < placed.size(); ++i) {
    if (pulls[i] > 0) shares[static_cast<size_t>(placed[i].element)] += static_cast<float>(pulls[i] / sum);
  }
  return shares;
}

bool CentreOf(const std::vector<Placed>& placed, const std::vector<float>& shares, float* x, float* y) {
  double sum = 0, sum_x = 0, sum_y = 0;
  for (const Placed& p : placed) {
    if (p.element < 0 || p.element >= static_cast<int>(shares.size())) continue;
    const double share = std::max(0.0, double{shares[static_cast<size_t>(p.element)]});
    sum += share;
    sum_x += share * double{p.x};
    sum_y += share * double{p.y};
  }
  if (sum <= 0) return false;
  *x = static_cast<float>(sum_x / sum);
  *y = static_cast<float>(sum_y / sum);
  return true;
}

void Spread(std::vector<Placed>* placed) {
  const size_t count = placed->size();
  for (size_t i = 0; i < count; ++i) {
    // Clockwise from the top; four from the upper left, so that they lie in the corners. y grows downward.
    const double angle =
        (double(i) / double(count) - (count == 4 ? 3.0 / 8 : 1.0 / 4)) * 2 * 3.14159265358979;
    const double reach = count == 4 ? 0.5 * 1.41422 : 0.5;
    (*placed)[i].x = static_cast<float>(std::clamp(0.5 + reach * std::cos(angle), 0.0, 1.0));
    (*placed)[i].y = static_cast<float>(std::clamp(0.5 + reach * std::sin(angle), 0.0, 1.0));
  }
}

}  // namespace tempera::live
