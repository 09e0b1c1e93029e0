#include "src/stylize/mask/edge_drawer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tempera::stylize {
namespace {

using kernels::kEdgeCoefficients;
using kernels::kEdgePadding;
using kernels::kEdgeRadius;
using kernels::kEdgeSide;
using kernels::kEdgeSums;

// Levels by which the colours of one thing differ by noise. Of synthetic cut-outs (edge_drawer_test.cc) 4 to
// 8 have the least error; photographs have more texture.
constexpr float kNoise = 6;
// A fit is soft for as long as the network's mask is: the curve takes a quarter off at either end.
constexpr kernels::EdgeCurve kCurve = {0.25f};

}  // namespace

void EdgeDrawer::Measure(Size frame, Size size) {
  if (frame == frame_ && size == size_) return;
  frame_ = {};  // until all is made: memory may run out on the way
  size_ = size;
  stride_ = size.width + kRoom;
  const auto count = [](int n) { return (n + kBlock - 1) / kBlock; };
  blocks_ = {count(size.width), count(size.height)};
  first_.assign(static_cast<size_t>(frame.width + kEdgePadding), 0);
  between_.assign(first_.size(), 0.0f);
  for (int x = 0; x < frame.width; ++x) {
    const double at = std::clamp((x + 0.5) * size.width / frame.width - 0.5, 0.0, size.width - 1.0);
    first_[static_cast<size_t>(x)] = static_cast<int>(at);
    between_[static_cast<size_t>(x)] = static_cast<float>(at - static_cast<int>(at));
  }
  std::fill(first_.begin() + frame.width, first_.end(), first_[static_cast<size_t>(frame.width - 1)]);
  block_columns_.clear();
  for (int b = 0; b <= blocks_.width; ++b) {
    const int64_t begin = (int64_t{b} * kBlock * frame.width + size.width - 1) / size.width;
    block_columns_.push_back(static_cast<int>(std::min<int64_t>(begin, frame.width)));
  }
  const auto blocks = static_cast<size_t>(blocks_.width) * static_cast<size_t>(blocks_.height);
  inside_.resize(blocks), flat_.resize(blocks);
  fits_.resize(static_cast<size_t>(size.height)), smooths_.resize(static_cast<size_t>(size.height));
  fitted_.assign(kEdgeCoefficients * static_cast<size_t>(size.height) * static_cast<size_t>(stride_), 0.0f);
  smooth_.assign(fitted_.size(), 0.0f);
  scratch_.resize(static_cast<size_t>(pool_->num_threads()));
  const auto stride = static_cast<size_t>(stride_),
             wide = static_cast<size_t>(frame.width + kEdgePadding + 2);
  for (Scratch& s : scratch_) {
    s.sums.assign(kEdgeSums * stride, 0.0f), s.boxes.assign(kEdgeSums * stride, 0.0f);
    s.mask.assign(stride, 0.0f), s.row.assign(stride, 0.0f);
    s.mixed.assign(kEdgeCoefficients * stride, 0.0f);
    s.colours.assign(3 * wide, 0.0f), s.drawn.assign(wide, 0);
  }
  for (int i = 0; i < 256; ++i) {
    const float t = std::clamp((static_cast<float>(i) / 255 - kCurve.low) / (1 - 2 * kCurve.low), 0.0f, 1.0f);
    curve_[i] = static_cast<uint8_t>(255 * t * t * (3 - 2 * t) + 0.5f);
  }
  frame_ = frame;
}

void EdgeDrawer::FindBlocks(const uint8_t* mask) {
  const auto at = [&](int bx, int by) { return static_cast<size_t>(by * blocks_.width + bx); };
  for (int by = 0; by < blocks_.height; ++by) {
    const int bottom = std::min(size_.height, (by + 1) * kBlock);
    for (int bx = 0; bx < blocks_.width; ++bx) {
      const int left = bx * kBlock, columns = std::min(size_.width - left, kBlock);
      const uint8_t value = mask[by * kBlock * size_.width + left];
      bool same = true;
      for (int y = by * kBlock; same && y < bottom; ++y) {
        const uint8_t* row = mask + y * size_.width + left;
        same = std::all_of(row, row + columns, [value](uint8_t m) { return m == value; });
      }
      inside_[at(bx, by)] = same ? value : kEdge;
    }
  }
  std::fill(fits_.begin(), fits_.end(), uint8_t{0});
  std::fill(smooths_.begin(), smooths_.end(), uint8_t{0});
  const auto ask = [&](std::vector<uint8_t>& rows, int begin, int end) {
    for (int y = std::max(0, begin); y < std::min(size_.height, end); ++y) rows[static_cast<size_t>(y)] = 1;
  };
  for (int by = 0; by < blocks_.height; ++by) {
    for (int bx = 0; bx < blocks_.width; ++bx) {
      int& flat = flat_[at(bx, by)] = inside_[at(bx, by)];
      for (int j = std::max(0, by - 1); j <= std::min(blocks_.height - 1, by + 1); ++j) {
        for (int i = std::max(0, bx - 1); i <= std::min(blocks_.width - 1, bx + 1); ++i)
          if (inside_[at(i, j)] != flat) flat = kEdge;
      }
      if (flat != kEdge) continue;
      const int begin = by * kBlock - 1, end = (by + 1) * kBlock + 1;
      ask(smooths_, begin, end);
      ask(fits_, begin - kEdgeRadius, end + kEdgeRadius);
    }
  }
}

void EdgeDrawer::Extend(float* row) const {
  std::fill(row - kEdgeRadius, row, row[0]);
  std::fill(row + size_.width, row + size_.width + kEdgeRadius, row[size_.width - 1]);
}

