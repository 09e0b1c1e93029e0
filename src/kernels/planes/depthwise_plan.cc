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

constexpr int64_t kMostReach = int64_t{1} << 14;

int64_t ReachH(const ConvShape& s) { return (s.kernel_h - 1) * s.dilation_h; }
int64_t ReachW(const ConvShape& s) { return (s.kernel_w - 1) * s.dilation_w; }

int64_t SegmentWidth(const ConvShape& s, int64_t tile_w) {
  return RoundUp(RoundUp(tile_w, kVector) + ReachW(s) / s.stride_w + 1, kVector);
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

  p.segment_width = SegmentWidth(shape, p.tile_w);
  // An odd number of cache lines, so that the ring's rows do not fall on the same L1 set.
  if (p.segment_width / kVector % 2 == 0) p.segment_width += kVector;
  // Ring rows, and pointers to the window's rows and taps.
  const int64_t row = shape.stride_w * p.segment_width;
  const int64_t bytes = p.ring_slots * row * static_cast<int64_t>(sizeof(float)) +
                        (p.ring_rows + shape.kernel_h * shape.kernel_w) * static_cast<int64_t>(sizeof(void*));
  p.scratch_bytes = static_cast<uint64_t>(RoundUp(bytes, 64));
  return p;
}

}  // namespace tempera::kernels
