#include "src/stylize/steady/steadier.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "src/base/checked_math.h"
#include "src/stylize/frame_blender.h"

namespace tempera::stylize {
namespace {

using kernels::kMostWarpBlock;
using kernels::kSubpixels;

// The weights' window reaches so far.
constexpr int kBorder = 2;

// The weight of the history at steadiness 1: errors of the motion add up over 1 / (1 - weight) frames, seven,
// so that a twentieth of a pixel is a third. After 48 frames a five-hundredth of what was before is left.
constexpr float kMostWeight = 0.88f;
// Differences of the source, in levels: noise of cameras and encoders lies below the first; from the second
// on another thing is seen.
constexpr float kOpen = 4, kClosed = 14;
// A block whose light changes by more than this beyond the frame's is painted afresh, by twice as much as
// it is more: what is flat looks like anything flat of another brightness.
constexpr float kOwnLight = 3;
// The frame's light holds still below that.
constexpr float kLight = 0.5f;
// A frame of which so much has no past follows a cut.
constexpr double kCut = 0.7;
constexpr int kLost = 24;  // levels

// `window` gets the numbers of a block, one more before and two more behind; outside, the edge goes on.
template <typename T>
void FillWindow(const T* plane, ptrdiff_t stride, Size frame, int x, int y, int columns, int rows,
                T* window) {
  for (int j = 0; j < rows + 3; ++j) {
    const T* const row = plane + std::clamp(y - 1 + j, 0, frame.height - 1) * stride;
    T* const to = window + j * (kMostWarpBlock + 3);
    for (int i = 0; i < columns + 3; ++i) to[i] = row[std::clamp(x - 1 + i, 0, frame.width - 1)];
  }
}

ptrdiff_t Stride(int numbers) { return static_cast<ptrdiff_t>(RoundUp(numbers, 16)); }

}  // namespace

Result<std::unique_ptr<Steadier>> Steadier::Create(Size frame, const PixelKernels& pixels,
                                                   const kernels::MotionKernels& motion, ThreadPool* pool) {
  TEMPERA_ASSIGN_OR_RETURN(MotionField field, MotionField::Create(frame, motion, pool));
  std::unique_ptr<Steadier> s(new Steadier(frame, pixels, motion, std::move(field), pool));
  s->source_stride_ = Stride(frame.width + 1);
  s->history_stride_ = Stride(frame.width);
  s->difference_stride_ = Stride(frame.width + 2 * kBorder);
  const auto height = static_cast<uint64_t>(frame.height);
  for (AlignedBuffer& b : s->sources_) {
    TEMPERA_ASSIGN_OR_RETURN(b,
                             AlignedBuffer::Allocate(3 * static_cast<uint64_t>(s->source_stride_) * height));
  }
  const uint64_t row_bytes = sizeof(float) * static_cast<uint64_t>(s->history_stride_);
  for (AlignedBuffer* b : {&s->history_, &s->moved_}) {
    TEMPERA_ASSIGN_OR_RETURN(*b, AlignedBuffer::Allocate(3 * row_bytes * height));
  }
  TEMPERA_ASSIGN_OR_RETURN(
      s->differences_,
      AlignedBuffer::Allocate(static_cast<uint64_t>(s->difference_stride_) * (height + 2 * kBorder)));
  TEMPERA_ASSIGN_OR_RETURN(
      s->numbers_, AlignedBuffer::Allocate(6 * row_bytes * static_cast<uint64_t>(pool->num_threads())));
  s->scratch_.resize(static_cast<size_t>(pool->num_threads()));
  s->row_sums_.resize(3 * static_cast<size_t>(frame.height));
  return s;
}

uint64_t Steadier::BytesFor(Size frame) {
  const auto height = static_cast<uint64_t>(frame.height);
  return 6 * static_cast<uint64_t>(Stride(frame.width + 1)) * height +
         6 * sizeof(float) * static_cast<uint64_t>(Stride(frame.width)) * height +
         static_cast<uint64_t>(Stride(frame.width + 2 * kBorder)) * (height + 2 * kBorder) +
         MotionField::BytesFor(frame);
}

// The buffers are this object's own.
uint8_t* Steadier::SourceRow(int which, int colour, int y) const {
  return const_cast<uint8_t*>(sources_[which].data()) +
         (static_cast<ptrdiff_t>(colour) * frame_.height + y) * source_stride_;
}
float* Steadier::HistoryRow(const AlignedBuffer& history, int colour, int y) const {
  return reinterpret_cast<float*>(const_cast<uint8_t*>(history.data())) +
         (static_cast<ptrdiff_t>(colour) * frame_.height + y) * history_stride_;
}
uint8_t* Steadier::DifferenceRow(int y) const {
  return const_cast<uint8_t*>(differences_.data()) + (y + kBorder) * difference_stride_ + kBorder;
}
float* Steadier::Numbers(int thread) const {
  return reinterpret_cast<float*>(const_cast<uint8_t*>(numbers_.data())) + 6 * thread * history_stride_;
}

bool Steadier::ReadSourceRow(const Image& source, int y, bool compare, float* numbers) {
  float* const planes[] = {numbers, numbers + history_stride_, numbers + 2 * history_stride_};
  ReadRow(*pixels_, source, y, {planes[0], planes[1], planes[2]});
  const int width = frame_.width;
  bool same = compare;
  for (int c = 0; c < 3; ++c) {
    uint8_t* const to = SourceRow(now_, c, y);
    motion_->to_bytes(planes[c], width, to);
    to[width] = to[width - 1];
    same = same && std::memcmp(to, SourceRow(1 - now_, c, y), static_cast<size_t>(width)) == 0;
  }
  return same;
}

bool Steadier::ReadSource(const Image& source) {
  std::atomic<bool> same = follows_;
  pool_->ParallelFor((frame_.height + 1) / 2, [&](int pair, int thread) {
    const uint8_t* rows[2][3];
    for (int i = 0; i < 2; ++i) {
      const int y = std::min(2 * pair + i, frame_.height - 1);
      for (int c = 0; c < 3; ++c) rows[i][c] = SourceRow(now_, c, y);
      if (i == 1 && y == 2 * pair) continue;
      if (!ReadSourceRow(source, y, same.load(std::memory_order_relaxed), Numbers(thread)))
        same.store(false, std::memory_order_relaxed);
    }
    motion_->half_luma(rows[0], rows[1], (frame_.width + 1) / 2, field_.HalfRow(pair));
  });
  return same.load();
}

void Steadier::MoveRun(const Run& run, Scratch* scratch) {
  const int x = run.x + run.dx, y = run.y + run.dy;
  const bool parts = run.fx != 0 || run.fy != 0;
  const int before = parts ? 1 : 0, behind = parts ? 2 : 0;
  const bool inside = x - before >= 0 && y - before >= 0 && x + run.columns + behind <= frame_.width &&
                      y + run.rows + behind <= frame_.height;
  constexpr ptrdiff_t kWindow = Scratch::kWindow;
  for (int c = 0; c < 3; ++c) {
    const float* const history = HistoryRow(history_, c, 0);
    const uint8_t* const source = SourceRow(1 - now_, c, 0);
    kernels::WarpFrom from = {scratch->window + kWindow + 1, kWindow};
    kernels::WarpBytesFrom bytes = {scratch->byte_window + kWindow + 1, kWindow};
    if (inside) {
      from = {history + y * history_stride_ + x, history_stride_};
      bytes = {source + y * source_stride_ + x, source_stride_};
    } else {
      FillWindow(history, history_stride_, frame_, x, y, run.columns, run.rows, scratch->window);
      FillWindow(source, source_stride_, frame_, x, y, run.columns, run.rows, scratch->byte_window);
    }
    motion_->warp(from, run.fx, run.fy, run.rows, run.columns, HistoryRow(moved_, c, run.y) + run.x,
                  history_stride_);
    motion_->warp_bytes(bytes, run.fx, run.fy, run.rows, run.columns, scratch->before[c], kMostWarpBlock);
  }
}

void Steadier::CompareRow(const Run& run, int by, int row, const Scratch& scratch) {
  const int y = run.y + row, from_y = y + run.dy, side = field_.block_side();
  uint8_t* const out = DifferenceRow(y) + run.x;
  // What was outside of the frame has no past.
  if (from_y < 0 || from_y + (run.fy != 0 ? 1 : 0) >= frame_.height) {
    std::memset(out, 255, static_cast<size_t>(run.columns));
    return;
  }
  for (int at = 0; at < run.columns; at += side) {
    const int columns = std::min(side, run.columns - at);
    const float lighter = field_.block((run.x + at) / side, by).lighter;
    const uint8_t* now[3];
    const float* before[3];
    for (int c = 0; c < 3; ++c) {
      now[c] = SourceRow(now_, c, y) + run.x + at;
      before[c] = scratch.before[c] + row * kMostWarpBlock + at;
    }
    motion_->difference(now, before, lighter, columns, out + at);
    const float own = std::abs(lighter - field_.lighter()) - kOwnLight;
    if (!(own > 0)) continue;
    const int more = static_cast<int>(std::min(2 * own, 255.0f));
    for (int i = at; i < at + columns; ++i) out[i] = static_cast<uint8_t>(std::min(255, out[i] + more));
  }
  const int first = std::clamp(-(run.x + run.dx), 0, run.columns);
  const int end = std::clamp(frame_.width - (run.fx != 0 ? 1 : 0) - (run.x + run.dx), first, run.columns);
  std::memset(out, 255, static_cast<size_t>(first));
  std::memset(out + end, 255, static_cast<size_t>(run.columns - end));
}

void Steadier::MoveBlocks(int by, Scratch* scratch) {
  const int side = field_.block_side(), count = field_.blocks().width;
  Run run;
  run.y = by * side, run.rows = std::min(side, frame_.height - run.y);
  int last = 0;
  for (int bx = 0; bx < count; bx = last) {
    const MotionField::Block& first = field_.block(bx, by);
    last = bx + 1;
    while (last < count && (last + 1 - bx) * side <= kMostWarpBlock && field_.block(last, by).x == first.x &&
           field_.block(last, by).y == first.y) {
      ++last;
    }
    run.x = bx * side, run.columns = std::min(last * side, frame_.width) - run.x;
    run.fx = first.x & (kSubpixels - 1), run.fy = first.y & (kSubpixels - 1);
    run.dx = (first.x - run.fx) / kSubpixels, run.dy = (first.y - run.fy) / kSubpixels;
    MoveRun(run, scratch);
    for (int row = 0; row < run.rows; ++row) CompareRow(run, by, row, *scratch);
  }
}

bool Steadier::FollowsAfterAll() const {
  int64_t lost = 0;
  for (int y = 0; y < frame_.height; ++y) {
    const uint8_t* const row = DifferenceRow(y);
    lost += std::count_if(row, row + frame_.width, [](uint8_t d) { return d > kLost; });
  }
  return static_cast<double>(lost) < kCut * frame_.width * frame_.height;
}

void Steadier::Begin(const Image& source, float steadiness, float like_before) {
  const bool same = ReadSource(source);
  use_ = same && like_before == 1 ? Use::kRepeated : Use::kFresh;
  const bool moves = follows_ && !same && like_before > 0;
  field_.Advance(moves);
  if (moves) {
    pool_->ParallelFor(field_.blocks().height,
                       [&](int by, int thread) { MoveBlocks(by, &scratch_[static_cast<size_t>(thread)]); });
    if (FollowsAfterAll()) use_ = Use::kMixed;
    const float rest = 1 - steadiness;
    gate_ = {kMostWeight * (1 - rest * rest) * like_before, kOpen, kClosed};
  }
  now_ = 1 - now_;
  // Until it is painted.
  follows_ = false;
}

void Steadier::Keep(int y, int x, int columns, const RgbRow& painted) {
  if (use_ == Use::kRepeated) return;
  const float* const planes[] = {painted.r, painted.g, painted.b};
  const size_t bytes = static_cast<size_t>(columns) * sizeof(float);
  for (int c = 0; c < 3; ++c) std::memcpy(HistoryRow(history_, c, y) + x, planes[c], bytes);
}

void Steadier::FindLighter() {
  std::fill_n(lighter_, 3, 0.0f);
  const float most = 2 * std::abs(field_.lighter());
  if (most < 2 * kLight) return;
  const auto height = static_cast<size_t>(frame_.height);
  pool_->ParallelFor(frame_.height, [&](int y, int) {
    for (int c = 0; c < 3; ++c) {
      row_sums_[static_cast<size_t>(c) * height + static_cast<size_t>(y)] =
          motion_->sum_difference(HistoryRow(history_, c, y), HistoryRow(moved_, c, y), frame_.width);
    }
  });
  for (int c = 0; c < 3; ++c) {
    double sum = 0;
    for (size_t y = 0; y < height; ++y) sum += row_sums_[static_cast<size_t>(c) * height + y];
    const auto mean = static_cast<float>(sum / frame_.width / frame_.height);
    lighter_[c] = std::clamp(mean, -most, most);
  }
}

void Steadier::MixRow(int y, float* weights) {
  const uint8_t* rows[5];
  for (int k = 0; k < 5; ++k) rows[k] = DifferenceRow(y - 2 + k);
  motion_->weights(rows, gate_, frame_.width, weights);
  for (int c = 0; c < 3; ++c)
    motion_->mix(HistoryRow(history_, c, y), HistoryRow(moved_, c, y), weights, lighter_[c], frame_.width);
}

void Steadier::End(const FrameBlender& blender) {
  if (use_ == Use::kMixed) FindLighter();
  pool_->ParallelFor((frame_.height + 1) / 2, [&](int pair, int thread) {
    float* const numbers = Numbers(thread);
    const int y = 2 * pair, count = std::min(2, frame_.height - y);
    RgbRow rows[2] = {};
    for (int i = 0; i < count; ++i) {
      if (use_ == Use::kMixed) MixRow(y + i, numbers);
    }
    // What is written is scribbled on.
    for (int i = 0; i < count; ++i) {
      float* to[3];
      for (int c = 0; c < 3; ++c) {
        to[c] = numbers + (3 * i + c) * history_stride_;
        std::memcpy(to[c], HistoryRow(history_, c, y + i), static_cast<size_t>(frame_.width) * sizeof(float));
      }
      rows[i] = {to[0], to[1], to[2]};
    }
    blender.Write(y, count, 0, frame_.width, rows);
  });
  follows_ = true;
}

}  // namespace tempera::stylize
