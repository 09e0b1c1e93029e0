// AMX's tiles as a dot kernel. Written over a "tile unit": RealTiles (amx_tiles.h) issues the instructions,
// EmulatedTiles (amx_emulated.h) does in C++ what their documentation says, so that all of this file is
// tested on machines without AMX.
//
// One tile instruction multiplies 16 pixels x 64 bytes of row by 64 bytes x 16 columns in 16 cycles: 1024
// products of bytes, or 512 of bf16, a cycle. A result can be added to again after 52 cycles, so 4 sums must
// be in flight; there are 8 tiles, hence
//   tiles 0..3: sums of up to 4 (pixel tile, column tile) pairs
//   tiles 4, 5: pixels, straight from the packed rows, with the distance of two pixels as the tile's stride
//   tiles 6, 7: weights
// A 2 x 2 block takes, for each step of 64 bytes, 64 cycles of multiplication and 4 tile loads. A load is 16
// rows of a cache line, two a cycle: 8 cycles, or 16 where every row straddles two lines (pixel strides that
// are no multiples of 64 bytes). 2 x 16 for pixels and 2 x 8 for weights make 48: behind the 64.
// Shapes of one column tile (16 output channels, or the last of an odd number) load one tile for each
// multiplication: 4 x 1 takes 4 x 16 + 8 = 72 load cycles at worst beside 64.
// (Intel 64 and IA-32 Architectures Optimization Reference Manual, chapter on AMX.)
//
// A step of a 2 x 2 block is 19 instructions by clang 19 (4 loads, 4 multiplications, nothing else touches
// memory) for 65536 products of bytes; g++ 12 keeps some pointers on the stack, 28 to 36: either is far less
// than 64 cycles issue. Expected, as the manual counts and not measured: 64 cycles a step for 32 pixels and
// 32 columns, the stores (16 cycles a tile) behind the next block. 3 x 3, 128 -> 128 channels, 32 pixels: 18
// steps x 4 pairs of column tiles x 64 = 4608 cycles.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/kernels/dot/dot_kernel.h"

namespace tempera::kernels::amx {

constexpr int64_t kTileRows = 16, kTileBytes = 64;  // most rows, and bytes of a row
constexpr int64_t kTileColumns = 16;                // int32 or fp32 of a row of sums
constexpr int64_t kTilePixels = kTileRows;

constexpr int kFirstPixelTile = 4, kFirstWeightTile = 6;

// What LDTILECFG reads.
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[8] = {};
  uint16_t reserved_too[8] = {};
  uint8_t rows[8] = {};
  uint8_t reserved_three[8] = {};
};
static_assert(sizeof(TileConfig) == 64);

// Every step reads `step_bytes` of a pixel's row, at most 64.
inline TileConfig ConfigOf(int64_t step_bytes) {
  TileConfig config;
  for (int tile = 0; tile < 8; ++tile) {
    const bool pixels = tile >= kFirstPixelTile && tile < kFirstWeightTile;
    const bool weights = tile >= kFirstWeightTile;
    config.row_bytes[tile] = static_cast<uint16_t>(pixels ? step_bytes : kTileBytes);
    // A weight tile's row holds 4 bytes of k (4 bytes or 2 bf16) for each of 16 columns.
    config.rows[tile] = static_cast<uint8_t>(weights ? step_bytes / 4 : kTileRows);
  }
  return config;
}

// How the bytes of a kernel row are cut into steps. A multiplication costs the same whatever the step, so
// there are as few as can be, all alike: one tile configuration serves them, and nothing is read past the
// row. The last one may start inside the one before; the weights packed for what it sees twice are zeros.
struct Steps {
  int64_t count;
  int64_t bytes;       // of a step, a multiple of 4
  int64_t last_start;  // the others start at multiples of `bytes`

  explicit Steps(int64_t row_bytes)
      : count((row_bytes + kTileBytes - 1) / kTileBytes),
        bytes(((row_bytes + count - 1) / count + 3) / 4 * 4),
        last_start(row_bytes - bytes) {}
  int64_t Start(int64_t step) const { return std::min(step * bytes, last_start); }
};

