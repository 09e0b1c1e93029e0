#include "src/stylize/mask/frame_mask.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tempera::stylize {

MaskAxis MakeMaskAxis(int source_count, double extent, int count, double reach) {
  MaskAxis axis;
  axis.identity = source_count == count && extent == count && reach == 1;
  axis.taps = std::min(source_count, static_cast<int>(std::ceil(2 * reach)));
  axis.first.resize(static_cast<size_t>(count));
  axis.weights.resize(static_cast<size_t>(count) * static_cast<size_t>(axis.taps));
  std::vector<double> tent(static_cast<size_t>(axis.taps));
  for (int i = 0; i < count; ++i) {
    const double center = (i + 0.5) * extent / count - 0.5;
    const int begin = static_cast<int>(std::floor(center - reach)) + 1;  // the first one inside
    const int end = static_cast<int>(std::ceil(center + reach));         // behind the last one inside
    const int first = std::clamp(begin, 0, source_count - axis.taps);
    std::fill(tent.begin(), tent.end(), 0.0);
    double sum = 0;
    for (int k = begin; k < end; ++k) {
      const double weight = 1 - std::abs(k - center) / reach;
      tent[static_cast<size_t>(std::clamp(k, 0, source_count - 1) - first)] += weight;
      sum += weight;
    }
    // Each weight is what the rounded sum so far grows by: together they are the whole, and no error gathers.
    uint16_t* weights = &axis.weights[static_cast<size_t>(i) * static_cast<size_t>(axis.taps)];
    double so_far = 0;
    long rounded = 0;
    for (int k = 0; k < axis.taps; ++k) {
      so_far += tent[static_cast<size_t>(k)];
      const long next =
          k + 1 == axis.taps ? kernels::kFullMask : std::lround(so_far / sum * kernels::kFullMask);
      weights[k] = static_cast<uint16_t>(next - rounded);
      rounded = next;
    }
    axis.first[static_cast<size_t>(i)] = first;
  }
  const auto taps = static_cast<size_t>(axis.taps), outputs = static_cast<size_t>(count);
  axis.by_tap.resize(axis.weights.size());
  for (size_t i = 0; i < outputs; ++i) {
    for (size_t k = 0; k < taps; ++k) axis.by_tap[k * outputs + i] = axis.weights[i * taps + k];
  }
  return axis;
}

void FrameMask::Measure(const Mask& mask, Size frame) {
  if (mask.size == mask_ && frame == frame_ && mask.feather == feather_) return;
  feather_ = -1;  // no mask's until all is made: memory may run out on the way
  mask_ = mask.size, frame_ = frame;
  // Four samples along a ramp of `feather` pixels show it as well as more do: a wide one costs no more.
  const auto grid_count = [&](int mask_count, int frame_count) {
    const double step = std::max(1.0, mask.feather / 4.0);
    return std::min({mask_count, frame_count, static_cast<int>(std::ceil(frame_count / step))});
  };
  // An edge is to show for `feather` pixels and one of the mask's or the frame's own, the larger one, either
  // way; so much of that as enlarging the grid does not do itself.
  const auto reach = [&](int mask_count, int frame_count, int count) {
    const double mask_pixel = static_cast<double>(frame_count) / mask_count;  // in the frame's, as all here
    const double step = static_cast<double>(frame_count) / count;
    const double own = mask.feather + std::max(1.0, mask_pixel);
    const bool enlarges = count < mask_count && count < frame_count;
    return std::max(enlarges ? own - step : own, step) / mask_pixel;
  };
  grid_ = {grid_count(mask_.width, frame.width), grid_count(mask_.height, frame.height)};
  grid_x_ = MakeMaskAxis(mask_.width, mask_.width, grid_.width, reach(mask_.width, frame.width, grid_.width));
  grid_y_ =
      MakeMaskAxis(mask_.height, mask_.height, grid_.height, reach(mask_.height, frame.height, grid_.height));
  wide_x_ = MakeMaskAxis(grid_.width, grid_.width, frame.width, 1);
  rows_.resize(static_cast<size_t>(grid_.height) * static_cast<size_t>(frame.width));
  scratch_.resize(static_cast<size_t>(pool_->num_threads()));
  for (Scratch& s : scratch_) {
    s.sums.resize(static_cast<size_t>(mask_.width));
    s.row.resize(static_cast<size_t>(mask_.width));
    s.grid_row.resize(static_cast<size_t>(grid_.width));
  }
  feather_ = mask.feather;
}

void FrameMask::Show(const Mask& mask, Size frame) {
  Measure(mask, frame);
  pool_->ParallelFor(grid_.height, [&](int y, int thread) {
    Scratch& s = scratch_[static_cast<size_t>(thread)];
    const int first = grid_y_.first[static_cast<size_t>(y)], taps = grid_y_.taps;
    const uint16_t* weights = &grid_y_.weights[static_cast<size_t>(y) * static_cast<size_t>(taps)];
    bool set = true;
    for (int k = 0; k < taps; ++k) {
      if (weights[k] == 0) continue;
      kernels_->accumulate_mask(mask.pixels + (first + k) * mask.stride_bytes, mask_.width, weights[k], set,
                                s.sums.data());
      set = false;
    }
    uint16_t* out = &rows_[static_cast<size_t>(y) * static_cast<size_t>(frame_.width)];
    uint16_t* grid_row = wide_x_.identity ? out : s.grid_row.data();
    uint16_t* row = grid_x_.identity ? grid_row : s.row.data();
    kernels_->close_mask(s.sums.data(), mask_.width, row);
    if (!grid_x_.identity) {
      kernels_->gather_mask(row, grid_x_.first.data(), grid_x_.by_tap.data(), grid_x_.taps, grid_.width,
                            grid_row);
    }
    if (!wide_x_.identity) {
      kernels_->gather_mask(grid_row, wide_x_.first.data(), wide_x_.by_tap.data(), wide_x_.taps, frame_.width,
                            out);
    }
  });
}

void FrameMask::Weights(int y, int x, int columns, float strength, float* out) const {
  const double at =
      std::clamp((y + 0.5) * grid_.height / frame_.height - 0.5, 0.0, static_cast<double>(grid_.height - 1));
  const int top = static_cast<int>(at), bottom = std::min(top + 1, grid_.height - 1);
  const auto row = [&](int i) {
    return &rows_[static_cast<size_t>(i) * static_cast<size_t>(frame_.width) + static_cast<size_t>(x)];
  };
  kernels_->mask_weights(row(top), row(bottom), static_cast<float>(at - top),
                         strength / static_cast<float>(kernels::kFullMask), columns, out);
}

}  // namespace tempera::stylize
