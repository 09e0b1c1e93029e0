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

void SpeckRemover::Run(Size size, uint8_t* mask) {
  const int width = size.width, height = size.height;
  const auto least = static_cast<size_t>(width) * static_cast<size_t>(height) / 1000;
  known_.assign(static_cast<size_t>(width) * static_cast<size_t>(height), 0);
  for (int start = 0; start < width * height; ++start) {
    if (mask[start] == 0 || known_[static_cast<size_t>(start)] != 0) continue;
    open_.assign(1, start);
    known_[static_cast<size_t>(start)] = 1;
    size_t sure = 0;
    // The part is what the list holds in the end.
    for (size_t next = 0; next < open_.size(); ++next) {
      const int at = open_[next], x = at % width, y = at / width;
      sure += mask[at] > 127;
      for (int j = std::max(0, y - 1); j <= std::min(height - 1, y + 1); ++j) {
        for (int i = std::max(0, x - 1); i <= std::min(width - 1, x + 1); ++i) {
          const int there = j * width + i;
          if (mask[there] == 0 || known_[static_cast<size_t>(there)] != 0) continue;
          known_[static_cast<size_t>(there)] = 1;
          open_.push_back(there);
        }
      }
    }
    if (sure > least) continue;
    for (const int at : open_) mask[at] = 0;
  }
}

void HoldStill(Size size, float hold, const float* luma, std::vector<float>* luma_then,
               const std::vector<uint8_t>& before, uint8_t* mask, std::vector<uint8_t>* weights) {
  // Means of 3x3 differences: up to kStill levels is a camera's noise at this size, from kMoved on the
  // picture shows something else.
  constexpr float kStill = 1.5f, kMoved = 4.0f;
  // A network that is surer than that of its word is believed.
  constexpr float kSure = 0.85f, kUnsure = 0.5f;
  // What stood for long goes within some twenty frames all the same where the network says otherwise.
  constexpr float kMost = 0.9f;
  const int width = size.width, height = size.height;
  weights->assign(before.size(), 0);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int at = y * width + x;
      const float sure = std::abs(static_cast<float>(mask[at]) - 127.5f) / 127.5f;
      if (sure >= kSure || mask[at] == before[static_cast<size_t>(at)]) continue;
      float difference = 0;
      for (int j = std::max(0, y - 1); j <= std::min(height - 1, y + 1); ++j) {
        for (int i = std::max(0, x - 1); i <= std::min(width - 1, x + 1); ++i)
          difference += std::abs(luma[j * width + i] - (*luma_then)[static_cast<size_t>(j * width + i)]);
      }
      const float still = std::clamp((kMoved - difference / 9) / (kMoved - kStill), 0.0f, 1.0f);
      const float unsure = std::clamp((kSure - sure) / (kSure - kUnsure), 0.0f, 1.0f);
      (*weights)[static_cast<size_t>(at)] = static_cast<uint8_t>(255 * kMost * hold * still * unsure + 0.5f);
    }
  }
  for (size_t i = 0; i < before.size(); ++i) {
    const float weight = static_cast<float>((*weights)[i]) / 255;
    const float now = mask[i], then = before[i];
    mask[i] = static_cast<uint8_t>(now + weight * (then - now) + 0.5f);
    (*luma_then)[i] = luma[i] + weight * ((*luma_then)[i] - luma[i]);
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

}  // namespace

// How far the 3x3 pixels about (x, y) are from those that lie (dx, dy) from them in the picture before.
float MaskMover::Distance(int x, int y, const Motion& by) const {
  float sum = 0;
  for (int j = std::max(0, y - 1); j <= std::min(size_.height - 1, y + 1); ++j) {
    const Between sy = BetweenAt(static_cast<float>(j) + by.y, size_.height);
    for (int i = std::max(0, x - 1); i <= std::min(size_.width - 1, x + 1); ++i) {
      const Between sx = BetweenAt(static_cast<float>(i) + by.x, size_.width);
      for (size_t colour = 0; colour < 3; ++colour) {
        const size_t plane = colour * static_cast<size_t>(size_.width) * static_cast<size_t>(size_.height);
        sum += std::abs(now_[plane + static_cast<size_t>(j * size_.width + i)] -
                        Sample(before_ + plane, size_.width, sx, sy));
      }
    }
  }
  return sum;
}

MaskMover::Motion MaskMover::MotionOf(int bx, int by) const {
  // In pixels of this size: the field's are half as large.
  constexpr float kPixels = 0.5f / kernels::kSubpixels;
  const MotionField::Block& block = field_->block(bx, by);
  return {kPixels * static_cast<float>(block.x), kPixels * static_cast<float>(block.y)};
}

// By every other pixel of it: what cameras and small errors of the motion change is far less.
bool MaskMover::Explains(int bx, int by) const {
  constexpr float kMost = 14;  // levels, on the average
  // Light that changes as far in all of the picture says nothing of what that shows.
  constexpr float kMostLighter = 12;
  const float lighter = std::clamp(field_->lighter(), -kMostLighter, kMostLighter);
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
  return static_cast<float>(unexplained) / static_cast<float>(std::max<size_t>(all, 1));
}

MaskMover::Motion MaskMover::BestMotion(int x, int y) const {
  const int side = field_->block_side() / 2, bx = x / side, by = y / side;
  const Size blocks = field_->blocks();
  Motion tried[9], best;
  size_t count = 0;
  float least = 0;
  for (int j = std::max(0, by - 1); j <= std::min(blocks.height - 1, by + 1); ++j) {
    for (int i = std::max(0, bx - 1); i <= std::min(blocks.width - 1, bx + 1); ++i) {
      const Motion motion = MotionOf(i, j);
      const bool known = std::any_of(tried, tried + count, [&](const Motion& t) {
        return std::abs(t.x - motion.x) + std::abs(t.y - motion.y) < 0.2f;
      });
      if (known) continue;
      tried[count] = motion;
      const float distance = Distance(x, y, motion);
      if (count == 0 || distance < least) best = motion, least = distance;
      ++count;
    }
  }
  return best;
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
          if (known_[at] == 0) motions_[at] = BestMotion(x, y), known_[at] = 1;
          const Between sx = BetweenAt(static_cast<float>(x) + motions_[at].x, width);
          const Between sy = BetweenAt(static_cast<float>(y) + motions_[at].y, height);
          mask[at] = static_cast<uint8_t>(Sample(before.data(), width, sx, sy) + 0.5f);
        }
      }
    }
  });
}

}  // namespace tempera::stylize
