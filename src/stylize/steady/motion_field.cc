#include "src/stylize/steady/motion_field.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tempera::stylize {
namespace {

using kernels::Displacement;
using kernels::kPatch;

// Patches lie every kStep pixels of their level, and overlap by half.
constexpr int kStep = kPatch / 2;
// Pixels about a level, so that no patch near an edge is an exception.
constexpr int kBorder = 16;
// The finest level searched has at most so many pixels a side, or else gives the largest blocks that are
// moved at once (4K and more: an eighth of the size): motion of a frame of 640x360 is found at half its size,
// of 1920x1080 at a quarter.
constexpr int kMostExtent = 512;
constexpr size_t kMostFinest = 2;
static_assert(kStep << (kMostFinest + 1) <= kernels::kMostWarpBlock);
// No smaller level: a patch would be the whole picture.
constexpr int kLeastExtent = 12;

Size Halved(Size s) { return {(s.width + 1) / 2, (s.height + 1) / 2}; }
Size GridOf(Size level) { return {(level.width + kStep - 1) / kStep, (level.height + kStep - 1) / kStep}; }

// About the middle of its block, and inside of the picture where that has room.
int PatchBegin(int index, int extent) {
  return std::clamp(index * kStep - kStep / 2, 0, std::max(0, extent - kPatch));
}

size_t FinestLevel(Size frame) {
  size_t finest = 0;
  for (Size s = Halved(frame); finest < kMostFinest && std::max(s.width, s.height) > kMostExtent;
       s = Halved(s))
    ++finest;
  return finest;
}

std::vector<Size> LevelSizes(Size frame) {
  std::vector<Size> sizes = {Halved(frame)};
  const size_t finest = FinestLevel(frame);
  while (sizes.size() <= finest || std::min(sizes.back().width, sizes.back().height) >= 2 * kLeastExtent)
    sizes.push_back(Halved(sizes.back()));
  return sizes;
}

uint64_t PlaneBytes(Size s) {
  return (static_cast<uint64_t>(s.width) + 2 * kBorder) * (static_cast<uint64_t>(s.height) + 2 * kBorder) *
         sizeof(float);
}

}  // namespace

uint64_t MotionField::BytesFor(Size frame) {
  uint64_t bytes = PlaneBytes(Halved(frame));
  for (const Size s : LevelSizes(frame)) {
    const Size grid = GridOf(s);
    bytes += 2 * PlaneBytes(s) + static_cast<uint64_t>(grid.width) * static_cast<uint64_t>(grid.height) *
                                     (sizeof(Displacement) + sizeof(Block) + sizeof(float));
  }
  return bytes;
}

Result<MotionField> MotionField::Create(Size frame, const kernels::MotionKernels& kernels, ThreadPool* pool) {
  MotionField field(kernels, pool);
  field.finest_ = FinestLevel(frame);
  for (const Size s : LevelSizes(frame)) {
    Level& level = field.levels_.emplace_back();
    level.size = s;
    level.stride = s.width + 2 * kBorder;
    for (AlignedBuffer& plane : level.planes) {
      TEMPERA_ASSIGN_OR_RETURN(plane, AlignedBuffer::Allocate(PlaneBytes(s)));
    }
    const Size grid = GridOf(s);
    level.found.resize(static_cast<size_t>(grid.width) * static_cast<size_t>(grid.height));
  }
  field.half_.size = field.levels_[0].size, field.half_.stride = field.levels_[0].stride;
  TEMPERA_ASSIGN_OR_RETURN(field.half_.planes[0], AlignedBuffer::Allocate(PlaneBytes(field.half_.size)));
  field.blocks_.resize(field.levels_[field.finest_].found.size());
  field.sorted_.resize(field.blocks_.size());
  return field;
}

Size MotionField::Grid(size_t level) const { return GridOf(levels_[level].size); }

