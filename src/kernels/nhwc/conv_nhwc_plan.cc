// Plans a convolution over interleaved pixels: tiles, quantised and packed weights, the layout of scratch.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "src/base/checked_math.h"
#include "src/base/half.h"
#include "src/kernels/conv/conv_geometry.h"
#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/nhwc/conv_nhwc_columns.h"
#include "src/kernels/nhwc/winograd_s16.h"
#include "src/kernels/task_share.h"

namespace tempera::kernels {
namespace {

// More tasks are not cut where fewer will do.
constexpr int64_t kMostTasks = 64;
// The rows one output row reads should stay in half of a small L2 (512 KiB), beside weights.
constexpr int64_t kRowsBudget = 192 * 1024;
// Sums of one call of the dot kernel stay in L1 (32 KiB) until the epilogue has read them.
constexpr int64_t kSumsBudget = 12 * 1024;
constexpr int64_t kLeastPixels = 24;

bool FitsInt32(const ConvGeometry& g, int64_t packed_channels, int64_t k_step) {
  const double row_k = static_cast<double>(RoundUp(g.window_w * packed_channels, k_step));
  return 255.0 * 127.0 * row_k * static_cast<double>(g.window_h) < 2147483648.0;
}

// Nanoseconds of a task of `rows` rows, roughly, on AVX2 and by direct sums: only compared with one another,
// and the same for every dot kernel. The window's further rows are packed again where tasks meet.
double TaskCost(const ConvNhwcPlan& p, int64_t rows) {
  constexpr double kPack = 0.2, kProducts = 85, kStore = 0.3, kStart = 2000;
  const ConvGeometry& g = p;
  const auto in = static_cast<double>(NhwcChannels(p.shape.in_channels) * g.read_stride_w);
  const auto out = static_cast<double>(NhwcChannels(p.shape.out_channels) * g.scale * g.scale);
  const auto window = static_cast<double>(g.window_h * g.window_w * NhwcChannels(p.shape.in_channels));
  const auto packed = static_cast<double>((rows - 1) * g.read_stride_h + g.window_h);
  return static_cast<double>(p.tile_w) *
             (packed * in * kPack + static_cast<double>(rows) * out * (window / kProducts + kStore)) +
         kStart;
}

// The cheapest height for a few threads: by task_share.h.
int64_t ChooseRows(const ConvNhwcPlan& p) {
  const ConvGeometry& g = p;
  const int64_t across = p.shape.n * p.tiles_x;
  // Winograd's tiles have four rows.
  const int64_t step = 4;
  int64_t best = g.phase_h;
  double best_cost = 0;
  for (int64_t rows = step;; rows += step) {
    rows = std::min(rows, g.phase_h);
    const int64_t down = CeilDiv(g.phase_h, rows);
    if (across * down <= kMostTasks || rows == g.phase_h) {
      const double covered = static_cast<double>(g.phase_h) / static_cast<double>(rows * down);
      const double cost = TaskCost(p, rows) * covered * DealtTasks(across * down);
      if (best_cost == 0 || cost < best_cost) best = rows, best_cost = cost;
    }
    if (rows == g.phase_h) return best;
  }
}

// Tiles follow from the shape alone: not from the dot kernel, whose choice must not change the moments.
void PlanTiles(ConvNhwcPlan& p) {
  const ConvGeometry& g = p;
  const int64_t pixel_bytes = 2 * NhwcChannels(p.shape.in_channels) * g.read_stride_w;
  p.tile_w = g.phase_w;
  while (p.tile_w > 96 && (g.window_h + g.read_stride_h) * p.tile_w * pixel_bytes > kRowsBudget) {
    p.tile_w = RoundUp(CeilDiv(p.tile_w, 2), 48);
  }
  p.tiles_x = CeilDiv(g.phase_w, p.tile_w);
  p.tile_h = ChooseRows(p);
  p.tiles_y = CeilDiv(g.phase_h, p.tile_h);
  p.tiles = p.tiles_y * p.tiles_x;
  p.tasks = p.shape.n * p.tiles;
}

void PlanScratch(ConvNhwcPlan& p) {
  const ConvGeometry& g = p;
  const auto size = static_cast<int64_t>(DotElementSize(p.dot->element));
  int64_t window_k = 0;
  for (const ConvNhwcPlan::Phase& phase : p.phases) {
    window_k = std::max(window_k, phase.first_column * p.packed_channels + phase.row_k);
  }
  const int64_t further = (p.shifts - 1) * p.shift_step;
  const bool winograd = p.winograd.tiles > 0;
  const int64_t pixels = RoundUp(RoundUp(p.tile_w, winograd ? 4 : 1) + further, p.dot->pixel_block);
  p.row_stride = RoundUp((pixels - 1) * g.read_stride_w * p.packed_channels + window_k, 64);
  const int64_t tile_rows = (RoundUp(p.tile_h, winograd ? 4 : 1) - 1) * g.read_stride_h + g.window_h;
  const int64_t least = winograd ? 6 : g.window_h + g.read_stride_h;
  p.ring_rows = std::min(tile_rows, std::max(least, kRowsBudget / (p.row_stride * size)));
  // Shifted sums are made again where chunks meet, so those are longer.
  const int64_t budget = p.shifts > 1 ? 2 * kSumsBudget : kSumsBudget;
  // Four blocks of pixels (64 with AMX) share each pass over the weights, which may come from the L2.
  const int64_t least_pixels = std::max(kLeastPixels, 4 * p.dot->pixel_block);
  p.chunk_pixels = RoundUp(std::max(least_pixels, budget / (p.dot_columns * 4)), p.dot->pixel_block);
  p.chunk_pixels = std::min(p.chunk_pixels, pixels);

  uint64_t at = 0;
  const auto take = [&at](int64_t bytes) {
    const auto from = static_cast<size_t>(at);
    at += static_cast<uint64_t>(RoundUp(bytes, 64));
    return from;
  };
  p.scratch.rows = take(p.ring_rows * p.row_stride * size);
  p.scratch.line = take(p.row_stride * size);
  if (winograd) {
    ConvNhwcPlan::Winograd& w = p.winograd;
    w.vertical = take(6 * (4 * w.input_part + 2) * p.packed_channels * 2);
    w.input = take(36 * w.input_step * 2);
    w.products = take(36 * w.product_step * 4);
    p.scratch.sums = take(16 * w.output_part * w.block_columns * 4);
  } else {
    p.scratch.sums = take(RoundUp(p.chunk_pixels + further, p.dot->pixel_block) * p.dot_columns * 4 + 16);
  }
  p.scratch.added = take(p.shifts > 1 ? p.chunk_pixels * p.columns * 4 : 0);
  // Vectors that hold several pixels find their constants side by side.
  constexpr int64_t kMostLanes = 64;
  p.read_constants = kMostLanes % p.packed_channels == 0 ? kMostLanes : p.packed_channels;
  p.scratch.read = take(p.read_constants * (6 * 4 + 2));
  p.scratch.write = take(3 * p.columns * 4);
  p.scratch.moments = take(p.columns * (2 * 8 + 3 * 4));
  p.scratch_bytes = at;
}

// Steps and zero points, and what constant padding becomes.
void PlanInput(ConvNhwcPlan& p, const ConvNhwcOptions& options, std::vector<double>& steps) {
  const ConvShape& s = p.shape;
  const auto packed = static_cast<size_t>(p.packed_channels);
  p.inverse_step.assign(packed, p.precision == ConvPrecision::kInt8 ? 0.0f : 1.0f);
  p.zero.assign(packed, 0.0f);
  steps.assign(packed, 1.0);
  const size_t size = DotElementSize(p.dot->element);
  p.pad_pixel.assign(packed * size, 0);
  const ConvAxis axis_h = AxisH(s), axis_w = AxisW(s);
  const bool padded = axis_h.before > 0 || axis_h.after() > 0 || axis_w.before > 0 || axis_w.after() > 0;
  for (size_t c = 0; c < static_cast<size_t>(s.in_channels); ++c) {
    if (p.precision == ConvPrecision::kBf16) {
      const uint16_t pad = FloatToBfloat(std::clamp(s.pad_value, -kMostBfloat, kMostBfloat));
      std::memcpy(p.pad_pixel.data() + c * size, &pad, size);
      continue;
    }
    double low = options.low[c], high = options.high[c];
    if (padded && s.pad_mode == PadMode::kConstant) {  // padding must not be clamped
      low = std::min<double>(low, s.pad_value);
      high = std::max<double>(high, s.pad_value);
    }
    steps[c] = (high - low) / 255;
    p.inverse_step[c] = static_cast<float>(1 / steps[c]);
    p.zero[c] = static_cast<float>(std::nearbyint(-low / steps[c]));
    const double pad = std::nearbyint(s.pad_value * static_cast<double>(p.inverse_step[c]) + p.zero[c]);
    const auto q = static_cast<uint16_t>(std::clamp(pad, 0.0, 255.0));
    std::memcpy(p.pad_pixel.data() + c * size, &q, size);  // little-endian: the low byte for uint8
  }
}

// One phase's weights in double, [kernel_rows][row_k][dot_columns], the steps of the input in them.
std::vector<double> PhaseWeights(const ConvNhwcPlan& p, const ConvNhwcPlan::Phase& phase,
                                 std::span<const AxisTap> taps_y, std::span<const AxisTap> taps_x,
                                 std::span<const float> weights, std::span<const double> steps) {
  const ConvShape& s = p.shape;
  std::vector<double> w(static_cast<size_t>(phase.kernel_rows * phase.row_k * p.dot_columns), 0.0);
  for (int64_t o = 0; o < s.out_channels; ++o) {
    for (int64_t c = 0; c < s.in_channels; ++c) {
      const float* from = weights.data() + (p.ChannelOf(o) * s.in_channels + c) * s.kernel_h * s.kernel_w;
      for (size_t y = 0; y < taps_y.size(); ++y) {
        for (size_t x = 0; x < taps_x.size(); ++x) {
          double sum = 0;
          for (int64_t ky : taps_y[y].kernels) {
            for (int64_t kx : taps_x[x].kernels) sum += from[ky * s.kernel_w + kx];
          }
          const auto kernel_column = static_cast<int64_t>(x), row = static_cast<int64_t>(y) * phase.row_k;
          const int64_t k = kernel_column % p.shift_step * p.packed_channels + c;
          const int64_t column = kernel_column / p.shift_step * s.out_channels + o;
          w[static_cast<size_t>((row + k) * p.dot_columns + column)] = sum * steps[static_cast<size_t>(c)];
        }
      }
    }
  }
  return w;
}

template <typename T>
std::vector<uint8_t> PackAs(const ConvNhwcPlan& p, const ConvNhwcPlan::Phase& phase,
                            std::span<const double> numbers) {
  std::vector<T> w(numbers.size());
  for (size_t i = 0; i < w.size(); ++i) w[i] = static_cast<T>(numbers[i]);
  return p.dot->pack(w.data(), phase.kernel_rows, phase.row_k, p.dot_columns);
}

// Rounds a phase's weights to integers (not for kBf16); fills scale and bias.
void RoundWeights(const ConvNhwcPlan& p, ConvNhwcPlan::Phase& phase, std::vector<double>& w,
                  std::span<const float> bias) {
  const auto out_channels = static_cast<size_t>(p.shape.out_channels);
  const auto columns = static_cast<size_t>(p.dot_columns);
  const size_t used = static_cast<size_t>(p.shifts) * out_channels;
  phase.scale.assign(static_cast<size_t>(p.columns), 0.0f);
  phase.bias.assign(static_cast<size_t>(p.columns), 0.0f);
  for (size_t o = 0; o < out_channels; ++o) {
    const double b = bias.empty() ? 0.0 : bias[static_cast<size_t>(p.ChannelOf(static_cast<int64_t>(o)))];
    if (p.precision == ConvPrecision::kBf16) {
      phase.scale[o] = 1;
      phase.bias[o] = static_cast<float>(b);
      continue;
    }
    const auto each = [&](auto body) {  // of the channel's weights, and the row they are in
      for (size_t row = 0; row < w.size() / columns; ++row) {
        for (size_t column = o; column < used; column += out_channels) body(w[row * columns + column], row);
      }
    };
    double most = 0;
    each([&](double& x, size_t) { most = std::max(most, std::abs(x)); });
    const double step = most > 0 ? most / p.dot->weight_limit : 1;
    double zeros = 0;  // what the zero points alone add to the sum
    each([&](double& x, size_t row) {
      x = std::nearbyint(x / step);
      const int64_t k = static_cast<int64_t>(row) % phase.row_k;
      zeros += x * p.zero[static_cast<size_t>(k % p.packed_channels)];
    });
    phase.scale[o] = static_cast<float>(step);
    phase.bias[o] = static_cast<float>(b - step * zeros);
  }
}

std::vector<uint8_t> PackWeights(ConvNhwcPlan& p, const ConvNhwcPlan::Phase& phase,
                                 std::span<const double> w) {
  if (WinogradServes(p, w)) {
    PlanWinograd(p);
    return PackWinograd(p, w);
  }
  switch (p.dot->element) {
    case DotElement::kU8S8:
      return PackAs<int8_t>(p, phase, w);
    case DotElement::kS16:
      return PackAs<int16_t>(p, phase, w);
    case DotElement::kBf16:
      break;
  }
  std::vector<uint16_t> bits(w.size());
  for (size_t i = 0; i < w.size(); ++i) {
    bits[i] = FloatToBfloat(std::clamp(static_cast<float>(w[i]), -kMostBfloat, kMostBfloat));
  }
  return p.dot->pack(bits.data(), phase.kernel_rows, phase.row_k, p.dot_columns);
}

// Without dilation the taps of a phase are neighbours; a transposed kernel's come last to first.
std::vector<AxisTap> FromLowest(std::vector<AxisTap> taps) {
  if (taps.front().offset > taps.back().offset) std::reverse(taps.begin(), taps.end());
  return taps;
}

Status PlanPhases(ConvNhwcPlan& p, std::span<const float> weights, std::span<const float> bias,
                  std::span<const double> steps) {
  for (int64_t py = 0; py < p.scale; ++py) {
    for (int64_t px = 0; px < p.scale; ++px) {
      const std::vector<AxisTap> taps_y = FromLowest(TapsH(p, py));
      const std::vector<AxisTap> taps_x = FromLowest(TapsW(p, px));
      ConvNhwcPlan::Phase phase;
      phase.first_row = taps_y.front().offset;
      phase.first_column = taps_x.front().offset;
      phase.kernel_rows = static_cast<int64_t>(taps_y.size());
      const int64_t taps = std::min(p.shift_step, static_cast<int64_t>(taps_x.size()));
      phase.row_k = RoundUp(taps * p.packed_channels, p.dot->k_step);
      if (phase.kernel_rows * phase.row_k * p.dot_columns > kMostTensorBytes / 8) {
        return OutOfMemory("convolution weights of " + std::to_string(phase.kernel_rows * phase.row_k) +
                           " by " + std::to_string(p.dot_columns) +
                           " do not fit into memory; use a smaller model");
      }
      std::vector<double> w = PhaseWeights(p, phase, taps_y, taps_x, weights, steps);
      RoundWeights(p, phase, w, bias);
      const std::vector<uint8_t> packed = PackWeights(p, phase, w);
      TEMPERA_ASSIGN_OR_RETURN(phase.weights, AlignedBuffer::Allocate(packed.size()));
      std::memcpy(phase.weights.data(), packed.data(), packed.size());
      p.weight_bytes += packed.size();
      p.phases.push_back(std::move(phase));
    }
  }
  return OkStatus();
}

}  // namespace

bool ConvNhwcServes(const ConvShape& s, const ConvNhwcOptions& options) {
  if (!CheckConvShape(s).ok() || s.group != 1 || s.dilation_h != 1 || s.dilation_w != 1 || s.upsample > 2) {
    return false;
  }
  if (s.shuffle > 1 && options.output == PictureLayout::kNhwcF16 &&
      s.out_channels / s.pixels_a_channel() % 8 != 0) {
    return false;
  }
  // Some phases would have no taps.
  if (s.transposed && (s.kernel_h < s.stride_h || s.kernel_w < s.stride_w)) return false;
  ConvGeometry g;
  g.shape = s;
  PlanWindow(g);
  // Sizes of scratch rows and of offsets stay far from overflow.
  if (g.read_upsample != 1 || g.window_h > 1024 || g.window_w > 1024 || g.read_stride_w > 1024 ||
      s.in_channels > 65536 || s.out_channels > 65536) {
    return false;
  }
  constexpr int64_t kMostStep = 64;  // of the dot kernels
  return options.precision == ConvPrecision::kBf16 ||
         FitsInt32(g, PackedInputChannels(s, options.input), kMostStep);
}

Result<ConvNhwcPlan> PlanConvNhwc(const ConvShape& shape, std::span<const float> weights,
                                  std::span<const float> bias, const ConvNhwcOptions& options) {
  TEMPERA_RETURN_IF_ERROR(CheckConvShape(shape));
  if (!ConvNhwcServes(shape, options))
    return Unsupported("convolution of this shape over interleaved pixels");
#if defined(__wasm__)
  if (options.precision == ConvPrecision::kBf16) return Unsupported("convolution in bf16");
#endif
  const auto out_channels = static_cast<size_t>(shape.out_channels);
  const auto in_channels = static_cast<size_t>(shape.in_channels);
  if (weights.size() !=
          out_channels * static_cast<size_t>(shape.in_channels * shape.kernel_h * shape.kernel_w) ||
      (!bias.empty() && bias.size() != out_channels)) {
    return InvalidArgument("convolution weights or bias do not match its shape");
  }
  if (options.precision == ConvPrecision::kInt8) {
    if (options.low.size() != in_channels || options.high.size() != in_channels) {
      return InvalidArgument("8-bit convolution without a range for each input channel");
    }
    for (size_t c = 0; c < in_channels; ++c) {
      if (!IsInt8Range(options.low[c], options.high[c])) {
        return InvalidArgument("8-bit convolution with an empty or endless range");
      }
    }
  }
  ConvNhwcPlan p;
  p.shape = shape;
  p.precision = options.precision;
  p.input = options.input;
  p.output = options.output;
  p.dot = options.dot != nullptr ? options.dot : FastestDot(shape, options);
  if (!SuitsPrecision(*p.dot, options.precision)) return InvalidArgument("dot kernel of another precision");
  p.target = ChooseConvNhwcTarget(options.highway_bit);
  PlanWindow(p);
  PlanColumns(p);
  std::vector<double> steps;
  PlanInput(p, options, steps);
  PlanTiles(p);
  TEMPERA_RETURN_IF_ERROR(PlanPhases(p, weights, bias, steps));
  PlanScratch(p);
  return p;
}

}  // namespace tempera::kernels
