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

// Neighbours share most of what is looked at about them: a square of so many pixels a side looks at 1.6 of
// each motion's differences a pixel where each pixel alone looks at 9.
constexpr int kSquare = MaskMover::kSquare, kSquarePixels = kSquare * kSquare;
constexpr int kAround = kSquare + 2;  // it and the pixels about it

// A window of a plane; beyond its edges a plane goes on as it ends.
template <typename T>
struct Window {
  const T* first;
  ptrdiff_t stride;
};
template <int kSide, typename T>
Window<T> CutWindow(const T* plane, Size size, int x, int y, T* memory) {
  const ptrdiff_t width = size.width;
  if (x >= 0 && y >= 0 && x + kSide <= size.width && y + kSide <= size.height)
    return {plane + y * width + x, width};
  for (int j = 0; j < kSide; ++j) {
    const T* const row = plane + std::clamp(y + j, 0, size.height - 1) * width;
    for (int i = 0; i < kSide; ++i) memory[j * kSide + i] = row[std::clamp(x + i, 0, size.width - 1)];
  }
  return {memory, kSide};
}

// kSide numbers between the pixels of two rows.
template <int kSide, typename T>
void MixRow(const Window<T>& from, int row, float u, float v, float* out) {
  const T *const upper = from.first + row * from.stride, *const lower = upper + from.stride;
  float mixed[kSide + 1];
  for (int i = 0; i <= kSide; ++i) {
    const auto above = static_cast<float>(upper[i]);
    mixed[i] = above + v * (static_cast<float>(lower[i]) - above);
  }
  for (int i = 0; i < kSide; ++i) out[i] = mixed[i] + u * (mixed[i + 1] - mixed[i]);
}

// What lies (dx, dy) from the pixels of the square whose first is (x, y).
template <typename T>
void MoveSquare(const T* plane, Size size, int x, int y, float dx, float dy, float* out) {
  const float left = std::floor(dx), top = std::floor(dy);
  T memory[(kSquare + 1) * (kSquare + 1)];
  const Window<T> from =
      CutWindow<kSquare + 1>(plane, size, x + static_cast<int>(left), y + static_cast<int>(top), memory);
  for (int j = 0; j < kSquare; ++j) MixRow<kSquare>(from, j, dx - left, dy - top, out + j * kSquare);
}

// Two pictures of some planes.
struct Pair {
  const float *now, *before;
  size_t planes;
  Size size;
};

// out: of each pixel of the square whose first is (x, y), the sum of |now + offset - before, moved by
// (dx, dy)| over the 3x3 pixels about it, as far as they are of the picture.
void SumDifferences(const Pair& of, float offset, int x, int y, float dx, float dy, float* out) {
  const float left = std::floor(dx), top = std::floor(dy);
  float own[kAround * kAround], moved[(kAround + 1) * (kAround + 1)];
  float sums[kAround][kAround] = {};
  for (size_t plane = 0; plane < of.planes; ++plane) {
    const size_t at = plane * static_cast<size_t>(of.size.width) * static_cast<size_t>(of.size.height);
    const auto now = CutWindow<kAround>(of.now + at, of.size, x - 1, y - 1, own);
    const auto before = CutWindow<kAround + 1>(of.before + at, of.size, x - 1 + static_cast<int>(left),
                                               y - 1 + static_cast<int>(top), moved);
    for (int j = 0; j < kAround; ++j) {
      const float* const row = now.first + j * now.stride;
      float was[kAround];
      MixRow<kAround>(before, j, dx - left, dy - top, was);
      for (int i = 0; i < kAround; ++i) sums[j][i] += std::abs(row[i] + offset - was[i]);
    }
  }
  if (x == 0 || y == 0 || x + kSquare >= of.size.width || y + kSquare >= of.size.height) {
    for (int j = 0; j < kAround; ++j) {
      const bool row = y + j > 0 && y + j <= of.size.height;
      for (int i = 0; i < kAround; ++i)
        if (!row || x + i == 0 || x + i > of.size.width) sums[j][i] = 0;
    }
  }
  for (auto& row : sums) {
    for (int i = 0; i < kSquare; ++i) row[i] += row[i + 1] + row[i + 2];
  }
  for (int j = 0; j < kSquare; ++j) {
    for (int i = 0; i < kSquare; ++i) out[j * kSquare + i] = sums[j][i] + sums[j + 1][i] + sums[j + 2][i];
  }
}

}  // namespace