// [column tile][kernel row][step][4 bytes of k][16 columns][4 bytes]: every tile is one contiguous stretch of
// step.bytes * 16 bytes, and a column tile reads its stretches one after the other.
// weights: [kernel_rows][row_k][columns]; row_k of at least 4 bytes, and a multiple of that.
template <typename Weight>
std::vector<uint8_t> PackTiles(const void* weights, int64_t kernel_rows, int64_t row_k, int64_t columns) {
  constexpr int64_t kGroup = 4 / static_cast<int64_t>(sizeof(Weight));
  const Steps steps(row_k * static_cast<int64_t>(sizeof(Weight)));
  const int64_t step_k = steps.bytes / static_cast<int64_t>(sizeof(Weight));
  const auto* from = static_cast<const Weight*>(weights);
  std::vector<uint8_t> packed(static_cast<size_t>(kernel_rows * steps.count * steps.bytes * columns));
  auto* to = reinterpret_cast<Weight*>(packed.data());
  for (int64_t first = 0; first < columns; first += kTileColumns) {
    for (int64_t r = 0; r < kernel_rows; ++r) {
      for (int64_t step = 0; step < steps.count; ++step) {
        const int64_t start = steps.Start(step) / static_cast<int64_t>(sizeof(Weight));
        for (int64_t k = 0; k < step_k; ++k) {
          if (start + k < step * step_k) continue;  // the step before has it
          for (int64_t o = 0; o < kTileColumns; ++o) {
            to[(k / kGroup * kTileColumns + o) * kGroup + k % kGroup] =
                from[(r * row_k + start + k) * columns + first + o];
          }
        }
        to += step_k * kTileColumns;
      }
    }
  }
  return packed;
}

// Two bytes: uint8 pixels times int8 weights into int32, or bf16 pairs into fp32.
enum class Multiply { kU8S8, kBf16 };

// What all blocks of one call share; distances in bytes.
struct Walk {
  int64_t kernel_rows, row_stride, pixel_stride;
  Steps steps;
  int64_t column_tile_bytes;  // packed weights of a column tile
  int64_t sums_stride;        // of a pixel of sums
};

// Sums of kPixels x kColumns tiles, at most 4. input: the first pixel's first kernel row.
template <class Tiles, Multiply kMultiply, int kPixels, int kColumns>
struct Block {
  static_assert(kPixels * kColumns <= 4 && kColumns <= 2);

  static void Run(const Walk& walk, const uint8_t* input, const uint8_t* weights, uint8_t* sums) {
    const Walk w = walk;  // in registers: every tile load might change what a pointer leads to
    ForEachSum([]<int p, int c>() { Tiles::template Zero<p * kColumns + c>(); });
    for (int64_t r = 0; r < w.kernel_rows; ++r, input += w.row_stride) {
      for (int64_t step = 0; step < w.steps.count; ++step) {
        Step<0>(w, input + w.steps.Start(step), weights);
        weights += w.steps.bytes * kTileColumns;
      }
    }
    ForEachSum([&]<int p, int c>() {
      Tiles::template Store<p * kColumns + c>(sums + p * kTilePixels * w.sums_stride + c * kTileBytes,
                                              w.sums_stride);
    });
  }

 private:
  // Loads stand right before the first multiplication that needs them: those of later steps run ahead while
  // the unit is busy.
  template <int p>
  static void Step(const Walk& w, const uint8_t* input, const uint8_t* weights) {
    constexpr int kPixelTile = kFirstPixelTile + p % 2;
    if constexpr (p == 0) Tiles::template Load<kFirstWeightTile>(weights, kTileBytes);
    Tiles::template Load<kPixelTile>(input + p * kTilePixels * w.pixel_stride, w.pixel_stride);
    Dot<p * kColumns, kPixelTile, kFirstWeightTile>();
    if constexpr (kColumns == 2) {
      if constexpr (p == 0) {
        Tiles::template Load<kFirstWeightTile + 1>(weights + w.column_tile_bytes, kTileBytes);
      }
      Dot<p * kColumns + 1, kPixelTile, kFirstWeightTile + 1>();
    }
    if constexpr (p + 1 < kPixels) Step<p + 1>(w, input, weights);
  }

  template <int sum, int pixels, int weights>
  static void Dot() {
    if constexpr (kMultiply == Multiply::kU8S8) {
      Tiles::template DotU8S8<sum, pixels, weights>();
    } else {
      Tiles::template DotBf16<sum, pixels, weights>();
    }
  }

  template <int p = 0, int c = 0, typename Function>
  static void ForEachSum(const Function& function) {
    function.template operator()<p, c>();
    if constexpr (c + 1 < kColumns) {
      ForEachSum<p, c + 1>(function);
    } else if constexpr (p + 1 < kPixels) {
      ForEachSum<p + 1, 0>(function);
    }
  }
};

// A dot kernel on a tile unit. The configuration stays until a call needs another or the task ends:
// LDTILECFG takes hundreds of cycles, as long as a short row.
template <class Tiles, Multiply kMultiply>
class TileDot {
 public:
  static void Begin() { configured_ = 0; }
  static void End() {
    if (configured_ != 0) Tiles::Release();
    configured_ = 0;
  }

