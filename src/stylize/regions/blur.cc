#include "src/stylize/regions/blur.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tempera::stylize {
namespace {

// Half of a Gaussian, from its middle on; all of it sums to one.
std::vector<float> BellOf(double deviation) {
  // Beyond three deviations lie 0.3 % of it.
  const int reach = std::max(1, static_cast<int>(std::ceil(3 * deviation)));
  std::vector<double> bell;
  double sum = 0;
  for (int k = 0; k <= reach; ++k) {
    bell.push_back(std::exp(-0.5 * k * k / (deviation * deviation)));
    sum += (k == 0 ? 1 : 2) * bell.back();
  }
  std::vector<float> weights;
  for (const double b : bell) weights.push_back(static_cast<float>(b / sum));
  return weights;
}

RgbRow RowOf(std::vector<float>& planes, int y, int width) {
  float* const p = planes.data() + static_cast<ptrdiff_t>(y) * 3 * width;
  return {p, p + width, p + 2 * static_cast<ptrdiff_t>(width)};
}

void CopyRow(const RgbRow& from, const RgbRow& to, int width) {
  const size_t bytes = static_cast<size_t>(width) * sizeof(float);
  std::memcpy(to.r, from.r, bytes);
  std::memcpy(to.g, from.g, bytes);
  std::memcpy(to.b, from.b, bytes);
}

// Rows that a thread does one after the other: it keeps those that it has narrowed or enlarged.
constexpr int kBand = 16;

template <typename F>
void ForBands(ThreadPool* pool, int rows, F&& fn) {
  pool->ParallelFor((rows + kBand - 1) / kBand, [&](int band, int thread) {
    fn(band * kBand, std::min(rows, (band + 1) * kBand), static_cast<size_t>(thread));
  });
}

}  // namespace

void Blur::Measure(Size frame, float pixels) {
  if (frame == frame_ && pixels == pixels_) return;
  frame_ = {};  // until all is made: memory may run out on the way
  const double step = std::max(1.0, std::floor(pixels / 3.0));
  const auto narrowed = [&](int count) { return std::max(1, static_cast<int>(std::ceil(count / step))); };
  small_size_ = {narrowed(frame.width), narrowed(frame.height)};
  // What averaging over squares and enlarging add to the width is a fifth of it at most, and is left out.
  const double added = step > 1 ? step * step / 4 : 0;
  const double own = std::sqrt(std::max(0.04, static_cast<double>(pixels) * pixels - added));
  narrow_x_ = MakeResampleAxis(frame.width, 0, frame.width, small_size_.width);
  narrow_y_ = MakeResampleAxis(frame.height, 0, frame.height, small_size_.height);
  bell_x_ = BellOf(own * small_size_.width / frame.width);
  bell_y_ = BellOf(own * small_size_.height / frame.height);
  wide_x_ = MakeResampleAxis(small_size_.width, 0, small_size_.width, frame.width);
  wide_y_ = MakeResampleAxis(small_size_.height, 0, small_size_.height, frame.height);
  narrow_.clear(), wide_.clear();
  for (int i = 0; i < pool_->num_threads(); ++i) {
    narrow_.emplace_back(narrow_x_, narrow_y_, *kernels_);
    wide_.emplace_back(wide_x_, wide_y_, *kernels_);
  }
  const size_t small = 3 * static_cast<size_t>(small_size_.width) * static_cast<size_t>(small_size_.height);
  small_.resize(small), soft_.resize(small);
  padded_.assign(static_cast<size_t>(pool_->num_threads()),
                 std::vector<float>(static_cast<size_t>(small_size_.width) + 2 * bell_x_.size()));
  rows_.assign(static_cast<size_t>(pool_->num_threads()),
               std::vector<float>(6 * static_cast<size_t>(frame.width)));
  frame_ = frame, pixels_ = pixels;
}

// A row of small_ to one of soft_; it goes on beyond its ends as they end.
void Blur::SoftenAlong(int y, size_t thread) {
  const int width = small_size_.width, reach = static_cast<int>(bell_x_.size()) - 1;
  std::vector<float>& padded = padded_[thread];
  for (int colour = 0; colour < 3; ++colour) {
    const ptrdiff_t at = (3 * static_cast<ptrdiff_t>(y) + colour) * width;
    float* const row = padded.data() + reach;
    std::memcpy(row, small_.data() + at, static_cast<size_t>(width) * sizeof(float));
    std::fill(padded.data(), row, row[0]);
    std::fill(row + width, row + width + reach, row[width - 1]);
    for (int k = -reach; k <= reach; ++k)
      kernels_->accumulate(row + k, width, bell_x_[static_cast<size_t>(std::abs(k))], k == -reach,
                           soft_.data() + at);
  }
}

// Rows of soft_ to one of small_.
void Blur::SoftenAcross(int y) {
  const int row = 3 * small_size_.width, reach = static_cast<int>(bell_y_.size()) - 1;
  for (int k = -reach; k <= reach; ++k) {
    const int from = std::clamp(y + k, 0, small_size_.height - 1);
    kernels_->accumulate(soft_.data() + static_cast<ptrdiff_t>(from) * row, row,
                         bell_y_[static_cast<size_t>(std::abs(k))], k == -reach,
                         small_.data() + static_cast<ptrdiff_t>(y) * row);
  }
}

void Blur::Run(const Image& in, float pixels, const Image& out) {
  Measure(in.size(), pixels);
  for (auto* all : {&narrow_, &wide_}) {
    for (RowResampler& r : *all) r.Reset();
  }
  ForBands(pool_, small_size_.height, [&](int begin, int end, size_t thread) {
    const auto fetch = [&](int row, RgbRow to) { ReadRow(*kernels_, in, row, to); };
    for (int y = begin; y < end; ++y) narrow_[thread].Row(y, fetch, RowOf(small_, y, small_size_.width));
  });
  pool_->ParallelFor(small_size_.height,
                     [&](int y, int thread) { SoftenAlong(y, static_cast<size_t>(thread)); });
  pool_->ParallelFor(small_size_.height, [&](int y, int) { SoftenAcross(y); });
  ForBands(pool_, frame_.height, [&](int begin, int end, size_t thread) {
    const auto fetch = [&](int row, RgbRow to) {
      CopyRow(RowOf(small_, row, small_size_.width), to, small_size_.width);
    };
    for (int y = begin; y < end; y += 2) {
      const int count = std::min(2, end - y);
      const RgbRow rows[2] = {RowOf(rows_[thread], 0, frame_.width), RowOf(rows_[thread], 1, frame_.width)};
      for (int i = 0; i < count; ++i) wide_[thread].Row(y + i, fetch, rows[i]);
      WriteRows(*kernels_, out, y, count, rows);
      for (int i = 0; HasAlpha(out.format) && i < count; ++i) WriteAlpha(in, out, y + i, 0, frame_.width);
    }
  });
}

}  // namespace tempera::stylize
