// Plans a strip kind: how large a task, where the products find their inputs, the weights' transform.
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "src/base/checked_math.h"
#include "src/kernels/conv/conv_geometry.h"
#include "src/kernels/task_share.h"
#include "src/kernels/winograd/winograd_points.h"
#include "src/kernels/winograd/winograd_strip.h"

namespace tempera::kernels {
namespace {

constexpr int64_t kLine = 16;  // floats in a cache line, and in the widest vector
// The rows of input that are in use take most of a small L2 (512 KiB), products half of a small L1.
constexpr int64_t kInputBudget = 384 * 1024 / 4, kProductBudget = 16 * 1024 / 4;
// No task has more rows of output: larger images have more tasks, and one that is late matters less.
constexpr int64_t kMostRows = 32;

struct Cut {
  int64_t unit_rows, columns, across, down;
  double covered;  // share of the tasks' rows that are in the image: the last ones may have fewer
};

int64_t SegmentWidth(const ConvPlan& p, int64_t columns) {
  // A strip at the end of a row reads whole vectors beyond its last tap.
  const int64_t lanes = p.target->lanes;
  return RoundUp(RoundUp(columns, lanes) + lanes + (p.window_w - 1) / p.read_stride_w, kLine);
}

// One channel's rows in use. An odd number of cache lines, so that channels do not fall on the same L1 set.
int64_t ChannelStride(const ConvPlan& p, int64_t columns) {
  return (CeilDiv(kStripRing * p.read_stride_h * p.read_stride_w * SegmentWidth(p, columns), kLine) | 1) *
         kLine;
}

// Cycles of a whole run, roughly; only compared with one another: what grows with a tile's margins.
double CostOf(const ConvPlan& p, const Cut& cut) {
  const double vectors = 1.0 / static_cast<double>(p.target->lanes);
  const auto in = static_cast<double>(p.shape.in_channels), out = static_cast<double>(p.shape.out_channels);
  double taps = 0;
  for (const StripLayout::Point& point : p.winograd.strip.points) {
    taps += static_cast<double>(point.tap_offsets.size());
  }
  // Two fused multiply-adds a cycle and a quarter more for what surrounds them.
  const auto outputs = static_cast<double>(cut.unit_rows * RoundUp(cut.columns, p.target->lanes)) * vectors;
  // Six cycles for a vector copied into scratch and 200 for a row of them.
  const auto row = static_cast<double>(p.read_stride_w * SegmentWidth(p, cut.columns)) * vectors;
  const auto rows = static_cast<double>((cut.unit_rows * kStripUnitRows - 1) * p.read_stride_h + p.window_h);
  const double task = outputs * out * (in * taps * 0.625 + 12) + in * rows * (row * 6 + 200);
  return task * cut.covered * DealtTasks(p.shape.n * cut.across * cut.down);
}

// The cheapest cut whose rows in use fit their budget.
Cut ChooseCut(const ConvPlan& p) {
  const int64_t lanes = p.target->lanes;
  const int64_t all_columns = p.phase_w, all_rows = CeilDiv(p.phase_h, kStripUnitRows);
  const int64_t most_across = CeilDiv(all_columns, lanes);
  const int64_t too_wide = CeilDiv(ChannelStride(p, all_columns) * p.shape.in_channels, kInputBudget);
  const int64_t first = std::clamp<int64_t>(too_wide, 1, most_across);
  Cut best{};
  double best_cost = 0;
  for (int64_t across = first; across <= std::min(most_across, 2 * first + 16); ++across) {
    Cut cut;
    cut.columns = std::min(RoundUp(CeilDiv(all_columns, across), lanes), all_columns);
    if (across > first && ChannelStride(p, cut.columns) * p.shape.in_channels > kInputBudget) continue;
    cut.across = CeilDiv(all_columns, cut.columns);
    const int64_t most_rows = std::min(all_rows, kMostRows / kStripUnitRows);
    for (int64_t rows = 1; rows <= most_rows; ++rows) {
      cut.unit_rows = rows;
      cut.down = CeilDiv(all_rows, rows);
      cut.covered = static_cast<double>(all_rows) / static_cast<double>(rows * cut.down);
      const double cost = CostOf(p, cut);
      if (best.unit_rows == 0 || cost < best_cost) best = cut, best_cost = cost;
    }
  }
  return best;
}

// Where each point's products find their inputs.
void ListRowTaps(ConvPlan& p) {
  const StripShape shape = StripShapeOf(p.winograd.kind);
  const int64_t segment = p.winograd.strip.segment, row = p.read_stride_w * segment;
  const std::vector<AxisTap> columns = TapsW(p, 0);
  for (int64_t point = 0; point < shape.points; ++point) {
    StripLayout::Point& to = p.winograd.strip.points[static_cast<size_t>(point)];
    for (int64_t phase = 0; phase < shape.phases; ++phase) {
      // The shorter image has no product at infinity.
      if (phase > 0 && point + 1 == shape.points) continue;
      for (const AxisTap& x : columns) {
        to.tap_offsets.push_back(static_cast<int32_t>((phase * shape.points + point) * row +
                                                      x.offset % p.read_stride_w * segment +
                                                      x.offset / p.read_stride_w));
      }
    }
  }
}

// One transformed weight: `kernel` is [kernel_h][kernel_w].
double RowWeight(const ConvPlan& p, const float* kernel, int64_t point, int64_t phase, int64_t column) {
  const StripShape shape = StripShapeOf(p.winograd.kind);
  double sum = 0;
  for (int64_t k = phase; k < p.shape.kernel_h; k += shape.phases) {
    sum += InterpolationWeight(StripPoints(p.winograd.kind), static_cast<size_t>(point),
                               static_cast<size_t>(k / shape.phases), static_cast<size_t>(shape.taps)) *
           kernel[k * p.shape.kernel_w + column];
  }
  return sum;
}

Status PackWeights(ConvPlan& p, std::span<const float> weights) {
  const ConvShape& s = p.shape;
  const int64_t kernel_size = s.kernel_h * s.kernel_w;
  std::vector<float> packed;
  for (size_t point = 0; point < p.winograd.strip.points.size(); ++point) {
    StripLayout::Point& to = p.winograd.strip.points[point];
    for (const ConvPlan::Block& block : p.blocks) {
      to.block_weights.push_back(static_cast<int64_t>(packed.size()));
      for (int64_t i = 0; i < s.in_channels; ++i) {
        for (int64_t tap = 0; tap < static_cast<int64_t>(to.tap_offsets.size()); ++tap) {
          for (int64_t c = block.first_channel; c < block.first_channel + block.channels; ++c) {
            const float* kernel = weights.data() + (c * s.in_channels + i) * kernel_size;
            packed.push_back(static_cast<float>(
                RowWeight(p, kernel, static_cast<int64_t>(point), tap / s.kernel_w, tap % s.kernel_w)));
          }
        }
      }
    }
  }
  TEMPERA_ASSIGN_OR_RETURN(p.weights, AlignedBuffer::Allocate(packed.size() * sizeof(float)));
  std::memcpy(p.weights.data(), packed.data(), packed.size() * sizeof(float));
  return OkStatus();
}

}  // namespace

bool IsStrip(WinogradKind kind) { return StripShapeOf(kind).points > 0; }

StripShape StripShapeOf(WinogradKind kind) {
  switch (kind) {
    case WinogradKind::kRows43:
      return {1, 3, 6};
    case WinogradKind::kRows45:
      return {1, 5, 8};
    case WinogradKind::kRows42Strided:
      return {2, 2, 5};
    case WinogradKind::kNone:
    case WinogradKind::kF42:
    case WinogradKind::kF43:
    case WinogradKind::kF44:
    case WinogradKind::kF33:
      break;
  }
  return {0, 0, 0};
}

std::span<const double> StripPoints(WinogradKind kind) {
  static constexpr std::array kSeven = {0.0, kF45A, -kF45A, kF45B, -kF45B, kF45C, -kF45C};
  static constexpr std::array kFive = {0.0, kF43A, -kF43A, kF43B, -kF43B};
  static constexpr std::array kFour = {0.0, 1.0, -1.0, kF33H};
  const int64_t points = StripShapeOf(kind).points;
  if (points == 8) return kSeven;
  if (points == 6) return kFive;
  return kFour;
}

int64_t StripProducts(const ConvPlan& p) {
  const StripLayout& strip = p.winograd.strip;
  const int64_t most_block = std::min(p.target->max_channels, p.shape.out_channels);
  return static_cast<int64_t>(strip.points.size()) * strip.chunk_blocks * most_block * strip.vectors *
         p.target->lanes;
}

Status PlanStrip(ConvPlan& p, std::span<const float> weights) {
  StripLayout& strip = p.winograd.strip;
  const int64_t lanes = p.target->lanes;
  int64_t most_block = 1;
  for (const ConvPlan::Block& block : p.blocks) most_block = std::max<int64_t>(most_block, block.channels);
  strip.vectors = p.target->max_vectors[most_block];
  strip.segment = RoundUp(strip.vectors * lanes + (p.window_w - 1) / p.read_stride_w, lanes);
  const StripShape shape = StripShapeOf(p.winograd.kind);
  strip.points.resize(static_cast<size_t>(shape.points));
  strip.v_channel = shape.phases * shape.points * p.read_stride_w * strip.segment;
  ListRowTaps(p);
  const Cut cut = ChooseCut(p);
  p.segment_width = SegmentWidth(p, cut.columns);
  p.scratch_rows = kStripRing * p.read_stride_h;
  p.channel_stride = ChannelStride(p, cut.columns);
  p.tile_h = cut.unit_rows * kStripUnitRows;
  p.tile_w = cut.columns;
  p.tiles_y = cut.down, p.tiles_x = cut.across;
  p.tiles = p.tiles_y * p.tiles_x;
  p.parts = 1, p.groups_per_part = 1, p.blocks_per_part = p.blocks_per_group;
  p.tasks = p.shape.n * p.tiles;

  const int64_t block_products =
      static_cast<int64_t>(strip.points.size()) * most_block * strip.vectors * lanes;
  strip.chunk_blocks = std::clamp<int64_t>(kProductBudget / block_products, 1, p.blocks_per_group);
  // The tile's input, one row before its split, transformed input of a strip, products.
  const int64_t floats = p.shape.in_channels * (p.channel_stride + strip.v_channel) +
                         p.read_stride_w * p.segment_width + StripProducts(p);
  p.scratch_bytes = static_cast<uint64_t>(RoundUp(floats * 4, 64));
  if (p.tasks > (1 << 30) || p.scratch_bytes > (uint64_t{1} << 30)) {
    return Unsupported("convolution has too many tiles");
  }
  return PackWeights(p, weights);
}

}  // namespace tempera::kernels
