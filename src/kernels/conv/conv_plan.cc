// Plans a convolution: folds an enlargement into the weights, cuts the output into tiles, packs the weights.
#include <algorithm>
#include <cstring>

#include "src/base/checked_math.h"
#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/task_share.h"
#include "src/kernels/winograd/winograd.h"
#include "src/kernels/winograd/winograd_strip.h"

namespace tempera::kernels {
namespace {

// A tile's input in scratch and the output it produces should stay in a small L2 (512 KiB) until the
// moments are gathered.
constexpr int64_t kTileBudget = 384 * 1024 / 4;
// Tiles are cut at multiples of the widest vector.
constexpr int64_t kVector = 16;

void PlanBlocks(ConvPlan& p) {
  const int64_t group_out = p.shape.out_channels / p.shape.group;
  p.blocks_per_group = CeilDiv(group_out, p.target->max_channels);
  for (int64_t g = 0; g < p.shape.group; ++g) {
    for (int64_t b = 0; b < p.blocks_per_group; ++b) {
      // Dealt evenly: 6 channels in blocks of at most 4 are 3 + 3.
      const int64_t from = group_out * b / p.blocks_per_group;
      const int64_t to = group_out * (b + 1) / p.blocks_per_group;
      p.blocks.push_back({static_cast<int32_t>(g * group_out + from), static_cast<int32_t>(to - from)});
    }
  }
}

int64_t SegmentWidth(const ConvPlan& p, int64_t tile_w) {
  return RoundUp(RoundUp(tile_w, kVector) + (p.window_w - 1) / p.read_stride_w, kVector);
}
int64_t ScratchRows(const ConvPlan& p, int64_t tile_h) { return (tile_h - 1) * p.read_stride_h + p.window_h; }
int64_t TileFloats(const ConvPlan& p, int64_t tile_h, int64_t tile_w) {
  const ConvShape& s = p.shape;
  return s.in_channels / s.group * ScratchRows(p, tile_h) * p.read_stride_w * SegmentWidth(p, tile_w) +
         s.out_channels / s.group * tile_h * tile_w * p.scale * p.scale;
}

// Whole rows where four of them fit the budget; otherwise the width is halved until they do.
void PlanTiles(ConvPlan& p) {
  const ConvShape& s = p.shape;
  const int64_t least_rows = std::min<int64_t>(4, p.phase_h);
  p.tile_w = p.phase_w;
  while (p.tile_w > 4 * kVector && TileFloats(p, least_rows, p.tile_w) > kTileBudget) {
    p.tile_w = RoundUp(CeilDiv(p.tile_w, 2), kVector);
  }
  p.tiles_x = CeilDiv(p.phase_w, p.tile_w);
  // Groups and images are tasks of their own, so fewer tiles are needed then.
  const int64_t others = std::min(s.n * p.tiles_x * s.group, kWantedTasks);
  const int64_t most_rows = CeilDiv(p.phase_h, CeilDiv(kWantedTasks, others));
  p.tile_h = 1;
  while (p.tile_h < most_rows && TileFloats(p, p.tile_h + 1, p.tile_w) <= kTileBudget) ++p.tile_h;
  p.tiles_y = CeilDiv(p.phase_h, p.tile_h);
  p.tile_h = CeilDiv(p.phase_h, p.tiles_y);
  p.tiles_y = CeilDiv(p.phase_h, p.tile_h);
  p.tiles = p.tiles_y * p.tiles_x;

  // Of a shuffle a task has all channels.
  const int64_t parts = s.shuffle > 1 ? 1 : CeilDiv(kWantedTasks, s.n * p.tiles);
  if (s.group == 1) {
    // Each part fills its own scratch: at least 4 blocks, so that the filling does not dominate.
    p.blocks_per_part = CeilDiv(p.blocks_per_group, std::clamp<int64_t>(p.blocks_per_group / 4, 1, parts));
    p.parts = CeilDiv(p.blocks_per_group, p.blocks_per_part);
  } else {
    p.groups_per_part = CeilDiv(s.group, std::min(parts, s.group));
    p.parts = CeilDiv(s.group, p.groups_per_part);
    p.blocks_per_part = p.blocks_per_group;
  }
  p.tasks = s.n * p.parts * p.tiles;

  p.segment_width = SegmentWidth(p, p.tile_w);
  p.scratch_rows = ScratchRows(p, p.tile_h);
  // An odd number of cache lines apart, so that channels do not fall on the same L1 set.
  p.channel_stride = p.scratch_rows * p.read_stride_w * p.segment_width;
  if (p.channel_stride / kVector % 2 == 0) p.channel_stride += kVector;
  // Channels, one row before its split by stride, and four 32-bit numbers per vector of the tile
  // (vectors have at least one lane).
  const int64_t floats = s.in_channels / s.group * p.channel_stride + p.read_stride_w * p.segment_width +
                         4 * p.tile_h * CeilDiv(p.tile_w, p.target->lanes);
  p.scratch_bytes = static_cast<uint64_t>(RoundUp(floats * 4, 64));
}

Status PackWeights(ConvPlan& p, std::span<const float> weights) {
  const ConvShape& s = p.shape;
  const int64_t group_in = s.in_channels / s.group;
  const int64_t row_width = p.read_stride_w * p.segment_width;
  std::vector<float> packed;
  for (int64_t py = 0; py < p.scale; ++py) {
    for (int64_t px = 0; px < p.scale; ++px) {
      const std::vector<AxisTap> taps_y = TapsH(p, py), taps_x = TapsW(p, px);
      ConvPlan::Phase phase;
      for (const AxisTap& y : taps_y) {
        for (const AxisTap& x : taps_x) {
          phase.tap_offsets.push_back(static_cast<int32_t>(y.offset * row_width +
                                                           x.offset % p.read_stride_w * p.segment_width +
                                                           x.offset / p.read_stride_w));
        }
      }
      for (const ConvPlan::Block& block : p.blocks) {
        phase.block_weights.push_back(static_cast<int64_t>(packed.size()));
        for (int64_t i = 0; i < group_in; ++i) {
          for (const AxisTap& y : taps_y) {
            for (const AxisTap& x : taps_x) {
              for (int64_t c = block.first_channel; c < block.first_channel + block.channels; ++c) {
                double sum = 0;
                for (int64_t ky : y.kernels) {
                  for (int64_t kx : x.kernels) {
                    sum += weights[static_cast<size_t>(((c * group_in + i) * s.kernel_h + ky) * s.kernel_w +
                                                       kx)];
                  }
                }
                packed.push_back(static_cast<float>(sum));
              }
            }
          }
        }
      }
      p.phases.push_back(std::move(phase));
    }
  }
  TEMPERA_ASSIGN_OR_RETURN(p.weights, AlignedBuffer::Allocate(packed.size() * sizeof(float)));
  std::memcpy(p.weights.data(), packed.data(), packed.size() * sizeof(float));
  return OkStatus();
}

Status PlanDirect(ConvPlan& p, std::span<const float> weights) {
  p.run_task = p.target->run_task;
  PlanTiles(p);
  if (p.tasks > (1 << 30)) return Unsupported("convolution has too many tiles");
  return PackWeights(p, weights);
}

// Room for a task's planes. Winograd's tiles let go of each chunk of channels; around others a task is put.
void PlanShuffle(ConvPlan& p) {
  const int64_t r = p.shape.shuffle;
  p.shuffle.slots = p.shape.out_channels;
  if (p.winograd.kind != WinogradKind::kNone && !IsStrip(p.winograd.kind)) {
    // Those of a chunk, and of a block of pixels that the one before began.
    const int64_t chunk = p.winograd.chunk_blocks * p.target->max_channels;
    p.shuffle.slots = std::min(p.shape.out_channels, RoundUp(chunk + r - 1, r));
  } else {
    p.run_tile = p.run_task;
    p.run_task = p.target->run_shuffled_task;
  }
  // An odd number of cache lines, so that planes do not fall on the same L1 set.
  p.shuffle.row = std::min(p.tile_w, p.shape.out_w);
  p.shuffle.plane = (CeilDiv(p.tile_h * p.shuffle.row, kVector) | 1) * kVector;
  p.shuffle.start = RoundUp(static_cast<int64_t>(p.scratch_bytes), 64) / 4;
  p.scratch_bytes = static_cast<uint64_t>((p.shuffle.start + p.shuffle.slots * p.shuffle.plane) * 4);
}

}  // namespace

Result<ConvPlan> PlanConv(const ConvShape& shape, std::span<const float> weights, std::span<const float> bias,
                          int64_t highway_bit, ConvMethod method) {
  TEMPERA_RETURN_IF_ERROR(CheckConvShape(shape));
  const int64_t taps = shape.kernel_h * shape.kernel_w;
  const auto out_channels = static_cast<size_t>(shape.out_channels);
  if (weights.size() != out_channels * static_cast<size_t>(shape.in_channels / shape.group * taps) ||
      (!bias.empty() && bias.size() != out_channels)) {
    return InvalidArgument("convolution weights or bias do not match its shape");
  }
  ConvPlan p;
  p.shape = shape;
  p.target = ChooseConvTarget(highway_bit);
  p.bias.assign(out_channels, 0.0f);
  std::copy(bias.begin(), bias.end(), p.bias.begin());
  PlanWindow(p);
  // The smallest tile still has to fit 32-bit offsets: a window of at most 2^26 numbers over all channels.
  const double least =
      static_cast<double>(p.shape.in_channels / p.shape.group) * static_cast<double>(p.window_h) *
      (4.0 * kVector * static_cast<double>(p.read_stride_w) + static_cast<double>(p.window_w));
  if (least > (1 << 26)) return Unsupported("convolution window is too large");
  PlanBlocks(p);
  const WinogradKind kind = WinogradKindOf(p);
  if (method == ConvMethod::kWinograd && kind == WinogradKind::kNone) {
    return Unsupported("convolution has no transformed form");
  }
  if (method == ConvMethod::kWinograd || (method == ConvMethod::kFastest && WinogradWins(p, kind))) {
    TEMPERA_RETURN_IF_ERROR(PlanWinograd(p, kind, weights));
    p.run_task =
        IsStrip(kind) ? ChooseStripTask(kind, highway_bit) : ChooseWinogradTask(p.winograd, highway_bit);
  } else {
    TEMPERA_RETURN_IF_ERROR(PlanDirect(p, weights));
  }
  if (shape.shuffle > 1) PlanShuffle(p);
  return p;
}

}  // namespace tempera::kernels
