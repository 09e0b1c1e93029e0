// Plans a convolution in the transformed domain: which kind, how large a task, the weights' transform.
#include <algorithm>
#include <array>
#include <vector>

#include "src/base/checked_math.h"
#include "src/kernels/conv/conv_geometry.h"
#include "src/kernels/task_share.h"
#include "src/kernels/winograd/winograd.h"
#include "src/kernels/winograd/winograd_strip.h"

namespace tempera::kernels {
namespace {

// 3x3 kernels of stride 2 and fewer channels go in strips.
constexpr int64_t kWideStrided = 28;
constexpr int64_t kLine = 16;  // floats in a cache line, and in the widest vector
// The transformed input and the products of a chunk of output channels share a small L2 (512 KiB).
// 448 KiB hold 24 tiles of 128 channels: three vectors, a full register block.
constexpr int64_t kInputBudget = 448 * 1024 / 4, kProductBudget = 96 * 1024 / 4;

WinogradAxis AxisOf(WinogradKind kind) {
  switch (kind) {
    case WinogradKind::kF42:
      return {4, 5, 5, 4, 2};
    case WinogradKind::kF43:
      return {4, 6, 6, 4, 3};
    case WinogradKind::kF44:
      return {4, 7, 7, 4, 4};
    case WinogradKind::kF33:
      return {3, 5, 5, 3, 3};
    case WinogradKind::kRows43:
    case WinogradKind::kRows45:
    case WinogradKind::kRows42Strided:
    case WinogradKind::kNone:
      break;
  }
  return {};
}

// Strides that are an odd number of cache lines do not fall on the same L1 sets.
int64_t OddLines(int64_t floats) { return (CeilDiv(floats, kLine) | 1) * kLine; }

// Weights that every task reads from beyond L2, bytes.
constexpr double kNearWeights = 128 * 1024;

struct Cut {
  int64_t rows, columns, across, down;
  double covered;  // share of the tasks' rows that are in the image: the last ones may have fewer
};

// Vectors of a task's tiles. Without tap blocks the rows of tiles follow one another without a gap.
int64_t TileVectors(const ConvPlan& p, int64_t rows, int64_t columns) {
  const int64_t lanes = p.target->lanes;
  return p.winograd.blocks == 1 ? CeilDiv(rows * columns, lanes) : rows * CeilDiv(columns, lanes);
}

// Transformed columns of a task, whole vectors; and how many a row keeps.
int64_t TransformedWidth(const ConvPlan& p, int64_t columns) {
  return RoundUp(columns + p.winograd.blocks - 1, p.target->lanes);
}
int64_t TransformedPitch(const ConvPlan& p, int64_t columns) { return columns + p.winograd.blocks - 1; }

// Input and output channels of a group, and the images of one channel: of its input, of its output.
int64_t GroupIn(const ConvPlan& p) { return p.shape.in_channels / p.shape.group; }
int64_t GroupOut(const ConvPlan& p) { return p.shape.out_channels / p.shape.group; }
int64_t InImages(const WinogradLayout& w) { return w.in_phases * w.in_phases; }
int64_t OutImages(const WinogradLayout& w) { return w.out_phases * w.out_phases; }

// Rows (or numbers) of one input image that `tiles` tiles read.
int64_t InputRows(const WinogradLayout& w, int64_t tiles) {
  return (tiles + w.blocks - 2) * w.axis.step + w.axis.inputs;
}

// Output pixels of a tile along an axis.
int64_t TilePixels(const WinogradLayout& w) { return w.axis.outputs * w.out_phases; }

// Cycles of a whole run, roughly: two fused multiply-adds a cycle, one store a cycle, three cycles for a
// vector copied into scratch and 60 for a row of them, five bytes a cycle from beyond L2. Only compared with
// one another.
double CostOf(const ConvPlan& p, const Cut& cut) {
  const WinogradLayout& w = p.winograd;
  const double vectors = 1.0 / static_cast<double>(p.target->lanes);
  const auto in = static_cast<double>(GroupIn(p) * InImages(w));
  const auto out = static_cast<double>(GroupOut(p) * OutImages(w));
  const auto squared = [](int64_t x) { return static_cast<double>(x * x); };
  const auto tiles = static_cast<double>(TileVectors(p, cut.rows, cut.columns));
  const int64_t v_width = TransformedWidth(p, cut.columns);
  const auto transformed = static_cast<double>((cut.rows + w.blocks - 1) * v_width) * vectors;
  const auto rows = static_cast<double>(InputRows(w, cut.rows));
  const double copied = rows * static_cast<double>(w.axis.step * v_width) * vectors;
  const double task = tiles * squared(w.axis.points) * out * (in * squared(w.blocks) / 2 + 2) +
                      transformed * squared(w.axis.points) * in * 2 + copied * in * 3 + rows * in * 60;
  const double weights = squared(w.axis.points) * squared(w.blocks) * in * out;
  const double far = weights * 4 > kNearWeights ? weights * 0.75 : 0;
  return (task * cut.covered + far) * DealtTasks(p.shape.n * p.shape.group * cut.across * cut.down);
}

// Where a tile's margins are read, or its transformed input multiplied, several times, larger tiles pay even
// when the third-level cache has to hold them.
int64_t InputBudget(const WinogradLayout& w) {
  const bool plain = w.blocks == 1 && w.in_phases == 1 && w.out_phases == 1;
  return plain ? kInputBudget : 2 * kInputBudget;
}

// The cheapest cut whose transformed input fits its budget.
Cut ChooseCut(const ConvPlan& p) {
  const WinogradLayout& w = p.winograd;
  const int64_t lanes = p.target->lanes;
  const int64_t all_columns = CeilDiv(p.shape.out_w - w.origin_x.output, TilePixels(w));
  const int64_t all_rows = CeilDiv(p.shape.out_h - w.origin_y.output, TilePixels(w));
  const int64_t a_column = w.axis.points * w.axis.points * GroupIn(p) * InImages(w);
  Cut best{};
  double best_cost = 0;
  for (int64_t vectors = 1; vectors <= CeilDiv(all_columns, lanes); ++vectors) {
    // Whole vectors of tiles, or of what they read.
    for (const int64_t columns : {vectors * lanes, vectors * lanes - (w.blocks - 1)}) {
      Cut cut;
      cut.columns = std::clamp<int64_t>(columns, 1, all_columns);
      cut.across = CeilDiv(all_columns, cut.columns);
      const int64_t most = InputBudget(w) / (a_column * TransformedPitch(p, cut.columns)) - (w.blocks - 1);
      if (most < 1 && vectors > 2) continue;
      for (int64_t rows = 1; rows <= std::clamp<int64_t>(most, 1, all_rows); ++rows) {
        cut.rows = rows;
        cut.down = CeilDiv(all_rows, cut.rows);
        cut.covered = static_cast<double>(all_rows) / static_cast<double>(cut.rows * cut.down);
        const double cost = CostOf(p, cut);
        if (best.rows == 0 || cost < best_cost) best = cut, best_cost = cost;
      }
    }
  }
  return best;
}

void PlanTiles(ConvPlan& p) {
  WinogradLayout& w = p.winograd;
  const Cut cut = ChooseCut(p);
  w.rows = cut.rows, w.columns = cut.columns;
  w.v_width = TransformedWidth(p, cut.columns), w.v_pitch = TransformedPitch(p, cut.columns);
  p.tile_h = w.rows * TilePixels(w), p.tile_w = w.columns * TilePixels(w);
  p.tiles_y = cut.down, p.tiles_x = cut.across;
  p.tiles = p.tiles_y * p.tiles_x;
  p.parts = p.shape.group, p.groups_per_part = 1, p.blocks_per_part = p.blocks_per_group;
  p.tasks = p.shape.n * p.parts * p.tiles;

  const int64_t v_rows = w.rows + w.blocks - 1;
  // The vectors of a row may reach beyond its last tile, those of tap blocks as many further.
  w.v_channel =
      RoundUp((v_rows - 1) * w.v_pitch + RoundUp(w.columns, p.target->lanes) + w.v_width - w.columns,
              p.target->lanes);
  w.v_point = OddLines(GroupIn(p) * InImages(w) * w.v_channel);
  const int64_t vectors = TileVectors(p, w.rows, w.columns);
  w.m_channel = vectors * p.target->lanes;
  const int64_t points = w.axis.points * w.axis.points;
  const int64_t most_block = std::min(p.target->max_channels, GroupOut(p));
  const int64_t fit = kProductBudget / (points * w.m_channel * most_block * OutImages(w));
  w.chunk_blocks = std::clamp<int64_t>(fit, 1, p.blocks_per_group);
  w.m_point = OddLines(OutImages(w) * w.chunk_blocks * most_block * w.m_channel + kLine);
  w.segment_width = RoundUp(w.v_width + (w.axis.inputs - 1) / w.axis.step, kLine);
  w.input_rows = InputRows(w, w.rows) * w.in_phases;
  const int64_t row = w.in_phases * w.axis.step * w.segment_width;
  // Transformed input, products, one channel's rows, their transform along rows, one row before its split by
  // phases and one before its split into segments, and four 32-bit numbers per vector (kernels::Run).
  const int64_t floats = points * (w.v_point + w.m_point) + (w.input_rows + 2) * row +
                         w.input_rows * w.axis.points * w.v_width +
                         RoundUp(4 * w.rows * CeilDiv(w.columns, p.target->lanes), kLine);
  p.scratch_bytes = static_cast<uint64_t>(floats) * sizeof(float);
}

// Taps of one phase along one axis, from the first to the last that any output phase reads, when the output
// phases start at `first` (0 or -1); and where they begin.
struct PhaseTaps {
  int64_t taps, start;
};
PhaseTaps PhaseTapsOf(const ConvPlan& p, bool vertical, int64_t first) {
  int64_t least = 0, most = 0;
  bool any = false;
  for (int64_t phase = 0; phase < p.scale; ++phase) {
    const int64_t ahead = first < 0 && phase == 1 ? -1 : 0;
    for (const AxisTap& tap : vertical ? TapsH(p, phase) : TapsW(p, phase)) {
      const int64_t offset = tap.offset + ahead - (vertical ? p.window_top : p.window_left);
      least = any ? std::min(least, offset) : offset;
      most = any ? std::max(most, offset) : offset;
      any = true;
    }
  }
  return {most - least + 1, least};
}

// The origin from which a tile reads fewest pixels.
PhaseTaps ChooseOrigin(const ConvPlan& p, bool vertical, WinogradOrigin* origin) {
  PhaseTaps best = PhaseTapsOf(p, vertical, 0);
  *origin = {best.start, 0};
  if (p.scale == 1) return best;
  const PhaseTaps ahead = PhaseTapsOf(p, vertical, -1);
  if (ahead.taps >= best.taps) return best;
  *origin = {ahead.start, -1};
  return ahead;
}

}  // namespace

const char* ConvPlan::form_name() const {
  switch (winograd.kind) {
    case WinogradKind::kF42:
      return " winograd F(4x4,2x2)";
    case WinogradKind::kF44:
      return " winograd F(4x4,4x4)";
    case WinogradKind::kF43:
      return " winograd F(4x4,3x3)";
    case WinogradKind::kF33:
      return " winograd F(3x3,3x3)";
    case WinogradKind::kRows43:
      return " winograd F(4,3)";
    case WinogradKind::kRows45:
      return " winograd F(4,5)";
    case WinogradKind::kRows42Strided:
      return " winograd F(4,2)";
    case WinogradKind::kNone:
      break;
  }
  return scale == 2 ? " 4-phase" : "";
}

WinogradKind WinogradKindOf(const ConvPlan& p) {
  const ConvShape& s = p.shape;
  if (s.dilation_h != 1 || s.dilation_w != 1) return WinogradKind::kNone;
  const int64_t in = GroupIn(p), out = GroupOut(p);
  const bool strips = p.scale == 1 && s.group == 1 && !s.transposed;
  if (strips && s.kernel_h == 3 && s.stride_h == 2 && (in < kWideStrided || s.stride_w != 2)) {
    return WinogradKind::kRows42Strided;
  }
  if (p.scale == 2 || (s.stride_h == 2 && s.stride_w == 2)) {
    WinogradOrigin unused;
    const int64_t taps = std::max(ChooseOrigin(p, true, &unused).taps, ChooseOrigin(p, false, &unused).taps);
    switch (p.scale == 2 ? taps : CeilDiv(taps, 2)) {
      case 2:
        return WinogradKind::kF42;
      case 3:
        return WinogradKind::kF43;
      case 4:
        return WinogradKind::kF44;
      default:
        return WinogradKind::kNone;
    }
  }
  const bool square = s.kernel_h == s.kernel_w && s.stride_h == 1 && s.stride_w == 1;
  if (square && s.kernel_h == 3 && in >= 8 && out >= 8) return WinogradKind::kF43;
  if (square && s.kernel_h >= 7) return s.kernel_h <= 8 ? WinogradKind::kF44 : WinogradKind::kF33;
  if (strips && s.kernel_h == 3 && s.stride_h == 1) return WinogradKind::kRows43;
  if (strips && s.kernel_h == 5 && s.stride_h == 1) return WinogradKind::kRows45;
  return WinogradKind::kNone;
}

// Direct over transformed milliseconds, the least of many, one AVX2 core (conv_method_bench), by in->out
// channels:
//   3x3       8->8 1.19  8->16 1.45  16->8 1.39  16->16 1.54  32->32 2.2  64->64 2.7  128->128 2.5
//             3->8 0.97  8->3 0.77  16->3 0.89  32->3 1.04; of a group 8->8 1.03  12->12 1.24  32->32 2.0
//   7x7       3->8 1.4  3->24 1.7  3->32 1.8  8->3 1.4  16->3 1.3  32->3 1.35  16->16 2.0  64->32 2.9
//   9x9       3->8 1.7   3->16 1.8   3->32 1.8   8->3 1.6   16->3 1.6   32->3 1.75
//   3x3 s2    20->28 1.10  24->48 0.94  28->56 1.25  32->64 1.21  64->128 1.27  128->128 1.42; of a group
//   12->12
//             0.76
//   4x4 s2    3->16 1.14  3->32 1.26  8->16 1.25  12->24 1.45  32->64 2.1  64->128 1.9
//   5x5 s2    3->16 1.21  3->32 1.45  16->32 1.83  32->64 2.1  64->64 1.9
//   7x7 s2    3->16 1.5  3->32 1.6
//   enlarged  8->8 0.85  12->8 0.98  16->8 1.06  16->3 0.89  24->12 1.12  32->16 1.37  48->24 1.46
//   64->32 1.65
//             128->64 2.1; by 5x5 16->8 1.47
//   transposed 4x4 s2: 8->8 0.96  12->12 1.08  16->8 1.11  32->16 1.9  64->32 1.9  32->3 0.90  64->3 0.96
//              3x3 s2: 16->8 1.0  24->12 1.04  32->16 1.13  48->24 1.2  64->32 1.3  96->48 1.3  24->3 0.69
//              5x5 s2: 16->8 1.46  64->32 2.8
// and in strips:
//   3x3       8->3 1.02  3->8 0.90  16->3 1.08  32->3 1.37
//   5x5       8->3 1.38  3->8 1.29  3->32 1.29  8->8 1.62  16->16 1.9  32->3 1.42  1->1 0.92
//   3x3 s2    3->16 0.79  8->16 1.04  16->32 1.10  24->48 1.10  28->56 1.20  32->64 1.14  64->128 0.9
// Few channels on either side leave the transforms of the other side nothing to be shared among.
bool WinogradWins(const ConvPlan& p, WinogradKind kind) {
  const int64_t in = GroupIn(p), out = GroupOut(p);
  if (kind == WinogradKind::kNone) return false;
  if (kind == WinogradKind::kRows43) return in >= 16;
  if (kind == WinogradKind::kRows45) return in * out >= 24;
  if (kind == WinogradKind::kRows42Strided) return in >= 16;
  if (p.scale == 2) {
    if (p.shape.transposed && p.shape.kernel_h == 3) return in >= 24 && out >= 8;
    return in >= (kind == WinogradKind::kF42 ? 16 : 8) && out >= 8;
  }
  if (p.read_stride_h == 2) {
    // A 3x3 kernel shares nine taps among 25 products.
    return kind == WinogradKind::kF42 && p.shape.kernel_h == 3 ? in >= kWideStrided : in * out >= 48;
  }
  if (kind == WinogradKind::kF43) return true;
  return p.shape.group == 1 && in * out >= 16;
}

Status PlanWinograd(ConvPlan& p, WinogradKind kind, std::span<const float> weights) {
  p.winograd.kind = kind;
  if (IsStrip(kind)) return PlanStrip(p, weights);
  WinogradLayout& w = p.winograd;
  w.axis = AxisOf(kind);
  w.in_phases = p.read_stride_h, w.out_phases = p.scale;
  const int64_t taps =
      std::max(ChooseOrigin(p, true, &w.origin_y).taps, ChooseOrigin(p, false, &w.origin_x).taps);
  w.blocks = CeilDiv(CeilDiv(taps, w.in_phases), w.axis.taps);
  PlanTiles(p);
  if (p.tasks > (1 << 30) || p.scratch_bytes > (uint64_t{1} << 30)) {
    return Unsupported("convolution has too many tiles");
  }
  return TransformWeights(p, weights);
}

}  // namespace tempera::kernels
