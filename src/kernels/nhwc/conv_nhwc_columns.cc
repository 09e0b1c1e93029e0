#include "src/kernels/nhwc/conv_nhwc_columns.h"

#include "src/base/checked_math.h"
#include "src/kernels/nhwc/winograd_s16.h"

namespace tempera::kernels {
namespace {

// Shifted sums of up to four channels are added as one vector.
constexpr int64_t kMostShifted = 4;

}  // namespace

int64_t PackedInputChannels(const ConvShape& s, PictureLayout input) {
  return input == PictureLayout::kPlanarF32 && s.in_channels <= 4 ? s.in_channels
                                                                  : NhwcChannels(s.in_channels);
}

bool SuitsPrecision(const DotKernel& dot, ConvPrecision precision) {
  return (dot.element == DotElement::kBf16) == (precision == ConvPrecision::kBf16);
}

const DotKernel* FastestDot(const ConvShape& shape, const ConvNhwcOptions& options) {
  // Shifted sums against Winograd, 3x3 to 3 channels on AVX2: from 8 channels 0.7 of its time, from 16 0.88,
  // from 32 more than 1.
  const bool few = shape.out_channels <= kMostShifted && shape.in_channels <= 16;
  const DotKernel* fastest = nullptr;
  for (const DotKernel* dot : DotKernelsFor(options.highway_bit)) {
    if (!SuitsPrecision(*dot, options.precision)) continue;
    if (fastest == nullptr) fastest = dot;
    // Winograd takes a quarter of the products, and about as long as the rest of them again.
    if (WinogradSuits(shape, *dot) && fastest->speed < 2 * dot->speed && !few) return dot;
  }
  return fastest;
}

void PlanColumns(ConvNhwcPlan& p) {
  const DotKernel& dot = *p.dot;
  const ConvGeometry& g = p;
  const int64_t out = p.shape.out_channels;
  p.packed_channels = PackedInputChannels(p.shape, p.input);
  p.columns = p.dot_columns = RoundUp(NhwcChannels(out), dot.column_block);
  p.shifts = 1;
  p.shift_step = g.window_w;
  if (out > kMostShifted || g.scale != 1 || g.read_stride_w != 1 || WinogradSuits(p.shape, dot)) return;
  int64_t least = RoundUp(g.window_w * p.packed_channels, dot.k_step) * p.dot_columns;
  for (int64_t step = g.window_w - 1; step > 0; --step) {
    const int64_t shifts = CeilDiv(g.window_w, step);
    const int64_t columns = RoundUp(shifts * out, dot.column_block);
    const int64_t products = RoundUp(step * p.packed_channels, dot.k_step) * columns;
    if (products >= least) continue;
    least = products;
    p.shifts = shifts;
    p.shift_step = step;
    p.dot_columns = columns;
    p.columns = NhwcChannels(out);
  }
}

}  // namespace tempera::kernels
