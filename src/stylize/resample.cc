#include "src/stylize/resample.h"

#include <cmath>

namespace tempera::stylize {
namespace {

double CatmullRom(double t) {
  t = std::abs(t);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  if (t < 2) return ((-0.5 * t + 2.5) * t - 4) * t + 2;
  return 0;
}

}  // namespace

ResampleAxis MakeResampleAxis(int source_count, double begin, double extent, int count) {
  ResampleAxis axis;
  axis.source_count = source_count;
  axis.count = count;
  const double scale = extent / count;  // source pixels per output
  const bool shrink = scale > 1;
  if (scale == 1 && begin == std::floor(begin)) {
    axis.taps = 1;
    for (int i = 0; i < count; ++i) axis.first.push_back(static_cast<int>(begin) + i);
    axis.weights.assign(static_cast<size_t>(count), 1.0f);
    return axis;
  }
  // A span of `scale` pixels touches at most ceil(scale) + 1 of them.
  axis.taps = std::min(source_count, shrink ? static_cast<int>(std::ceil(scale)) + 1 : 4);
  axis.first.resize(static_cast<size_t>(count));
  axis.weights.assign(static_cast<size_t>(count) * static_cast<size_t>(axis.taps), 0.0f);
  const int last = std::min(source_count, static_cast<int>(std::ceil(begin + extent))) - 1;
  const int start = static_cast<int>(std::floor(begin));
  for (int i = 0; i < count; ++i) {
    const double from = begin + i * scale, to = from + scale;
    const double centre = 0.5 * (from + to) - 0.5;  // as a pixel index
    const int lo = shrink ? static_cast<int>(std::floor(from)) : static_cast<int>(std::floor(centre)) - 1;
    const int hi = shrink ? static_cast<int>(std::ceil(to)) - 1 : lo + 3;
    const int first = std::clamp(lo, 0, source_count - axis.taps);
    axis.first[static_cast<size_t>(i)] = first;
    float* weights = &axis.weights[static_cast<size_t>(i) * static_cast<size_t>(axis.taps)];
    double sum = 0;
    for (int j = lo; j <= hi; ++j) {
      const double w = shrink ? std::max(0.0, std::min(to, j + 1.0) - std::max(from, static_cast<double>(j)))
                              : CatmullRom(j - centre);
      // What would lie outside the range counts for the pixel at its edge.
      const int k = std::clamp(std::clamp(j, start, last) - first, 0, axis.taps - 1);
      weights[k] += static_cast<float>(w);
      sum += w;
    }
    for (int k = 0; k < axis.taps; ++k) weights[k] = static_cast<float>(weights[k] / sum);
  }
  return axis;
}

RowResampler::RowResampler(const ResampleAxis& x, const ResampleAxis& y, const PixelKernels& kernels)
    : x_(&x), y_(&y), kernels_(&kernels), vertical_first_(y.count < y.source_count) {
  scratch_.resize(2 * 3 * static_cast<size_t>(x.source_count));
  if (!vertical_first_) wide_.resize(static_cast<size_t>(y.taps) * 3 * static_cast<size_t>(x.count));
  kept_.assign(vertical_first_ ? 1 : static_cast<size_t>(y.taps), -1);
}

void RowResampler::Accumulate(RgbRow in, float weight, bool set, int width, RgbRow out) const {
  kernels_->accumulate(in.r, width, weight, set, out.r);
  kernels_->accumulate(in.g, width, weight, set, out.g);
  kernels_->accumulate(in.b, width, weight, set, out.b);
}

void RowResampler::Horizontal(RgbRow in, RgbRow out) const {
  const auto run = [this](const float* from, float* to) {
    kernels_->gather_sum(from, x_->first.data(), x_->weights.data(), x_->taps, x_->count, to);
  };
  run(in.r, out.r);
  run(in.g, out.g);
  run(in.b, out.b);
}

}  // namespace tempera::stylize
