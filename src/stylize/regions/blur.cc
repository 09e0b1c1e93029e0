#include "src/stylize/regions/blur.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tempera::stylize {
namespace {

// A Gaussian over `count` numbers, which go on beyond their ends as they end.
ResampleAxis BellAxis(int count, double deviation) {
  ResampleAxis axis;
  axis.source_count = axis.count = count;
  // Beyond three deviations lie 0.3 % of it.
  const int reach = std::max(1, static_cast<int>(std::ceil(3 * deviation)));
  axis.taps = std::min(count, 2 * reach + 1);
  const auto taps = static_cast<size_t>(axis.taps);
  axis.first.resize(static_cast<size_t>(count));
  axis.weights.resize(static_cast<size_t>(count) * taps);
  std::vector<double> bell(static_cast<size_t>(reach) + 1), weights(taps);
  double sum = 0;
  for (int k = 0; k <= reach; ++k) {
    bell[static_cast<size_t>(k)] = std::exp(-0.5 * k * k / (deviation * deviation));
    sum += (k == 0 ? 1 : 2) * bell[static_cast<size_t>(k)];
  }
  for (int i = 0; i < count; ++i) {
    const int first = std::clamp(i - reach, 0, count - axis.taps);
    std::fill(weights.begin(), weights.end(), 0.0);
    for (int k = i - reach; k <= i + reach; ++k) {
      const int at = std::clamp(std::clamp(k, 0, count - 1) - first, 0, axis.taps - 1);
      weights[static_cast<size_t>(at)] += bell[static_cast<size_t>(std::abs(k - i))] / sum;
    }
    axis.first[static_cast<size_t>(i)] = first;
    for (size_t k = 0; k < taps; ++k)
      axis.weights[static_cast<size_t>(i) * taps + k] = static_cast<float>(weights[k]);
  }
  return axis;
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
  bell_x_ = BellAxis(small_size_.width, own * small_size_.width / frame.width);
  bell_y_ = BellAxis(small_size_.height, own * small_size_.height / frame.height);
  wide_x_ = MakeResampleAxis(small_size_.width, 0, small_size_.width, frame.width);
  wide_y_ = MakeResampleAxis(small_size_.height, 0, small_size_.height, frame.height);
  narrow_.clear(), bell_.clear(), wide_.clear();
  for (int i = 0; i < pool_->num_threads(); ++i) {
    narrow_.emplace_back(narrow_x_, narrow_y_, *kernels_);
    bell_.emplace_back(bell_x_, bell_y_, *kernels_);
    wide_.emplace_back(wide_x_, wide_y_, *kernels_);
  }
  const size_t small = 3 * static_cast<size_t>(small_size_.width) * static_cast<size_t>(small_size_.height);
  small_.resize(small), soft_.resize(small);
  rows_.assign(static_cast<size_t>(pool_->num_threads()),
               std::vector<float>(6 * static_cast<size_t>(frame.width)));
  frame_ = frame, pixels_ = pixels;
}

void Blur::Run(const Image& in, float pixels, const Image& out) {
  Measure(in.size(), pixels);
  for (auto* all : {&narrow_, &bell_, &wide_}) {
    for (RowResampler& r : *all) r.Reset();
  }
  ForBands(pool_, small_size_.height, [&](int begin, int end, size_t thread) {
    const auto fetch = [&](int row, RgbRow to) { ReadRow(*kernels_, in, row, to); };
    for (int y = begin; y < end; ++y) narrow_[thread].Row(y, fetch, RowOf(small_, y, small_size_.width));
  });
  ForBands(pool_, small_size_.height, [&](int begin, int end, size_t thread) {
    const auto fetch = [&](int row, RgbRow to) {
      CopyRow(RowOf(small_, row, small_size_.width), to, small_size_.width);
    };
    for (int y = begin; y < end; ++y) bell_[thread].Row(y, fetch, RowOf(soft_, y, small_size_.width));
  });
  ForBands(pool_, frame_.height, [&](int begin, int end, size_t thread) {
    const auto fetch = [&](int row, RgbRow to) {
      CopyRow(RowOf(soft_, row, small_size_.width), to, small_size_.width);
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