float* MotionField::Origin(const Level& level, int which) {
  // The buffers are this object's own.
  auto* const p = reinterpret_cast<float*>(const_cast<uint8_t*>(level.planes[which].data()));
  return p + kBorder * level.stride + kBorder;
}

float* MotionField::HalfRow(int y) { return Origin(half_, 0) + y * half_.stride; }

void MotionField::RepeatEdges(const Level& level, float* origin) {
  const int width = level.size.width, height = level.size.height;
  for (int y = 0; y < height; ++y) {
    float* const row = origin + y * level.stride;
    std::fill_n(row - kBorder, kBorder, row[0]);
    std::fill_n(row + width, kBorder, row[width - 1]);
  }
  const size_t bytes = static_cast<size_t>(level.stride) * sizeof(float);
  for (int i = 1; i <= kBorder; ++i) {
    std::memcpy(origin - kBorder - i * level.stride, origin - kBorder, bytes);
    float* const last = origin - kBorder + (height - 1) * level.stride;
    std::memcpy(last + i * level.stride, last, bytes);
  }
}

void MotionField::SearchRow(size_t index, int gy) {
  Level& level = levels_[index];
  const Size grid = GridOf(level.size);
  const float* const now = Origin(level, now_);
  const float* const before = Origin(level, 1 - now_);
  Displacement* const found = &level.found[static_cast<size_t>(gy) * static_cast<size_t>(grid.width)];
  const int y = PatchBegin(gy, level.size.height);
  const bool coarsest = index + 1 == levels_.size();
  for (int gx = 0; gx < grid.width; ++gx) {
    const int x = PatchBegin(gx, level.size.width);
    const ptrdiff_t at = y * level.stride + x;
    const Displacement low = {static_cast<float>(1 - kBorder - x), static_cast<float>(1 - kBorder - y)};
    const Displacement high = {static_cast<float>(level.size.width + kBorder - kPatch - 2 - x),
                               static_cast<float>(level.size.height + kBorder - kPatch - 2 - y)};
    Displacement start;
    float least = kernels_->patch_distance(now + at, level.stride, before + at, level.stride, start, nullptr);
    const auto consider = [&](Displacement d) {
      d.x = std::clamp(d.x, low.x, high.x), d.y = std::clamp(d.y, low.y, high.y);
      const float distance =
          kernels_->patch_distance(now + at, level.stride, before + at, level.stride, d, nullptr);
      if (distance < least) least = distance, start = d;
    };
    if (!coarsest) {
      const Level& above = levels_[index + 1];
      const Size coarse = GridOf(above.size);
      // The patch that holds this one, and those on the sides it lies at.
      const auto parent = [&](int px, int py) {
        px = std::clamp(px, 0, coarse.width - 1), py = std::clamp(py, 0, coarse.height - 1);
        const Displacement d =
            above
                .found[static_cast<size_t>(py) * static_cast<size_t>(coarse.width) + static_cast<size_t>(px)];
        consider({2 * d.x, 2 * d.y});
      };
      parent(gx / 2, gy / 2);
      parent(gx / 2 + (gx % 2 != 0 ? 1 : -1), gy / 2);
      parent(gx / 2, gy / 2 + (gy % 2 != 0 ? 1 : -1));
    }
    if (gx > 0) consider(found[gx - 1]);
    found[gx] =
        kernels_
            ->fit_patch(now + at, level.stride, before + at, level.stride, start, low, high, coarsest ? 8 : 6)
            .by;
  }
}