void EdgeDrawer::FitRow(const float* small, const uint8_t* mask, int y, Scratch* s) {
  const int width = size_.width;
  constexpr float kByte = 1.0f / 255;
  const ptrdiff_t plane = static_cast<ptrdiff_t>(width) * size_.height;
  float *sums[kEdgeSums], *boxes[kEdgeSums];
  for (int i = 0; i < kEdgeSums; ++i) {
    sums[i] = s->sums.data() + i * stride_ + kBefore;
    boxes[i] = s->boxes.data() + i * stride_;
  }
  for (int k = -kEdgeRadius; k <= kEdgeRadius; ++k) {
    const ptrdiff_t row = static_cast<ptrdiff_t>(std::clamp(y + k, 0, size_.height - 1)) * width;
    for (int x = 0; x < width; ++x)
      s->mask[static_cast<size_t>(x)] = kByte * static_cast<float>(mask[row + x]);
    float* const from = const_cast<float*>(small) + row;  // only read
    edges_->add_row({from, from + plane, from + 2 * plane}, s->mask.data(), width, k == -kEdgeRadius, sums);
  }
  for (int i = 0; i < kEdgeSums; ++i) {
    Extend(sums[i]);
    edges_->box(sums[i], width, boxes[i]);
  }
  float* const to[] = {Row(fitted_, 0, y), Row(fitted_, 1, y), Row(fitted_, 2, y), Row(fitted_, 3, y)};
  edges_->fit(boxes, kNoise, width, to);
}

void EdgeDrawer::SmoothRow(int y, Scratch* s) {
  float* const sum = s->row.data() + kBefore;
  for (int c = 0; c < kEdgeCoefficients; ++c) {
    for (int k = -kEdgeRadius; k <= kEdgeRadius; ++k) {
      edges_->add(Row(fitted_, c, std::clamp(y + k, 0, size_.height - 1)), size_.width, k == -kEdgeRadius,
                  sum);
    }
    Extend(sum);
    edges_->box(sum, size_.width, Row(smooth_, c, y));
  }
}

void EdgeDrawer::DrawRow(const Image& frame, int y, Scratch* s, uint8_t* out) const {
  const double at = std::clamp((y + 0.5) * size_.height / frame_.height - 0.5, 0.0, size_.height - 1.0);
  const int top = static_cast<int>(at), bottom = std::min(top + 1, size_.height - 1);
  const int cell = static_cast<int>((int64_t{2} * y + 1) * size_.height / (int64_t{2} * frame_.height));
  const int* const flat = &flat_[static_cast<size_t>(cell / kBlock * blocks_.width)];
  constexpr float kShare = 1.0f / (kEdgeSide * kEdgeSide);
  const float* mixed[kEdgeCoefficients];
  for (int c = 0; c < kEdgeCoefficients; ++c) mixed[c] = s->mixed.data() + c * stride_;
  for (int b = 0; b < blocks_.width;) {
    int end = b + 1;
    while (end < blocks_.width && flat[end] == flat[b]) ++end;
    const int begin = block_columns_[static_cast<size_t>(b)];
    const int columns = block_columns_[static_cast<size_t>(end)] - begin;
    if (flat[b] != kEdge) {
      std::memset(out + begin, curve_[flat[b]], static_cast<size_t>(columns));
    } else if (columns > 0) {
      const int from = std::max(0, b * kBlock - 1), to = std::min(size_.width, end * kBlock + 1);
      for (int c = 0; c < kEdgeCoefficients; ++c) {
        const auto row = [&](int r) {
          return smooth_.data() + (static_cast<ptrdiff_t>(c) * size_.height + r) * stride_ + from;
        };
        edges_->mix_rows(row(top), row(bottom), static_cast<float>(at - top), kShare, to - from,
                         s->mixed.data() + c * stride_ + from);
      }
      // Pixels are read from an even column on.
      const int even = begin % 2;
      const ptrdiff_t wide = frame_.width + kEdgePadding + 2;
      float* const p = s->colours.data();
      ReadPixels(*pixels_, frame, y, begin - even, columns + even, {p, p + wide, p + 2 * wide});
      edges_->draw({p + even, p + wide + even, p + 2 * wide + even}, mixed, first_.data() + begin,
                   between_.data() + begin, columns, kCurve, s->drawn.data());
      std::memcpy(out + begin, s->drawn.data(), static_cast<size_t>(columns));
    }
    b = end;
  }
}

void EdgeDrawer::Draw(const Image& frame, Size size, const float* small, const uint8_t* mask, uint8_t* out) {
  Measure(frame.size(), size);
  FindBlocks(mask);
  const auto scratch = [&](int thread) { return &scratch_[static_cast<size_t>(thread)]; };
  pool_->ParallelFor(size.height, [&](int y, int thread) {
    if (fits_[static_cast<size_t>(y)] != 0) FitRow(small, mask, y, scratch(thread));
  });
  pool_->ParallelFor(size.height, [&](int y, int thread) {
    if (smooths_[static_cast<size_t>(y)] != 0) SmoothRow(y, scratch(thread));
  });
  // Few rows a task: edges are not spread evenly.
  constexpr int kRows = 8;
  pool_->ParallelFor((frame.height + kRows - 1) / kRows, [&](int task, int thread) {
    for (int y = task * kRows; y < std::min(frame.height, (task + 1) * kRows); ++y)
      DrawRow(frame, y, scratch(thread), out + static_cast<ptrdiff_t>(y) * frame.width);
  });
}

}  // namespace tempera::stylize
