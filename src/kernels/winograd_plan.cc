// Plans a convolution in the transformed domain: which kind, how large a task, the weights' transform.
#include <algorithm>
#include <array>
#include <vector>

#include "src/base/checked_math.h"
#include "src/kernels/task_share.h"
#include "src/kernels/winograd.h"
#include "src/kernels/winograd_points.h"
#include "src/kernels/winograd_strip.h"

namespace tempera::kernels {
namespace {

constexpr int64_t kLine = 16;  // floats in a cache line, and in the widest vector
// The transformed input and the products of a chunk of output channels share a small L2 (512 KiB).
// 448 KiB hold 24 tiles of 128 channels: three vectors, a full register block.
constexpr int64_t kInputBudget = 448 * 1024 / 4, kProductBudget = 96 * 1024 / 4;
constexpr size_t kMostPoints = 6, kMostTaps = 3;

WinogradAxis AxisOf(WinogradKind kind) {
  switch (kind) {
    case WinogradKind::kF43:
      return {4, 6, 6, 4, 3};
    case WinogradKind::kF33:
      return {3, 5, 5, 3, 3};
    case WinogradKind::kEnlarged:
      return {1, 3, 3, 2, 3};
    case WinogradKind::kRows43:
    case WinogradKind::kRows45:
    case WinogradKind::kRows42Strided:
    case WinogradKind::kRows43Strided:
    case WinogradKind::kEnlargedStrip:
    case WinogradKind::kNone:
      break;
  }
  return {};
}

// Enlarged images of fewer channels go in strips.
constexpr int64_t kWideEnlarged = 64;

using Matrix = std::array<std::array<double, kMostTaps>, kMostPoints>;

// [point][tap]
Matrix InterpolationWeights(std::span<const double> finite) {
  Matrix g{};
  for (size_t point = 0; point <= finite.size(); ++point) {
    for (size_t tap = 0; tap < kMostTaps; ++tap)
      g[point][tap] = InterpolationWeight(finite, point, tap, kMostTaps);
  }
  return g;
}

Matrix WeightTransform(WinogradKind kind) {
  switch (kind) {
    case WinogradKind::kF43:
      return InterpolationWeights(std::array{0.0, kF43A, -kF43A, kF43B, -kF43B});
    case WinogradKind::kF33:
      return InterpolationWeights(std::array{0.0, 1.0, -1.0, kF33H});
    case WinogradKind::kEnlarged:
      return {{{1, 0, 0}, {1, 1, 1}, {0, 0, 1}}};
    case WinogradKind::kRows43:
    case WinogradKind::kRows45:
    case WinogradKind::kRows42Strided:
    case WinogradKind::kRows43Strided:
    case WinogradKind::kEnlargedStrip:
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
  int64_t rows, columns, v_width, across, down;
  double covered;  // share of the tasks' rows that are in the image: the last ones may have fewer
};

// Vectors of a task's tiles. Without tap blocks the rows of tiles follow one another without a gap.
int64_t TileVectors(const ConvPlan& p, int64_t rows, int64_t columns) {
  const int64_t lanes = p.target->lanes;
  return p.winograd.blocks == 1 ? CeilDiv(rows * columns, lanes) : rows * CeilDiv(columns, lanes);
}

// Transformed columns of a task, whole vectors.
int64_t TransformedWidth(const ConvPlan& p, int64_t columns) {
  const int64_t lanes = p.target->lanes;
  return RoundUp(RoundUp(columns, lanes) + p.winograd.blocks - 1, lanes);
}

// Cycles of a whole run, roughly: two fused multiply-adds a cycle, one store a cycle, three cycles for a
// vector copied into scratch and 60 for a row of them, five bytes a cycle from beyond L2. Only compared with
// one another.
double CostOf(const ConvPlan& p, const Cut& cut) {
  const WinogradLayout& w = p.winograd;
  const double vectors = 1.0 / static_cast<double>(p.target->lanes);
  const auto in = static_cast<double>(p.shape.in_channels), out = static_cast<double>(p.shape.out_channels);
  const auto squared = [](int64_t x) { return static_cast<double>(x * x); };
  const auto tiles = static_cast<double>(TileVectors(p, cut.rows, cut.columns));
  const auto transformed = static_cast<double>((cut.rows + w.blocks - 1) * cut.v_width) * vectors;
  const auto copied = static_cast<double>(((cut.rows + w.blocks - 2) * w.axis.step + w.axis.inputs) *
                                          w.axis.step * cut.v_width) *
                      vectors;
  const auto short_rows = static_cast<double>((cut.rows + w.blocks - 2) * w.axis.step + w.axis.inputs);
  const double task = tiles * squared(w.axis.points) * out * (in * squared(w.blocks) / 2 + 2) +
                      transformed * squared(w.axis.points) * in * 2 + copied * in * 3 + short_rows * in * 60;
  const double weights = squared(w.axis.points) * squared(w.blocks) * in * out;
  const double far = weights * 4 > kNearWeights ? weights * 0.75 : 0;
  return (task * cut.covered + far) * DealtTasks(p.shape.n * cut.across * cut.down);
}

// The cheapest cut whose transformed input fits its budget.
Cut ChooseCut(const ConvPlan& p) {
  const WinogradLayout& w = p.winograd;
  const int64_t lanes = p.target->lanes;
  const int64_t all_columns = CeilDiv(p.shape.out_w, w.axis.outputs);
  const int64_t all_rows = CeilDiv(p.shape.out_h, w.axis.outputs);
  const int64_t a_column = w.axis.points * w.axis.points * p.shape.in_channels;
  Cut best{};
  double best_cost = 0;
  for (int64_t vectors = 1; vectors <= CeilDiv(all_columns, lanes); ++vectors) {
    Cut cut;
    cut.columns = std::min(vectors * lanes, all_columns);
    cut.v_width = TransformedWidth(p, cut.columns);
    cut.across = CeilDiv(all_columns, cut.columns);
    const int64_t most = kInputBudget / (a_column * cut.v_width) - (w.blocks - 1);
    if (most < 1 && vectors > 2) break;
    for (int64_t rows = 1; rows <= std::clamp<int64_t>(most, 1, all_rows); ++rows) {
      cut.rows = rows;
      cut.down = CeilDiv(all_rows, cut.rows);
      cut.covered = static_cast<double>(all_rows) / static_cast<double>(cut.rows * cut.down);
      const double cost = CostOf(p, cut);
      if (best.rows == 0 || cost < best_cost) best = cut, best_cost = cost;
    }
  }
  return best;
}

void PlanTiles(ConvPlan& p) {
  WinogradLayout& w = p.winograd;
  const Cut cut = ChooseCut(p);
  w.rows = cut.rows, w.columns = cut.columns, w.v_width = cut.v_width;
  p.tile_h = w.rows * w.axis.outputs, p.tile_w = w.columns * w.axis.outputs;
  p.tiles_y = cut.down, p.tiles_x = cut.across;
  p.tiles = p.tiles_y * p.tiles_x;
  p.parts = 1, p.groups_per_part = 1, p.blocks_per_part = p.blocks_per_group;
  p.tasks = p.shape.n * p.tiles;

  const int64_t v_rows = w.rows + w.blocks - 1;
  // The vectors of a row may reach beyond its last tile.
  w.v_channel =
      w.blocks == 1 ? RoundUp((v_rows - 1) * w.columns + w.v_width, p.target->lanes) : v_rows * w.v_width;
  w.v_point = OddLines(p.shape.in_channels * w.v_channel);
  const int64_t vectors = TileVectors(p, w.rows, w.columns);
  w.m_channel = vectors * p.target->lanes;
  const int64_t points = w.axis.points * w.axis.points;
  const int64_t most_block = std::min(p.target->max_channels, p.shape.out_channels);
  const int64_t fit = kProductBudget / (points * w.m_channel * most_block);
  w.chunk_blocks = std::clamp<int64_t>(fit, 1, p.blocks_per_group);
  w.m_point = OddLines(w.chunk_blocks * most_block * w.m_channel + kLine);
  w.segment_width = RoundUp(w.v_width + (w.axis.inputs - 1) / w.axis.step, kLine);
  w.input_rows = (v_rows - 1) * w.axis.step + w.axis.inputs;
  const int64_t row = w.axis.step * w.segment_width;
  // Transformed input, products, one channel's rows, their transform along rows, one row before its split,
  // and four 32-bit numbers per vector (kernels::Run).
  const int64_t floats = points * (w.v_point + w.m_point) + (w.input_rows + 1) * row +
                         w.input_rows * w.axis.points * w.v_width +
                         RoundUp(4 * w.rows * CeilDiv(w.columns, p.target->lanes), kLine);
  p.scratch_bytes = static_cast<size_t>(floats) * sizeof(float);
}

// packed: [point][block][in_channel][tap block][channel].
Status TransformWeights(ConvPlan& p, std::span<const float> weights) {
  WinogradLayout& w = p.winograd;
  const ConvShape& s = p.shape;
  const Matrix g = WeightTransform(w.kind);
  const int64_t points = w.axis.points, tap_blocks = w.blocks * w.blocks;
  w.weights_point = s.out_channels * s.in_channels * tap_blocks;
  TEMPERA_ASSIGN_OR_RETURN(
      p.weights,
      AlignedBuffer::Allocate(static_cast<size_t>(points * points * w.weights_point) * sizeof(float)));
  auto* packed = reinterpret_cast<float*>(p.weights.data());
  for (int64_t by = 0; by < w.blocks; ++by) {
    for (int64_t bx = 0; bx < w.blocks; ++bx)
      w.tap_offsets.push_back(static_cast<int32_t>(by * w.v_width + bx));
  }
  int64_t start = 0;
  for (const ConvPlan::Block& block : p.blocks) {
    w.block_weights.push_back(start);
    for (int64_t i = 0; i < s.in_channels; ++i) {
      for (int64_t tap = 0; tap < tap_blocks; ++tap) {
        const int64_t y0 = tap / w.blocks * w.axis.taps, x0 = tap % w.blocks * w.axis.taps;
        for (int64_t c = 0; c < block.channels; ++c) {
          const float* from =
              weights.data() + ((block.first_channel + c) * s.in_channels + i) * s.kernel_h * s.kernel_w;
          for (int64_t point = 0; point < points * points; ++point) {
            const auto &gy = g[static_cast<size_t>(point / points)],
                       &gx = g[static_cast<size_t>(point % points)];
            double sum = 0;
            for (int64_t y = y0; y < std::min(y0 + w.axis.taps, s.kernel_h); ++y) {
              for (int64_t x = x0; x < std::min(x0 + w.axis.taps, s.kernel_w); ++x) {
                sum += gy[static_cast<size_t>(y - y0)] * gx[static_cast<size_t>(x - x0)] *
                       from[y * s.kernel_w + x];
              }
            }
            packed[point * w.weights_point + start + c] = static_cast<float>(sum);
          }
        }
        start += block.channels;
      }
    }
  }
  return OkStatus();
}

}  // namespace

const char* ConvPlan::form_name() const {
  switch (winograd.kind) {
    case WinogradKind::kF43:
      return " winograd F(4x4,3x3)";
    case WinogradKind::kF33:
      return " winograd F(3x3,3x3)";
    case WinogradKind::kEnlarged:
    case WinogradKind::kEnlargedStrip:
      return " winograd x2";
    case WinogradKind::kRows43:
      return " winograd F(4,3)";
    case WinogradKind::kRows45:
      return " winograd F(4,5)";
    case WinogradKind::kRows42Strided:
      return " winograd F(4,2)";
    case WinogradKind::kRows43Strided:
      return " winograd F(4,3)";
    case WinogradKind::kNone:
      break;
  }
  return scale == 2 ? " 4-phase" : "";
}

WinogradKind WinogradKindOf(const ConvPlan& p) {
  const ConvShape& s = p.shape;
  if (s.transposed || s.group != 1 || s.dilation_h != 1 || s.dilation_w != 1) return WinogradKind::kNone;
  if (p.scale == 2) {
    const bool fits = s.kernel_h == 3 && s.kernel_w == 3 && s.pad_top == 1 && s.pad_left == 1;
    if (!fits) return WinogradKind::kNone;
    return s.in_channels < kWideEnlarged ? WinogradKind::kEnlargedStrip : WinogradKind::kEnlarged;
  }
  const bool square = s.kernel_h == s.kernel_w && s.stride_h == 1 && s.stride_w == 1;
  if (square && s.kernel_h == 3 && s.in_channels >= 8 && s.out_channels >= 8) return WinogradKind::kF43;
  if (square && s.kernel_h >= 7) return WinogradKind::kF33;
  if (s.kernel_h == 3 && s.stride_h == 1) return WinogradKind::kRows43;
  if (s.kernel_h == 5 && s.stride_h == 1) return WinogradKind::kRows45;
  if (s.kernel_h == 3 && s.stride_h == 2) return WinogradKind::kRows42Strided;
  if (s.kernel_h == 5 && s.stride_h == 2) return WinogradKind::kRows43Strided;
  return WinogradKind::kNone;
}

// Direct over transformed milliseconds, the least of 5, one AVX2 core (conv_method_bench), by in->out
// channels:
//   3x3       8->8 1.19  8->16 1.45  16->8 1.39  16->16 1.54  32->32 2.2  64->64 2.7  128->128 2.5
//             3->8 0.97  8->3 0.77  16->3 0.89  32->3 1.04
//   9x9       3->8 1.7   3->16 1.8   3->32 1.8   8->3 1.6   16->3 1.6   32->3 1.7
//   enlarged  64->32 1.45  128->64 1.7
// and in strips:
//   3x3       8->3 1.02  3->8 0.90  16->3 1.08  32->3 1.37
//   5x5       8->3 1.38  3->8 1.29  3->32 1.29  8->8 1.62  16->16 1.9  32->3 1.42  1->1 0.92
//   enlarged  32->16 1.29  48->24 1.41  16->8 0.98  8->8 0.98  8->3 0.78
//   3x3 s2    3->16 0.79  8->16 1.04  16->32 1.10  32->64 1.24  64->128 0.7
//   5x5 s2    3->8 0.99  3->16 1.17  16->32 1.3  64->64 1.3
// Few channels on either side leave the transforms of the other side nothing to be shared among.
bool WinogradWins(const ConvPlan& p, WinogradKind kind) {
  if (kind == WinogradKind::kNone) return false;
  const int64_t in = p.shape.in_channels, out = p.shape.out_channels;
  switch (kind) {
    case WinogradKind::kF43:
      return in >= 8 && out >= 8;
    case WinogradKind::kF33:
      return p.shape.kernel_h >= 9;
    case WinogradKind::kEnlarged:
      return in >= 32 && out >= 16;
    case WinogradKind::kEnlargedStrip:
      return in >= 32;
    case WinogradKind::kRows43:
      return in >= 16;
    case WinogradKind::kRows45:
      return in * out >= 24;
    case WinogradKind::kRows42Strided:
      return in >= 16 && in < 64;
    case WinogradKind::kRows43Strided:
      return out >= 16;
    case WinogradKind::kNone:
      break;
  }
  return false;
}

Status PlanWinograd(ConvPlan& p, WinogradKind kind, std::span<const float> weights) {
  p.winograd.kind = kind;
  if (IsStrip(kind)) return PlanStrip(p, weights);
  p.winograd.axis = AxisOf(kind);
  p.winograd.blocks = CeilDiv(p.shape.kernel_h, p.winograd.axis.taps);
  PlanTiles(p);
  if (p.tasks > (1 << 30) || p.scratch_bytes > (size_t{1} << 30)) {
    return Unsupported("convolution has too many tiles");
  }
  return TransformWeights(p, weights);
}

}  // namespace tempera::kernels