void MotionField::ChooseRow(int gy) {
  const Level& level = levels_[finest_];
  const Size grid = GridOf(level.size);
  const float* const now = Origin(level, now_);
  const float* const before = Origin(level, 1 - now_);
  const int y = PatchBegin(gy, level.size.height);
  for (int gx = 0; gx < grid.width; ++gx) {
    const int x = PatchBegin(gx, level.size.width);
    const ptrdiff_t at = y * level.stride + x;
    const float low_x = static_cast<float>(1 - kBorder - x), low_y = static_cast<float>(1 - kBorder - y);
    const float high_x = static_cast<float>(level.size.width + kBorder - kPatch - 2 - x);
    const float high_y = static_cast<float>(level.size.height + kBorder - kPatch - 2 - y);
    const auto found = [&](int i, int j) {
      const auto cx = static_cast<size_t>(std::clamp(i, 0, grid.width - 1));
      const auto cy = static_cast<size_t>(std::clamp(j, 0, grid.height - 1));
      return level.found[cy * static_cast<size_t>(grid.width) + cx];
    };
    Displacement best;
    float mean = 0;
    // What holds still is to hold still exactly: standing is believed unless moving is clearly better. A
    // third of a level of noise a pixel decides nothing.
    constexpr float kNoise = 0.1f * kPatch * kPatch;
    const float still =
        kernels_->patch_distance(now + at, level.stride, before + at, level.stride, best, &mean);
    float least = 0.8f * still - kNoise;
    const auto consider = [&](Displacement d) {
      d.x = std::clamp(d.x, low_x, high_x), d.y = std::clamp(d.y, low_y, high_y);
      float lighter = 0;
      const float distance =
          kernels_->patch_distance(now + at, level.stride, before + at, level.stride, d, &lighter);
      if (distance < least) least = distance, best = d, mean = lighter;
    };
    if (still > kNoise) {
      consider(found(gx, gy));
      consider(found(gx - 1, gy));
      consider(found(gx + 1, gy));
      consider(found(gx, gy - 1));
      consider(found(gx, gy + 1));
    }
    const float scale = static_cast<float>(kernels::kSubpixels * (2 << finest_));
    Block& block =
        blocks_[static_cast<size_t>(gy) * static_cast<size_t>(grid.width) + static_cast<size_t>(gx)];
    block.x = static_cast<int>(std::lround(best.x * scale));
    block.y = static_cast<int>(std::lround(best.y * scale));
    block.lighter = mean;
  }
}

void MotionField::FindLighter() {
  for (size_t i = 0; i < blocks_.size(); ++i) sorted_[i] = blocks_[i].lighter;
  const auto middle = sorted_.begin() + static_cast<ptrdiff_t>(sorted_.size() / 2);
  std::nth_element(sorted_.begin(), middle, sorted_.end());
  lighter_ = *middle;
}

void MotionField::Advance(bool follows) {
  RepeatEdges(half_, Origin(half_, 0));
  // Between pixels noise is less than at them: patches would be found half a pixel beside where they are.
  // Smoothing leaves less of it, and makes what is left alike.
  pool_->ParallelFor(half_.size.height, [&](int y, int) {
    const float* const row = HalfRow(y);
    const float* const rows[3] = {row - half_.stride, row, row + half_.stride};
    kernels_->smooth(rows, half_.size.width, Origin(levels_[0], now_) + y * levels_[0].stride);
  });
  RepeatEdges(levels_[0], Origin(levels_[0], now_));
  for (size_t i = 1; i < levels_.size(); ++i) {
    const Level& from = levels_[i - 1];
    const Level& to = levels_[i];
    pool_->ParallelFor(to.size.height, [&](int y, int) {
      const float* const top = Origin(from, now_) + 2 * y * from.stride;
      kernels_->halve(top, top + from.stride, to.size.width, Origin(to, now_) + y * to.stride);
    });
    RepeatEdges(to, Origin(to, now_));
  }
  if (follows) {
    for (size_t i = levels_.size(); i-- > finest_;) {
      pool_->ParallelFor(Grid(i).height, [&](int gy, int) { SearchRow(i, gy); });
    }
    pool_->ParallelFor(Grid(finest_).height, [&](int gy, int) { ChooseRow(gy); });
    FindLighter();
  }
  now_ = 1 - now_;
}

}  // namespace tempera::stylize