Size MaskMover::Squares() const {
  return {(size_.width + kSquare - 1) / kSquare, (size_.height + kSquare - 1) / kSquare};
}

MaskMover::Square MaskMover::SquareAt(int column, int row) const {
  const int left = column * kSquare, top = row * kSquare;
  return {left, top, std::min(size_.width, left + kSquare), std::min(size_.height, top + kSquare),
          static_cast<size_t>(row * Squares().width + column)};
}

MaskMover::Motion MaskMover::MotionOf(int bx, int by) const {
  // In pixels of this size: the field's are half as large, before it was shrunk.
  const float pixels = 0.5f / kernels::kSubpixels * static_cast<float>(shrunk_);
  const MotionField::Block& block = field_->block(bx, by);
  return {pixels * static_cast<float>(block.x), pixels * static_cast<float>(block.y)};
}

// Light that changes as far in all of the picture says nothing of what that shows.
float MaskMover::Lighter() const {
  constexpr float kMostLighter = 12;
  return std::clamp(field_->lighter(), -kMostLighter, kMostLighter);
}

// By few pixels of it: what cameras and small errors of the motion change is far less.
bool MaskMover::Explains(int bx, int by) const {
  constexpr float kMost = 14;  // levels, on the average
  const float lighter = Lighter();
  const int step = side_ / 2;
  const Motion motion = MotionOf(bx, by);
  float sum = 0;
  int count = 0;
  for (int y = by * side_; y < std::min(size_.height, (by + 1) * side_); y += step) {
    const Between sy = BetweenAt(static_cast<float>(y) + motion.y, size_.height);
    for (int x = bx * side_; x < std::min(size_.width, (bx + 1) * side_); x += step, count += 3) {
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
  const Size blocks = field_->blocks();
  size_t all = 0, unexplained = 0;
  for (int y = 0; y < size_.height; ++y) {
    const uint8_t* row = mask.data() + static_cast<ptrdiff_t>(y) * size_.width;
    const uint8_t* of =
        new_.data() + static_cast<ptrdiff_t>(std::min(y / side_, blocks.height - 1)) * blocks.width;
    for (int x = 0; x < size_.width; ++x) {
      if (row[x] < 128) continue;
      ++all, unexplained += of[std::min(x / side_, blocks.width - 1)];
    }
  }
  // A speck, which nobody will see, is no reason for anything.
  if (all < SpeckPixels(size_)) return 0;
  return static_cast<float>(unexplained) / static_cast<float>(std::max<size_t>(all, 1));
}

template <typename T>
float MaskMover::Moved(const std::vector<T>& plane, int x, int y, const Motion& by) const {
  return Sample(plane.data(), size_.width, BetweenAt(static_cast<float>(x) + by.x, size_.width),
                BetweenAt(static_cast<float>(y) + by.y, size_.height));
}

// Those of the blocks that it lies in and of their neighbours: 4 a side at most, as no block is smaller than
// half a square.
size_t MaskMover::MotionsAbout(const Square& square, Motion* tried) const {
  const Size blocks = field_->blocks();
  const int right = std::min(blocks.width - 1, (square.right - 1) / side_ + 1);
  const int bottom = std::min(blocks.height - 1, (square.bottom - 1) / side_ + 1);
  size_t count = 0;
  for (int j = std::max(0, square.top / side_ - 1); j <= bottom; ++j) {
    for (int i = std::max(0, square.left / side_ - 1); i <= right; ++i) {
      const Motion motion = MotionOf(i, j);
      const bool known = std::any_of(tried, tried + count, [&](const Motion& t) {
        return std::abs(t.x - motion.x) + std::abs(t.y - motion.y) < 0.2f;
      });
      if (!known) tried[count++] = motion;
    }
  }
  return count;
}

const MaskMover::Found& MaskMover::FoundIn(const Square& square) {
  Found& found = found_[square.index];
  if (known_[square.index] != 0) return found;
  const size_t count = MotionsAbout(square, found.tried);
  float sums[kSquarePixels];
  for (size_t k = 0; k < count; ++k) {
    SumDifferences({now_, before_, 3, size_}, -Lighter(), square.left, square.top, found.tried[k].x,
                   found.tried[k].y, sums);
    for (int i = 0; i < kSquarePixels; ++i) {
      const float distance = sums[i] / 27;
      const bool nearer = k == 0 || distance < found.distance[i];
      found.best[i] = nearer ? static_cast<uint8_t>(k) : found.best[i];
      found.distance[i] = nearer ? distance : found.distance[i];
    }
  }
  known_[square.index] = 1;
  return found;
}

void MaskMover::FindMotion(const MotionField& field, int shrunk, Size size, const float* before,
                           const float* now, ThreadPool* pool) {
  field_ = &field, shrunk_ = shrunk, side_ = field.block_side() / 2 * shrunk;
  size_ = size, before_ = before, now_ = now, pool_ = pool;
  const Size blocks = field.blocks();
  float most = 0;
  for (int j = 0; j < blocks.height; ++j) {
    for (int i = 0; i < blocks.width; ++i) {
      const Motion motion = MotionOf(i, j);
      most = std::max({most, std::abs(motion.x), std::abs(motion.y)});
    }
  }
  reach_ = static_cast<int>(std::ceil(most)) + 1;
  known_.assign(static_cast<size_t>(Squares().width) * static_cast<size_t>(Squares().height), 0);
  found_.resize(known_.size());
  new_.resize(static_cast<size_t>(blocks.width) * static_cast<size_t>(blocks.height));
  pool->ParallelFor(blocks.height, [&](int by, int) {
    for (int bx = 0; bx < blocks.width; ++bx)
      new_[static_cast<size_t>(by * blocks.width + bx)] = Explains(bx, by) ? 0 : 1;
  });
}

// About it lies nothing but one number, wherever it comes from.
bool MaskMover::IsFlat(const std::vector<uint8_t>& mask, const Square& square) const {
  const int left = std::max(0, square.left - reach_), right = std::min(size_.width, square.right + reach_);
  const int bottom = std::min(size_.height, square.bottom + reach_);
  const uint8_t value = mask[static_cast<size_t>(square.top * size_.width + square.left)];
  for (int y = std::max(0, square.top - reach_); y < bottom; ++y) {
    const uint8_t* const row = mask.data() + static_cast<ptrdiff_t>(y) * size_.width;
    if (!std::all_of(row + left, row + right, [value](uint8_t m) { return m == value; })) return false;
  }
  return true;
}

void MaskMover::Run(const std::vector<uint8_t>& before, uint8_t* mask) {
  pool_->ParallelFor(Squares().height, [&](int row, int) {
    for (int column = 0; column < Squares().width; ++column) {
      const Square square = SquareAt(column, row);
      const Found* const found = IsFlat(before, square) ? nullptr : &FoundIn(square);
      for (int y = square.top; y < square.bottom; ++y) {
        for (int x = square.left; x < square.right; ++x) {
          const auto at = static_cast<size_t>(y * size_.width + x);
          mask[at] = before[at];
          if (found == nullptr) continue;
          const Motion& by = found->tried[found->best[(y - square.top) * kSquare + x - square.left]];
          mask[at] = static_cast<uint8_t>(Moved(before, x, y, by) + 0.5f);
        }
      }
    }
  });
}

namespace {

// A network that is surer than that of its word is believed.
constexpr float kSure = 0.85f, kUnsure = 0.5f;
constexpr float kSame = 0.5f;  // levels: nothing to hold, and no motion to look for

// 0..1, of a share of 0..255.
float Sureness(float share) { return std::abs(share - 127.5f) / 127.5f; }

}  // namespace

bool MaskMover::Wavers(const Square& square, const std::vector<uint8_t>& before, const uint8_t* mask) const {
  const Size blocks = field_->blocks();
  for (int y = square.top; y < square.bottom; ++y) {
    for (int x = square.left; x < square.right; ++x) {
      const auto share = static_cast<float>(mask[y * size_.width + x]);
      if (Sureness(share) >= kSure) continue;
      const Motion by =
          MotionOf(std::min(x / side_, blocks.width - 1), std::min(y / side_, blocks.height - 1));
      if (std::abs(Moved(before, x, y, by) - share) >= kSame) return true;
    }
  }
  return false;
}

void MaskMover::HoldSquare(const Held& held, const Square& square, uint8_t* mask) {
  // Means of 3x3 differences: up to kStill levels is a camera's noise at this size, from kMoved on the
  // picture shows something else.
  constexpr float kStill = 2.0f, kMoved = 6.0f;
  const Found& found = FoundIn(square);
  const float lighter = Lighter();
  const float* const luma_then = held.luma_then->data();
  // By each pixel's own motion.
  float was[kSquarePixels] = {}, luma_was[kSquarePixels] = {}, luma_sums[kSquarePixels] = {};
  unsigned used = 0;
  for (const uint8_t k : found.best) used |= 1u << k;
  for (unsigned k = 0; used >> k != 0; ++k) {
    if ((used >> k & 1) == 0) continue;
    const auto [dx, dy] = found.tried[k];
    float moved[3][kSquarePixels];
    MoveSquare(held.before->data(), size_, square.left, square.top, dx, dy, moved[0]);
    MoveSquare(luma_then, size_, square.left, square.top, dx, dy, moved[1]);
    SumDifferences({held.luma, luma_then, 1, size_}, -lighter, square.left, square.top, dx, dy, moved[2]);
    for (int i = 0; i < kSquarePixels; ++i) {
      const bool its = found.best[i] == k;
      was[i] = its ? moved[0][i] : was[i];
      luma_was[i] = its ? moved[1][i] : luma_was[i];
      luma_sums[i] = its ? moved[2][i] : luma_sums[i];
    }
  }
  for (int y = square.top; y < square.bottom; ++y) {
    const ptrdiff_t row = static_cast<ptrdiff_t>(y) * size_.width + square.left;
    for (int x = 0; x < square.right - square.left; ++x) {
      const int i = (y - square.top) * kSquare + x;
      const auto now = static_cast<float>(mask[row + x]);
      // Against the picture of back then, so that what changes slowly ends it; against the last one in
      // colour, as two things may have one luma.
      const float changed = std::max(luma_sums[i] / 9, found.distance[i]);
      const float still = std::clamp((kMoved - changed) / (kMoved - kStill), 0.0f, 1.0f);
      const float unsure = std::clamp((kSure - Sureness(now)) / (kSure - kUnsure), 0.0f, 1.0f);
      const float weight = std::abs(was[i] - now) < kSame ? 0 : held.weight * still * unsure;
      mask[row + x] = static_cast<uint8_t>(now + weight * (was[i] - now) + 0.5f);
      then_[static_cast<size_t>(row + x)] += weight * (luma_was[i] + lighter - held.luma[row + x]);
    }
  }
}

void MaskMover::Hold(float hold, const float* luma, std::vector<float>* luma_then,
                     const std::vector<uint8_t>& before, uint8_t* mask) {
  // What was held for long goes within some twenty frames all the same where the network says otherwise.
  constexpr float kMost = 0.9f;
  const Held held = {kMost * hold, luma, luma_then, &before};
  then_.resize(luma_then->size());
  pool_->ParallelFor(Squares().height, [&](int row, int) {
    const Square first = SquareAt(0, row);
    std::copy(luma + static_cast<ptrdiff_t>(first.top) * size_.width,
              luma + static_cast<ptrdiff_t>(first.bottom) * size_.width,
              then_.begin() + static_cast<ptrdiff_t>(first.top) * size_.width);
    for (int column = 0; column < Squares().width; ++column) {
      const Square square = SquareAt(column, row);
      if (Wavers(square, before, mask)) HoldSquare(held, square, mask);
    }
  });
  luma_then->swap(then_);
}

}  // namespace tempera::stylize