  static void Run(const DotArgs& a) {
    constexpr int64_t kSize = kMultiply == Multiply::kU8S8 ? 1 : 2;
    const Steps steps(a.row_k * kSize);
    if (configured_ != steps.bytes) {
      Tiles::Configure(ConfigOf(steps.bytes));
      configured_ = steps.bytes;
    }
    const Walk walk = {a.kernel_rows,
                       a.row_stride * kSize,
                       a.pixel_stride * kSize,
                       steps,
                       a.kernel_rows * steps.count * steps.bytes * kTileColumns,
                       a.columns * 4};
    const auto* input = static_cast<const uint8_t*>(a.input);
    const auto* weights = static_cast<const uint8_t*>(a.weights);
    auto* sums = static_cast<uint8_t*>(a.sums);
    const int64_t tiles = (a.pixels + kTilePixels - 1) / kTilePixels;
    // Columns outermost: the weights of two column tiles (37 KB for 128 channels, 3 x 3, in bytes) stay in
    // the L1 while the pixels of the row pass by; all columns' (147 KB) would come from the L2 for every
    // block. The pixels come from the L2 once for each pair instead.
    const int64_t column_tiles = a.columns / kTileColumns;
    for (int64_t c = 0; c < column_tiles; c += 2) {
      if (c + 1 < column_tiles) {
        RunPair(walk, input, weights, sums, tiles);
      } else {
        RunSingle(walk, input, weights, sums, tiles);
      }
      weights += 2 * walk.column_tile_bytes;
      sums += 2 * kTileBytes;
    }
  }

 private:
  template <int kPixels, int kColumns>
  static void RunBlock(const Walk& w, const uint8_t* input, const uint8_t* weights, uint8_t* sums,
                       int64_t tile) {
    Block<Tiles, kMultiply, kPixels, kColumns>::Run(w, input + tile * kTilePixels * w.pixel_stride, weights,
                                                    sums + tile * kTilePixels * w.sums_stride);
  }

  // Two columns of tiles: 2 x 2 blocks. Three pixel tiles that are left over go through each column by
  // themselves: 2 x 52 cycles a step, where a 2 x 2 and a 1 x 2 would take 64 + 52.
  static void RunPair(const Walk& w, const uint8_t* input, const uint8_t* weights, uint8_t* sums,
                      int64_t tiles) {
    int64_t tile = 0;
    for (; tiles - tile >= 2 && tiles - tile != 3; tile += 2) {
      RunBlock<2, 2>(w, input, weights, sums, tile);
    }
    if (tiles - tile == 3) {
      RunBlock<3, 1>(w, input, weights, sums, tile);
      RunBlock<3, 1>(w, input, weights + w.column_tile_bytes, sums + kTileBytes, tile);
    } else if (tiles - tile == 1) {
      RunBlock<1, 2>(w, input, weights, sums, tile);
    }
  }

  // One column: fours, and threes rather than a last one or two, whose additions would wait for each other.
  static void RunSingle(const Walk& w, const uint8_t* input, const uint8_t* weights, uint8_t* sums,
                        int64_t tiles) {
    int64_t tile = 0;
    for (int64_t left = tiles; left > 0; left = tiles - tile) {
      if (left == 4 || left >= 7) {
        RunBlock<4, 1>(w, input, weights, sums, tile);
        tile += 4;
      } else if (left == 3 || left >= 5) {
        RunBlock<3, 1>(w, input, weights, sums, tile);
        tile += 3;
      } else if (left == 2) {
        RunBlock<2, 1>(w, input, weights, sums, tile);
        tile += 2;
      } else {
        RunBlock<1, 1>(w, input, weights, sums, tile);
        tile += 1;
      }
    }
  }

  static inline thread_local int64_t configured_ = 0;  // bytes of a step, 0: not at all
};

// The parts of a DotKernel that do not depend on the name.
template <class Tiles, Multiply kMultiply>
constexpr DotKernel TileDotKernel(const char* name) {
  constexpr bool kBytes = kMultiply == Multiply::kU8S8;
  using Dot = TileDot<Tiles, kMultiply>;
  return {name,
          kBytes ? DotElement::kU8S8 : DotElement::kBf16,
          kBytes ? 4 : 2,
          kTileColumns,
          kTilePixels,
          &Dot::Begin,
          &Dot::End,
          &Dot::Run,
          kBytes ? &PackTiles<int8_t> : &PackTiles<uint16_t>,
          kBytes ? 600.0 : 300.0};
}

}  // namespace tempera::kernels::amx
