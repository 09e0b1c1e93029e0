#include "src/stylize/regions/blur.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tempera::stylize {
namespace {

constexpr int kMostPlanes = 4;

// Numbers of a row that are softened downward together: those above and below are few enough for a near
// cache.
constexpr int kStrip = 256;

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

RgbRow RgbOf(float* planes, int width) {
  return {planes, planes + width, planes + 2 * static_cast<ptrdiff_t>(width)};
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
  wide_.clear();
  for (int i = 0; i < pool_->num_threads(); ++i) wide_.emplace_back(wide_x_, wide_y_, *kernels_);
  const size_t small =
      kMostPlanes * static_cast<size_t>(small_size_.width) * static_cast<size_t>(small_size_.height);
  small_.resize(small);
  padded_.assign(static_cast<size_t>(pool_->num_threads()),
                 std::vector<float>(static_cast<size_t>(small_size_.width) + 2 * bell_x_.size()));
  above_.assign(static_cast<size_t>(pool_->num_threads()), std::vector<float>(kStrip * bell_y_.size()));
  rows_.assign(static_cast<size_t>(pool_->num_threads()),
               std::vector<float>(2 * kMostPlanes * static_cast<size_t>(frame.width)));
  kept_.resize(static_cast<size_t>(pool_->num_threads()));
  frame_ = frame, pixels_ = pixels;
}

// A row in place; it goes on beyond its ends as they end.
void Blur::SoftenAlong(int y, size_t thread) {
  const int width = small_size_.width, reach = static_cast<int>(bell_x_.size()) - 1;
  std::vector<float>& padded = padded_[thread];
  for (int plane = 0; plane < planes_; ++plane) {
    const ptrdiff_t at = (planes_ * static_cast<ptrdiff_t>(y) + plane) * width;
    float* const row = padded.data() + reach;
    std::memcpy(row, small_.data() + at, static_cast<size_t>(width) * sizeof(float));
    std::fill(padded.data(), row, row[0]);
    std::fill(row + width, row + width + reach, row[width - 1]);
    for (int k = -reach; k <= reach; ++k)
      kernels_->accumulate(row + k, width, bell_x_[static_cast<size_t>(std::abs(k))], k == -reach,
                           small_.data() + at);
  }
}

// Numbers [begin, begin + count) of all rows in place: what they were is kept as far up as they reach.
void Blur::SoftenAcross(int begin, int count, size_t thread) {
  const ptrdiff_t row = static_cast<ptrdiff_t>(planes_) * small_size_.width;
  const int kept = static_cast<int>(bell_y_.size()), reach = kept - 1;
  float* const above = above_[thread].data();
  for (int y = 0; y < small_size_.height; ++y) {
    float* const out = small_.data() + y * row + begin;
    std::memcpy(above + y % kept * kStrip, out, static_cast<size_t>(count) * sizeof(float));
    for (int k = -reach; k <= reach; ++k) {
      const int from = std::clamp(y + k, 0, small_size_.height - 1);
      const float* const in = from > y ? small_.data() + from * row + begin : above + from % kept * kStrip;
      kernels_->accumulate(in, count, bell_y_[static_cast<size_t>(std::abs(k))], k == -reach, out);
    }
  }
}

// A row of the frame as planes_ planes: what counts of its colours, and how much.
void Blur::FetchRow(const Image& in, const uint8_t* shares, int y, float* planes) const {
  const RgbRow row = RgbOf(planes, frame_.width);
  ReadRow(*kernels_, in, y, row);
  if (shares == nullptr) return;
  const uint8_t* const share = shares + static_cast<ptrdiff_t>(y) * frame_.width;
  float* const weights = row.b + frame_.width;
  for (int x = 0; x < frame_.width; ++x) {
    // A pixel that is half of a region has half of its colour from beside it. By the fourth power an edge as
    // wide as it may be brings a fifth of what it would bring by its share; shares that are low all over, or
    // rise slowly, still count against each other.
    const float part = share[x] / 255.0f;
    weights[x] = part * part * part * part;
  }
  for (float* const colors : {row.r, row.g, row.b}) {
    for (int x = 0; x < frame_.width; ++x) colors[x] *= weights[x];
  }
}

void Blur::NarrowRow(const Image& in, const uint8_t* shares, int y, size_t thread) {
  const int row = planes_ * frame_.width, taps = narrow_y_.taps;
  float *const source = rows_[thread].data(), *const sum = source + row;
  const float* const weights = &narrow_y_.weights[static_cast<size_t>(y) * static_cast<size_t>(taps)];
  for (int k = 0; k < taps; ++k) {
    if (weights[k] == 0.0f && k > 0) continue;
    const int from = narrow_y_.first[static_cast<size_t>(y)] + k;
    if (kept_[thread] != from) FetchRow(in, shares, from, source);
    kept_[thread] = from;
    kernels_->accumulate(source, row, weights[k], k == 0, sum);
  }
  float* const out = small_.data() + static_cast<ptrdiff_t>(y) * planes_ * small_size_.width;
  for (int plane = 0; plane < planes_; ++plane) {
    kernels_->gather_sum(sum + static_cast<ptrdiff_t>(plane) * frame_.width, narrow_x_.first.data(),
                         narrow_x_.weights.data(), narrow_x_.taps, small_size_.width,
                         out + static_cast<ptrdiff_t>(plane) * small_size_.width);
  }
}

void Blur::Narrow(const Image& in, const uint8_t* shares) {
  planes_ = shares == nullptr ? 3 : kMostPlanes;
  std::fill(kept_.begin(), kept_.end(), -1);
  ForBands(pool_, small_size_.height, [&](int begin, int end, size_t thread) {
    for (int y = begin; y < end; ++y) NarrowRow(in, shares, y, thread);
  });
}

void Blur::Enlarge(const Image& in, const Image& out) {
  for (RowResampler& wide : wide_) wide.Reset();
  ForBands(pool_, frame_.height, [&](int begin, int end, size_t thread) {
    const auto fetch = [&](int row, RgbRow to) {
      float* const from = small_.data() + static_cast<ptrdiff_t>(row) * planes_ * small_size_.width;
      CopyRow(RgbOf(from, small_size_.width), to, small_size_.width);
    };
    float* const memory = rows_[thread].data();
    const RgbRow rows[2] = {RgbOf(memory, frame_.width),
                            RgbOf(memory + 3 * static_cast<ptrdiff_t>(frame_.width), frame_.width)};
    for (int y = begin; y < end; y += 2) {
      const int count = std::min(2, end - y);
      for (int i = 0; i < count; ++i) wide_[thread].Row(y + i, fetch, rows[i]);
      WriteRows(*kernels_, out, y, count, rows);
      for (int i = 0; HasAlpha(out.format) && i < count; ++i) WriteAlpha(in, out, y + i, 0, frame_.width);
    }
  });
}

void Blur::Run(const Image& in, float pixels, const uint8_t* shares, const Image& out) {
  Measure(in.size(), pixels);
  Narrow(in, shares);
  pool_->ParallelFor(small_size_.height,
                     [&](int y, int thread) { SoftenAlong(y, static_cast<size_t>(thread)); });
  const int row = planes_ * small_size_.width;
  pool_->ParallelFor((row + kStrip - 1) / kStrip, [&](int strip, int thread) {
    SoftenAcross(strip * kStrip, std::min(kStrip, row - strip * kStrip), static_cast<size_t>(thread));
  });
  // Divided before it is enlarged: a cubic swings below zero beside what ends, and a quotient of two such
  // could be anything.
  if (shares != nullptr && !fill_.Run(small_size_, small_.data())) return Run(in, pixels, nullptr, out);
  Enlarge(in, out);
}

}  // namespace tempera::stylize
