#include "src/stylize/mask/mask_steps.h"

#include <algorithm>
#include <cmath>

#include "src/kernels/motion/motion.h"

namespace tempera::stylize {

std::vector<uint8_t> ShareTable(float threshold, bool certain) {
  std::vector<uint8_t> table(256);
  for (size_t i = 0; i < table.size(); ++i) {
    const float share = static_cast<float>(i) / 255;
    const float now =
        share < threshold ? 0.5f * share / threshold : 0.5f + 0.5f * (share - threshold) / (1 - threshold);
    table[i] = static_cast<uint8_t>(255 * now + 0.5f);
    if (certain && table[i] < 16) table[i] = 0;
    if (certain && table[i] > 239) table[i] = 255;
  }
  return table;
}

namespace {

size_t SpeckPixels(Size size) {
  return static_cast<size_t>(size.width) * static_cast<size_t>(size.height) / 1000;
}

}  // namespace

int SpeckRemover::PartOf(int run) {
  const auto part = [this](int r) -> int& { return runs_[static_cast<size_t>(r)].part; };
  // The way is halved as it is gone.
  while (part(run) != run) run = part(run) = part(part(run));
  return run;
}

void SpeckRemover::Join(int one, int other) {
  one = PartOf(one), other = PartOf(other);
  if (one == other) return;
  runs_[static_cast<size_t>(other)].part = one;
  runs_[static_cast<size_t>(one)].sure += runs_[static_cast<size_t>(other)].sure;
}

void SpeckRemover::Run(Size size, uint8_t* mask) {
  const int width = size.width, least = static_cast<int>(SpeckPixels(size));
  runs_.clear();
  size_t above = 0,
         row_begin = 0;  // the first run that may touch the next one, of the row above; of this row
  for (int y = 0; y < size.height; ++y) {
    above = row_begin, row_begin = runs_.size();
    const int row_end = (y + 1) * width;
    for (int at = y * width; at < row_end; ++at) {
      if (mask[at] == 0) continue;
      const int index = static_cast<int>(runs_.size()), begin = at;
      int sure = 0;
      for (; at < row_end && mask[at] != 0; ++at) sure += mask[at] > 127;
      runs_.push_back({begin, at, index, sure});
      // Corners touch too. A run above that goes on beyond this one may touch the next.
      for (; above < row_begin && runs_[above].begin + width <= at; ++above) {
        if (runs_[above].end + width >= begin) Join(static_cast<int>(above), index);
        if (runs_[above].end + width > at) break;
      }
    }
  }
  for (size_t i = 0; i < runs_.size(); ++i) {
    const int part = PartOf(static_cast<int>(i));
    if (runs_[static_cast<size_t>(part)].sure <= least)
      std::fill(mask + runs_[i].begin, mask + runs_[i].end, uint8_t{0});
  }
}

namespace {

// Two numbers of an axis and how far from the first to the second.
struct Between {
  int first, second;
  float share;
};
Between BetweenAt(float at, int count) {
  at = std::clamp(at, 0.0f, static_cast<float>(count - 1));
  const int first = static_cast<int>(at);
  return {first, std::min(first + 1, count - 1), at - static_cast<float>(first)};
}

template <typename T>
float Sample(const T* plane, int width, const Between& x, const Between& y) {
  const auto mix = [](float a, float b, float share) { return a + share * (b - a); };
  const auto at = [&](int i, int j) { return static_cast<float>(plane[j * width + i]); };
  return mix(mix(at(x.first, y.first), at(x.second, y.first), x.share),
             mix(at(x.first, y.second), at(x.second, y.second), x.share), y.share);
}

// The sum of |now + offset - before, moved by (dx, dy)| over the 3x3 pixels about (x, y); beyond its edges a
// plane goes on as it ends.
float Difference3x3(const float* now, float offset, const float* before, Size size, int x, int y, float dx,
                    float dy) {
  const float left = std::floor(dx), top = std::floor(dy);
  const int bx = x + static_cast<int>(left), by = y + static_cast<int>(top);
  float sum = 0;
  const bool inside = x > 0 && y > 0 && x + 1 < size.width && y + 1 < size.height && bx > 0 && by > 0 &&
                      bx + 2 < size.width && by + 2 < size.height;
  if (!inside) {
    for (int j = std::max(0, y - 1); j <= std::min(size.height - 1, y + 1); ++j) {
      const Between sy = BetweenAt(static_cast<float>(j) + dy, size.height);
      for (int i = std::max(0, x - 1); i <= std::min(size.width - 1, x + 1); ++i) {
        const Between sx = BetweenAt(static_cast<float>(i) + dx, size.width);
        sum += std::abs(now[j * size.width + i] + offset - Sample(before, size.width, sx, sy));
      }
    }
    return sum;
  }
  // All nine lie alike between their neighbours.
  const float u = dx - left, v = dy - top;
  for (int j = -1; j <= 1; ++j) {
    const float* const row = now + static_cast<ptrdiff_t>(y + j) * size.width + x;
    const float* const upper = before + static_cast<ptrdiff_t>(by + j) * size.width + bx;
    const float* const lower = upper + size.width;
    float mixed[4];
    for (int i = 0; i < 4; ++i) mixed[i] = upper[i - 1] + v * (lower[i - 1] - upper[i - 1]);
    for (int i = 0; i < 3; ++i)
      sum += std::abs(row[i - 1] + offset - (mixed[i] + u * (mixed[i + 1] - mixed[i])));
  }
  return sum;
}

}  // namespace

// How far the 3x3 pixels about (x, y) are from those that lie (dx, dy) from them in the picture before.
float MaskMover::Distance(int x, int y, const Motion& by) const {
  const size_t plane = static_cast<size_t>(size_.width) * static_cast<size_t>(size_.height);
  float sum = 0;
  for (size_t colour = 0; colour < 3; ++colour)
    sum +=
        Difference3x3(now_ + colour * plane, -Lighter(), before_ + colour * plane, size_, x, y, by.x, by.y);
  return sum;
}

MaskMover::Motion MaskMover::MotionOf(int bx, int by) const {
  // In pixels of this size: the field's are half as large.
  constexpr float kPixels = 0.5f / kernels::kSubpixels;
  const MotionField::Block& block = field_->block(bx, by);
  return {kPixels * static_cast<float>(block.x), kPixels * static_cast<float>(block.y)};
}

// Light that changes as far in all of the picture says nothing of what that shows.
float MaskMover::Lighter() const {
  constexpr float kMostLighter = 12;
  return std::clamp(field_->lighter(), -kMostLighter, kMostLighter);
}

// By every other pixel of it: what cameras and small errors of the motion change is far less.
bool MaskMover::Explains(int bx, int by) const {
  constexpr float kMost = 14;  // levels, on the average
  const float lighter = Lighter();
  const int side = field_->block_side() / 2;
  const Motion motion = MotionOf(bx, by);
  float sum = 0;
  int count = 0;
  for (int y = by * side; y < std::min(size_.height, (by + 1) * side); y += 2) {
    const Between sy = BetweenAt(static_cast<float>(y) + motion.y, size_.height);
    for (int x = bx * side; x < std::min(size_.width, (bx + 1) * side); x += 2, count += 3) {
      const Between sx = BetweenAt(static_cast<float>(x) + motion.x, size_.width);
      for (size_t colour = 0; colour < 3; ++colour) {
        const size_t plane = colour * static_cast<size_t>(size_.width) * static_cast<size_t>(size_.height);
        sum += std::abs(now_[plane + static_cast<size_t>(y * size_.width + x)] - lighter -
                        Sample(before_ + plane, size_.width, sx, sy));
      }
    }
  }
  return sum <= kMost * static_cast<float>(count);
}

float MaskMover::Unexplained() const {
  return static_cast<float>(std::count(new_.begin(), new_.end(), 1)) /
         static_cast<float>(std::max<size_t>(new_.size(), 1));
}

float MaskMover::Unexplained(const std::vector<uint8_t>& mask) const {
  const int side = field_->block_side() / 2;
  const Size blocks = field_->blocks();
  size_t all = 0, unexplained = 0;
  for (int y = 0; y < size_.height; ++y) {
    const uint8_t* row = mask.data() + static_cast<ptrdiff_t>(y) * size_.width;
    const uint8_t* of =
        new_.data() + static_cast<ptrdiff_t>(std::min(y / side, blocks.height - 1)) * blocks.width;
    for (int x = 0; x < size_.width; ++x) {
      if (row[x] < 128) continue;
      ++all, unexplained += of[std::min(x / side, blocks.width - 1)];
    }
  }
  // A speck, which nobody will see, is no reason for anything.
  if (all < SpeckPixels(size_)) return 0;
  return static_cast<float>(unexplained) / static_cast<float>(std::max<size_t>(all, 1));
}

MaskMover::Motion MaskMover::BestMotion(int x, int y) const {
  const int side = field_->block_side() / 2, bx = x / side, by = y / side;
  const Size blocks = field_->blocks();
  Motion tried[9];
  size_t count = 0;
  for (int j = std::max(0, by - 1); j <= std::min(blocks.height - 1, by + 1); ++j) {
    for (int i = std::max(0, bx - 1); i <= std::min(blocks.width - 1, bx + 1); ++i) {
      const Motion motion = MotionOf(i, j);
      const bool known = std::any_of(tried, tried + count, [&](const Motion& t) {
        return std::abs(t.x - motion.x) + std::abs(t.y - motion.y) < 0.2f;
      });
      if (!known) tried[count++] = motion;
    }
  }
  Motion best = tried[0];
  if (count == 1) return best;
  float least = Distance(x, y, best);
  for (size_t i = 1; i < count; ++i) {
    const float distance = Distance(x, y, tried[i]);
    if (distance < least) best = tried[i], least = distance;
  }
  return best;
}

const MaskMover::Motion& MaskMover::MotionAt(int x, int y) {
  const auto at = static_cast<size_t>(y * size_.width + x);
  if (known_[at] == 0) motions_[at] = BestMotion(x, y), known_[at] = 1;
  return motions_[at];
}

void MaskMover::FindMotion(const MotionField& field, Size size, const float* before, const float* now,
                           ThreadPool* pool) {
  field_ = &field, size_ = size, before_ = before, now_ = now, pool_ = pool;
  const Size blocks = field.blocks();
  float most = 0;
  for (int j = 0; j < blocks.height; ++j) {
    for (int i = 0; i < blocks.width; ++i) {
      const MotionField::Block& block = field.block(i, j);
      most = std::max({most, std::abs(static_cast<float>(block.x)), std::abs(static_cast<float>(block.y))});
    }
  }
  reach_ = static_cast<int>(std::ceil(most / 2 / kernels::kSubpixels)) + 1;
  known_.assign(static_cast<size_t>(size.width) * static_cast<size_t>(size.height), 0);
  motions_.resize(known_.size());
  new_.resize(static_cast<size_t>(blocks.width) * static_cast<size_t>(blocks.height));
  pool->ParallelFor(blocks.height, [&](int by, int) {
    for (int bx = 0; bx < blocks.width; ++bx)
      new_[static_cast<size_t>(by * blocks.width + bx)] = Explains(bx, by) ? 0 : 1;
  });
}

void MaskMover::Run(const std::vector<uint8_t>& before, uint8_t* mask) {
  const int width = size_.width, height = size_.height;
  constexpr int kSide = 8;  // squares about which nothing but one number lies stay what they are
  const int columns = (width + kSide - 1) / kSide, rows = (height + kSide - 1) / kSide;
  pool_->ParallelFor(rows, [&](int row, int) {
    for (int column = 0; column < columns; ++column) {
      const int left = column * kSide, right = std::min(width, left + kSide);
      const int top = row * kSide, bottom = std::min(height, top + kSide);
      const uint8_t value = before[static_cast<size_t>(top * width + left)];
      bool flat = true;
      for (int y = std::max(0, top - reach_); flat && y < std::min(height, bottom + reach_); ++y) {
        const auto begin = before.begin() + static_cast<ptrdiff_t>(y) * width;
        flat = std::all_of(begin + std::max(0, left - reach_), begin + std::min(width, right + reach_),
                           [value](uint8_t m) { return m == value; });
      }
      for (int y = top; y < bottom; ++y) {
        for (int x = left; x < right; ++x) {
          const auto at = static_cast<size_t>(y * width + x);
          mask[at] = value;
          if (flat) continue;
          const Motion motion = MotionAt(x, y);
          const Between sx = BetweenAt(static_cast<float>(x) + motion.x, width);
          const Between sy = BetweenAt(static_cast<float>(y) + motion.y, height);
          mask[at] = static_cast<uint8_t>(Sample(before.data(), width, sx, sy) + 0.5f);
        }
      }
    }
  });
}

MaskMover::HeldBy MaskMover::Held(const std::vector<float>& luma_then, const float* luma, int x, int y,
                                  const std::vector<uint8_t>& before, float share) {
  // Means of 3x3 differences: up to kStill levels is a camera's noise at this size, from kMoved on the
  // picture shows something else.
  constexpr float kStill = 2.0f, kMoved = 6.0f;
  // A network that is surer than that of its word is believed.
  constexpr float kSure = 0.85f, kUnsure = 0.5f;
  constexpr float kSame = 0.5f;  // levels: nothing to hold, and no motion to look for
  const float sure = std::abs(share - 127.5f) / 127.5f;
  if (sure >= kSure) return {};
  const int side = field_->block_side() / 2;
  const Size blocks = field_->blocks();
  const auto fetch = [&](const Motion& by) {
    return Sample(before.data(), size_.width, BetweenAt(static_cast<float>(x) + by.x, size_.width),
                  BetweenAt(static_cast<float>(y) + by.y, size_.height));
  };
  HeldBy held;
  held.by = MotionOf(std::min(x / side, blocks.width - 1), std::min(y / side, blocks.height - 1));
  if (std::abs(fetch(held.by) - share) < kSame) return {};
  held.by = MotionAt(x, y);
  held.was = fetch(held.by);
  // Against the picture of back then, so that what changes slowly ends it; against the last one in colour, as
  // two things may have one luma.
  const float changed =
      std::max(Difference3x3(luma, -Lighter(), luma_then.data(), size_, x, y, held.by.x, held.by.y) / 9,
               Distance(x, y, held.by) / 27);
  const float still = std::clamp((kMoved - changed) / (kMoved - kStill), 0.0f, 1.0f);
  held.weight = still * std::clamp((kSure - sure) / (kSure - kUnsure), 0.0f, 1.0f);
  return held;
}

void MaskMover::Hold(float hold, const float* luma, std::vector<float>* luma_then,
                     const std::vector<uint8_t>& before, uint8_t* mask) {
  // What was held for long goes within some twenty frames all the same where the network says otherwise.
  constexpr float kMost = 0.9f;
  const float lighter = Lighter();
  then_.resize(luma_then->size());
  pool_->ParallelFor(size_.height, [&](int y, int) {
    for (int x = 0; x < size_.width; ++x) {
      const auto at = static_cast<size_t>(y * size_.width + x);
      const auto now = static_cast<float>(mask[at]);
      then_[at] = luma[at];
      const HeldBy held = Held(*luma_then, luma, x, y, before, now);
      if (held.weight == 0) continue;
      const float weight = kMost * hold * held.weight;
      const Between sx = BetweenAt(static_cast<float>(x) + held.by.x, size_.width);
      const Between sy = BetweenAt(static_cast<float>(y) + held.by.y, size_.height);
      mask[at] = static_cast<uint8_t>(now + weight * (held.was - now) + 0.5f);
      const float luma_was = Sample(luma_then->data(), size_.width, sx, sy) + lighter;
      then_[at] += weight * (luma_was - luma[at]);
    }
  });
  luma_then->swap(then_);
}

}  // namespace tempera::stylize
