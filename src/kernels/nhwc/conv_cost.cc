#include "src/kernels/nhwc/conv_cost.h"

#include <algorithm>

#include "src/kernels/conv/conv_geometry.h"
#include "src/kernels/nhwc/conv_nhwc_columns.h"
#include "src/kernels/nhwc/winograd_s16.h"

namespace tempera::kernels {
namespace {

// How fast the target's vectors are, against AVX2's with fused multiply-add.
double VectorSpeed(int64_t highway_bit) {
  const int64_t lanes = ChooseConvTarget(highway_bit)->lanes;
  return lanes >= 16 ? 1.6 : lanes >= 8 ? 1.0 : lanes >= 4 ? 0.45 : 0.05;
}

double Inputs(const ConvShape& s) { return static_cast<double>(s.n * s.in_channels * s.in_h * s.in_w); }
double Outputs(const ConvShape& s) { return static_cast<double>(s.n * s.out_channels * s.out_h * s.out_w); }

// Multiply-accumulates a nanosecond as the graph counts them, and nanoseconds for each number read and
// written. One AVX2 core, the least of many, from grids of 8 to 128 channels.
struct Speed {
  double macs, in, out;
};

Speed SpeedF32(const ConvShape& s) {
  const bool square = s.kernel_h == s.kernel_w && s.group == 1 && s.dilation_h == 1 && s.dilation_w == 1;
  const int64_t k = s.kernel_h, in = s.in_channels, out = s.out_channels;
  const Speed direct = {38, 0.1, 0.25};
  if (s.group > 1 && s.in_channels == s.group) {  // depthwise
    return s.stride_w == 1 && s.dilation_w == 1 ? Speed{30, 0, 0} : Speed{9, 0, 0};
  }
  if (k == 1 && s.kernel_w == 1 && s.out_channels > s.group) return {48, 0.05, 0};
  if (!square) return direct;
  const bool wide = in * out >= 512;
  if (s.transposed) return wide ? Speed{55, 0.3, 0.3} : Speed{32, 0.3, 0.3};
  if (k == 1) return {48, 0.05, 0};
  if (s.upsample == 2) return {in >= 64 ? 150.0 : in >= 32 ? 115.0 : 85.0, 0.2, 0.35};
  if (s.stride_h == 2) return {k >= 5 ? (wide ? 75.0 : 50.0) : (in >= 32 ? 50.0 : 36.0), 0.1, 0.25};
  if (s.stride_h != 1) return direct;
  if (k == 3) return in >= 8 && out >= 8 ? Speed{168, 0.6, 0.6} : Speed{36, 0.1, 0.25};
  if (k == 5) return in * out >= 24 ? Speed{85, 0.5, 0.4} : direct;
  if (k == 7) return in * out >= 2048 ? Speed{125, 1.0, 0.4} : Speed{85, 1.0, 0.4};
  if (k >= 9) return {100, 1.5, 0.4};
  return direct;
}

}  // namespace

double ConvCostF32(const ConvShape& s, int64_t highway_bit) {
  // Planes have twice the bytes of interleaved pixels; what was measured lay in the caches.
  constexpr double kReadPlanes = 0.2, kWritePlanes = 0.35;
  const Speed speed = SpeedF32(s);
  return (static_cast<double>(s.macs()) / speed.macs + Inputs(s) * (speed.in + kReadPlanes) +
          Outputs(s) * (speed.out + kWritePlanes)) /
         VectorSpeed(highway_bit);
}

double ConvCostNhwc(const ConvShape& s, const ConvNhwcOptions& options) {
  ConvNhwcPlan p;
  p.shape = s;
  p.precision = options.precision;
  p.input = options.input;
  p.output = options.output;
  p.dot = options.dot != nullptr ? options.dot : FastestDot(s, options);
  PlanWindow(p);
  PlanColumns(p);
  const double pixels = static_cast<double>(s.n * s.out_h * s.out_w);
  const double in = Inputs(s) * static_cast<double>(p.packed_channels) / static_cast<double>(s.in_channels);
  const double out = pixels * static_cast<double>(p.columns);
  // Twice the bytes, written and read again: beyond the caches that is more than the shuffles.
  const double planes = options.output == PictureLayout::kPlanarF32 ? 0.6 : 0;
  if (WinogradSuits(s, *p.dot)) {
    const double products = pixels * 2.25 * static_cast<double>(p.packed_channels * p.columns);
    return products / (0.85 * p.dot->speed) + in * 0.5 + out * (0.5 + planes);
  }
  double a_pixel = 0;  // products, of a pixel of each phase
  for (int64_t py = 0; py < p.scale; ++py) {
    for (int64_t px = 0; px < p.scale; ++px) {
      const auto rows = static_cast<int64_t>(TapsH(p, py).size());
      const auto taps = std::min(p.shift_step, static_cast<int64_t>(TapsW(p, px).size()));
      const int64_t row_k = (taps * p.packed_channels + p.dot->k_step - 1) / p.dot->k_step * p.dot->k_step;
      a_pixel += static_cast<double>(rows * row_k * p.dot_columns);
    }
  }
  a_pixel /= static_cast<double>(p.scale * p.scale);
  // Shifted sums are added, scaled and stored as planes four pixels at a time.
  const double stored = p.shifts > 1 ? pixels * 4.0 : out * (0.3 + planes);
  return pixels * a_pixel / p.dot->speed + (in * 0.2 + stored) / VectorSpeed(options.highway_bit);
}

double DepthwiseCostNhwc(const ConvShape& s, int64_t highway_bit) {
  return (static_cast<double>(s.macs()) * 0.035 + Inputs(s) * 0.05 + Outputs(s) * 0.1) /
         VectorSpeed(highway_bit);
}

double AddCost(int64_t numbers, PictureLayout layout, int64_t highway_bit) {
  const double each = layout == PictureLayout::kPlanarF32 ? 0.35 : 0.2;
  return static_cast<double>(numbers) * each / VectorSpeed(highway_bit);
}

}  // namespace tempera::kernels
