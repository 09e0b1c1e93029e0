#include "src/stylize/regions/color_fill.h"

#include <algorithm>
#include <cstddef>

namespace tempera::stylize {
namespace {

// Less weight than this is filled up from around: a Gaussian that ends at three deviations has so much left,
// 0.13 %, three deviations beside a straight edge, and what is its own fades out there instead of breaking
// off. What has little throughout is filled up from close by, as four cells together have four times as much.
constexpr float kEnough = 1e-3f;

constexpr int kBand = 16;  // rows of a task

template <typename F>
void ForRows(ThreadPool* pool, int rows, F&& fn) {
  pool->ParallelFor((rows + kBand - 1) / kBand, [&](int band, int) {
    for (int y = band * kBand; y < std::min(rows, (band + 1) * kBand); ++y) fn(y);
  });
}

float* RowOf(float* sums, Size size, int y, int plane) {
  return sums + (4 * static_cast<ptrdiff_t>(y) + plane) * size.width;
}

// The two coarser cells whose middles lie around a finer one's: the nearer has three quarters.
struct Around {
  int near, far;
};
Around ParentsOf(int at, int coarse_count) {
  const int near = at / 2, far = at % 2 == 0 ? near - 1 : near + 1;
  return {near, std::clamp(far, 0, coarse_count - 1)};
}

}  // namespace

bool ColorFill::Lacks(Level* level) const {
  level->lacks.resize(static_cast<size_t>(level->size.height));
  ForRows(pool_, level->size.height, [&](int y) {
    const float* const weights = RowOf(level->sums, level->size, y, 3);
    int lacks = 0;
    for (int x = 0; x < level->size.width; ++x) lacks |= weights[x] < kEnough;
    level->lacks[static_cast<size_t>(y)] = lacks != 0;
  });
  return std::any_of(level->lacks.begin(), level->lacks.end(), [](uint8_t lacks) { return lacks != 0; });
}

void ColorFill::Halve(const Level& fine, Level* coarse) const {
  coarse->size = {(fine.size.width + 1) / 2, (fine.size.height + 1) / 2};
  coarse->own.resize(4 * static_cast<size_t>(coarse->size.width) * static_cast<size_t>(coarse->size.height));
  coarse->sums = coarse->own.data();
  const int pairs = fine.size.width / 2;
  ForRows(pool_, coarse->size.height, [&](int y) {
    for (int plane = 0; plane < 4; ++plane) {
      float* const out = RowOf(coarse->sums, coarse->size, y, plane);
      std::fill_n(out, coarse->size.width, 0.0f);
      for (int from = 2 * y; from < std::min(2 * y + 2, fine.size.height); ++from) {
        const float* const in = RowOf(fine.sums, fine.size, from, plane);
        for (int x = 0; x < pairs; ++x) out[x] += in[2 * x] + in[2 * x + 1];
        if (pairs < coarse->size.width) out[pairs] += in[2 * pairs];
      }
    }
  });
}

// `coarser` has its colours already; nullptr: nothing lacks weight, or there is but one cell.
void ColorFill::Divide(const Level& level, const Level* coarser) const {
  ForRows(pool_, level.size.height, [&](int y) {
    const float* const weights = RowOf(level.sums, level.size, y, 3);
    for (int plane = 0; plane < 3; ++plane) {
      float* const colors = RowOf(level.sums, level.size, y, plane);
      if (coarser == nullptr || level.lacks[static_cast<size_t>(y)] == 0) {
        for (int x = 0; x < level.size.width; ++x) colors[x] /= weights[x];
        continue;
      }
      const Around rows = ParentsOf(y, coarser->size.height);
      const float* const near = RowOf(coarser->sums, coarser->size, rows.near, plane);
      const float* const far = RowOf(coarser->sums, coarser->size, rows.far, plane);
      for (int x = 0; x < level.size.width; ++x) {
        if (weights[x] >= kEnough) {
          colors[x] /= weights[x];
          continue;
        }
        const Around at = ParentsOf(x, coarser->size.width);
        const float around =
            0.5625f * near[at.near] + 0.1875f * (near[at.far] + far[at.near]) + 0.0625f * far[at.far];
        colors[x] = (colors[x] + (kEnough - weights[x]) * around) / kEnough;
      }
    }
  });
}

bool ColorFill::Run(Size size, float* sums) {
  size_t count = 1;
  if (levels_.empty()) levels_.emplace_back();
  levels_[0].size = size, levels_[0].sums = sums;
  while (Lacks(&levels_[count - 1]) && levels_[count - 1].size != Size{1, 1}) {
    if (levels_.size() == count) levels_.emplace_back();
    Halve(levels_[count - 1], &levels_[count]);
    ++count;
  }
  // The coarsest level has weight everywhere, or is one cell that has all there is.
  const Level& top = levels_[count - 1];
  if (*RowOf(top.sums, top.size, 0, 3) == 0) return false;
  Divide(top, nullptr);
  for (size_t i = count - 1; i-- > 0;) Divide(levels_[i], &levels_[i + 1]);
  return true;
}

}  // namespace tempera::stylize
