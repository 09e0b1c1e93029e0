#include "src/kernels/nhwc/winograd_s16.h"

#include <algorithm>
#include <cmath>

#include "src/base/checked_math.h"

namespace tempera::kernels {
namespace {

// Pixels and columns come in eights, and from there on it pays: measured in avx2_s16, times direct sums:
// 8->8 1.04, 8->16 1.15, 16->8 1.3, 16->16 1.5, 32->32 2.0, 64->64 2.5, 128->128 2.9.
constexpr int64_t kLeastChannels = 8;
// Transformed inputs and products of a block of tiles: a third of a small L2 (512 KiB), which also holds
// the packed rows. 128 to 256 KiB measure the same.
constexpr int64_t kBlockBudget = 160 * 1024;
// A multiple of six pixels, the height of most register blocks.
constexpr int64_t kTileStep = 6;
constexpr int64_t kBlockColumns = 32;
// Sums of a few tiles, from their transform until the epilogue has read them, and the vertically
// transformed input of a few: half of L1 (32 KiB).
constexpr int64_t kPartBudget = 16 * 1024;

constexpr double kG[6][3] = {{6, 0, 0}, {1, 1, 1}, {1, -1, 1}, {1, 2, 4}, {1, -2, 4}, {0, 0, 6}};

// An odd number of cache lines: 36 such steps then fall on different sets of L1.
int64_t OddLines(int64_t bytes) { return (CeilDiv(bytes, 64) | 1) * 64; }

}  // namespace

bool WinogradSuits(const ConvShape& s, const DotKernel& dot) {
  return !s.transposed && dot.element == DotElement::kS16 && dot.pixel_block == 1 && s.upsample == 1 &&
         s.kernel_h == 3 && s.kernel_w == 3 && s.stride_h == 1 && s.stride_w == 1 &&
         s.in_channels >= kLeastChannels;
}

bool WinogradServes(const ConvNhwcPlan& p, std::span<const double> weights) {
  if (!WinogradSuits(p.shape, *p.dot)) return false;
  const auto columns = static_cast<size_t>(p.dot_columns);
  for (size_t o = 0; o < columns; ++o) {
    double above = 0, below = 0;
    for (size_t i = o; i < weights.size(); i += columns) {
      above += std::max(weights[i], 0.0);
      below += std::max(-weights[i], 0.0);
    }
    if (255 * std::max(above, below) >= (1 << 25)) return false;
  }
  return true;
}

std::vector<uint8_t> PackWinograd(const ConvNhwcPlan& p, std::span<const double> weights) {
  const int64_t channels = p.packed_channels, columns = p.dot_columns;
  const int64_t row_k = RoundUp(3 * channels, p.dot->k_step);
  std::vector<uint8_t> packed;
  for (int64_t first = 0; first < columns; first += p.winograd.block_columns) {
    const int64_t width = std::min(p.winograd.block_columns, columns - first);
    std::vector<int16_t> matrix[36];
    for (auto& m : matrix) m.assign(static_cast<size_t>(channels * width), 0);
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t o = 0; o < width; ++o) {
        double half[6][3] = {};  // G g
        for (int64_t y = 0; y < 3; ++y) {
          for (int64_t x = 0; x < 3; ++x) {
            const double w =
                weights[static_cast<size_t>((y * row_k + x * channels + c) * columns + first + o)];
            for (int i = 0; i < 6; ++i) half[i][x] += kG[i][y] * w;
          }
        }
        for (int i = 0; i < 6; ++i) {
          for (int j = 0; j < 6; ++j) {
            const double w = half[i][0] * kG[j][0] + half[i][1] * kG[j][1] + half[i][2] * kG[j][2];
            matrix[i * 6 + j][static_cast<size_t>(c * width + o)] = static_cast<int16_t>(w);
          }
        }
      }
    }
    for (const auto& m : matrix) {
      const std::vector<uint8_t> bytes = p.dot->pack(m.data(), 1, channels, width);
      packed.insert(packed.end(), bytes.begin(), bytes.end());
    }
  }
  return packed;
}

void PlanWinograd(ConvNhwcPlan& p) {
  ConvNhwcPlan::Winograd& w = p.winograd;
  const int64_t channels = p.packed_channels;
  w.block_columns = std::min(p.dot_columns, kBlockColumns);
  const int64_t tile_bytes = 36 * (2 * channels + 4 * w.block_columns);
  const int64_t across = CeilDiv(p.tile_w, 4);
  w.tiles = std::max(kTileStep, kBlockBudget / tile_bytes / kTileStep * kTileStep);
  // Dealt evenly over a row of tiles.
  w.tiles = std::min(w.tiles, RoundUp(CeilDiv(across, CeilDiv(across, w.tiles)), kTileStep));
  w.input_step = OddLines(w.tiles * channels * 2) / 2;
  w.product_step = OddLines(w.tiles * w.block_columns * 4) / 4;
  w.input_part = std::clamp<int64_t>((kPartBudget / (12 * channels) - 2) / 4, 2, w.tiles);
  w.output_part = std::clamp<int64_t>(kPartBudget / (64 * w.block_columns), 2, w.tiles);
}

}  // namespace tempera::kernels
