// Plans a depthwise convolution: cuts planes into tiles and tiles into tasks.
#include <algorithm>

#include "src/base/checked_math.h"
#include "src/kernels/planes/depthwise_f32.h"
#include "src/kernels/task_share.h"

namespace tempera::kernels {
namespace {

// The ring should leave a part of a 32 KiB L1 to the output.
constexpr int64_t kRingNumbers = 6 * 1024;
constexpr int64_t kVector = 16;  // the widest one
// So should two bands.
constexpr int64_t kBandNumbers = 3 * 1024;
// Rows side by side, times, that a band is worth while for.
constexpr int64_t kLeastGroups = 3;

constexpr int64_t kMostReach = int64_t{1} << 14;

int64_t ReachH(const ConvShape& s) { return (s.kernel_h - 1) * s.dilation_h; }
int64_t ReachW(const ConvShape& s) { return (s.kernel_w - 1) * s.dilation_w; }

int64_t SegmentWidth(const ConvShape& s, int64_t tile_w) {
  return RoundUp(RoundUp(tile_w, kVector) + ReachW(s) / s.stride_w + 1, kVector);
}

// An odd number of cache lines, so that rows do not fall on the same L1 set.
int64_t PlaceRows(int64_t segment) { return segment / kVector % 2 == 0 ? segment + kVector : segment; }

// Bands, two of them in scratch, where what neighbouring bands both read is at most a quarter.
void PlanBands(DepthwisePlan& p) {
  const ConvShape& s = p.shape;
  const bool square = s.kernel_h == s.kernel_w && (s.kernel_h == 3 || s.kernel_h == 5) &&
                      s.stride_h == s.stride_w && s.stride_h <= 2 && s.dilation_h == 1 && s.dilation_w == 1 &&
                      s.upsample == 1;
  if (!square) return;
  int64_t shift = 0, segment = p.segment_width;
  if (s.pad_mode == PadMode::kConstant && p.tiles_x == 1 && s.pad_left > 0) {
    shift = RoundUp(s.pad_left, kVector * s.stride_w) - s.pad_left;
    segment = PlaceRows(SegmentWidth(s, p.tile_w) + kVector * CeilDiv(s.pad_left, kVector * s.stride_w));
  }
  const int64_t inputs = std::min(kMostBandRows, kBandNumbers / (s.stride_w * segment));
  const int64_t shared = s.kernel_h - s.stride_h;
  const int64_t fit = inputs < s.kernel_h ? 0 : (inputs - s.kernel_h) / s.stride_h + 1;
  const int64_t whole = p.tile_h <= fit ? p.tile_h : fit / p.rows_at_once * p.rows_at_once;
  const int64_t rows = whole == 0 ? 0 : CeilDiv(p.tile_h, CeilDiv(p.tile_h, whole));
  const int64_t band = p.tile_h <= fit ? p.tile_h : std::min(whole, RoundUp(rows, p.rows_at_once));
  const int64_t reads = (band - 1) * s.stride_h + s.kernel_h;
  if (band == 0 || (band < p.tile_h && (4 * shared > reads || band < kLeastGroups * p.rows_at_once))) return;
  p.band_shift = shift;
  p.segment_width = segment;
  p.band_rows = band;
  p.band_inputs = reads;
}

}  // namespace

bool DepthwiseServes(const ConvShape& s) {
  const bool enlarges = s.upsample == 2 && s.stride_h == 1 && s.stride_w == 1;
  return s.in_channels == s.group && !s.transposed && (s.upsample == 1 || enlarges) &&
         s.kernel_h <= kMostReach && s.kernel_w <= kMostReach && s.dilation_h <= kMostReach &&
         s.dilation_w <= kMostReach && s.stride_h <= kMostReach && s.stride_w <= kMostReach &&
         ReachH(s) < kMostReach && ReachW(s) < kMostReach;
}

Result<DepthwisePlan> PlanDepthwise(const ConvShape& shape, std::span<const float> weights,
                                    std::span<const float> bias, int64_t highway_bit) {
  TEMPERA_RETURN_IF_ERROR(CheckConvShape(shape));
  if (!DepthwiseServes(shape)) return InvalidArgument("convolution is not depthwise");
  const auto channels = static_cast<size_t>(shape.out_channels);
  if (weights.size() != channels * static_cast<size_t>(shape.kernel_h * shape.kernel_w) ||
      (!bias.empty() && bias.size() != channels)) {
    return InvalidArgument("convolution weights or bias do not match its shape");
  }
  DepthwisePlan p;
  p.shape = shape;
  p.weights.assign(weights.begin(), weights.end());
  p.bias.assign(channels, 0.0f);
  std::copy(bias.begin(), bias.end(), p.bias.begin());
  p.target = ChooseDepthwiseTarget(highway_bit);

  // Rows share input rows only where the window is dense.
  p.rows_at_once = shape.dilation_h == 1 && shape.stride_h <= 2 ? 4 / shape.stride_h : 1;
  p.rows_at_once = std::min(p.rows_at_once, shape.out_h);
  p.ring_rows = (p.rows_at_once - 1) * shape.stride_h + ReachH(shape) + 1;

  p.ring_slots = p.ring_rows + (shape.upsample == 1 ? 0 : 1);

  p.tile_w = shape.out_w;
  while (p.tile_w > 4 * kVector &&
         p.ring_slots * shape.stride_w * SegmentWidth(shape, p.tile_w) > kRingNumbers) {
    p.tile_w = RoundUp(CeilDiv(p.tile_w, 2), kVector);
  }
  p.tiles_x = CeilDiv(shape.out_w, p.tile_w);
  p.tile_h = std::clamp<int64_t>(kTaskNumbers / p.tile_w, 1, shape.out_h);
  p.tile_h = std::min(RoundUp(p.tile_h, p.rows_at_once), shape.out_h);
  const int64_t planes = shape.n * shape.out_channels * p.tiles_x;
  if (planes * CeilDiv(shape.out_h, p.tile_h) < kWantedTasks) {
    const int64_t rows = CeilDiv(shape.out_h, CeilDiv(kWantedTasks, planes));
    p.tile_h = std::min(p.tile_h, RoundUp(rows, p.rows_at_once));
  }
  p.tiles_y = CeilDiv(shape.out_h, p.tile_h);
  p.tiles = p.tiles_y * p.tiles_x;

  const int64_t most = CeilDiv(shape.out_channels, CeilDiv(kWantedTasks, shape.n * p.tiles));
  p.channels_per_task = std::clamp<int64_t>(kTaskNumbers / (p.tile_h * p.tile_w), 1, most);
  p.channel_tasks = CeilDiv(shape.out_channels, p.channels_per_task);
  int64_t tasks = 0;
  if (!CheckedMul(shape.n * p.channel_tasks, p.tiles, &tasks) || tasks > (int64_t{1} << 30)) {
    return InvalidArgument("convolution has too many tiles; use a smaller picture");
  }
  p.tasks = tasks;

  p.segment_width = PlaceRows(SegmentWidth(shape, p.tile_w));
  PlanBands(p);
  // Ring rows, and pointers to the window's rows and taps.
  const int64_t row = shape.stride_w * p.segment_width;
  const int64_t bytes =
      std::max(p.ring_slots, 2 * p.band_inputs) * row * static_cast<int64_t>(sizeof(float)) +
      (p.ring_rows + shape.kernel_h * shape.kernel_w) * static_cast<int64_t>(sizeof(void*));
  p.scratch_bytes = static_cast<uint64_t>(RoundUp(bytes, 64));
  return p;
}

}  // namespace tempera::kernels
