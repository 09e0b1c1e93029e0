// How a convolution that multiplies in a transformed domain is laid out; a part of ConvPlan.
#pragma once

#include <cstdint>
#include <vector>

namespace tempera::kernels {

// The one-dimensional step that both axes take (Winograd 1980, "Arithmetic complexity of computations";
// Lavin, Gray 2016, "Fast algorithms for convolutional neural networks"). Products per output, both axes,
// against a direct 3x3's 9:
enum class WinogradKind {
  kNone,
  kF43,       // 3x3: 4x4 outputs from 6x6 products, 2.25 each
  kF33,       // larger kernels as blocks of 3x3 taps: 3x3 outputs from 5x5 products, 25 / 9 for each block
  kEnlarged,  // 3x3 over an image enlarged twice: 2x2 outputs from 3x3 products, 2.25 each (4 in phases)
  // Strips (winograd_strip.h): for few channels. Along columns only, each of the kernel's columns being a sum
  // of its own; products per output and kernel column, against kernel_h:
  kRows43,         // kernel_h 3: 6/4
  kRows45,         // kernel_h 5: 8/4
  kRows42Strided,  // kernel_h 3, stride_h 2: 9/4
  kRows43Strided,  // kernel_h 5, stride_h 2: 11/4
  kEnlargedStrip,  // as kEnlarged
};

// Along one axis.
struct WinogradAxis {
  int64_t step;     // input pixels from one tile to the next
  int64_t inputs;   // input pixels a tile reads
  int64_t points;   // products
  int64_t outputs;  // output pixels of a tile
  int64_t taps;     // of a block
};

// Of a strip kind. A unit is what one product of a lane serves: four output rows, or 2x2 pixels. A task's
// input lies in scratch as the direct kernel's does; of a strip, a few vectors of a row of units, the
// transformed input is made of rows of stride_w segments, each `segment` numbers, v_channel numbers for each
// channel.
struct StripLayout {
  int64_t vectors = 0;  // of a strip, at most
  int64_t segment = 0, v_channel = 0;
  int64_t chunk_blocks = 0;  // of output channels whose products are kept at a time
  struct Point {
    std::vector<int32_t> tap_offsets;    // into one channel of the transformed input
    std::vector<int64_t> block_weights;  // per block: where its [in_channel][tap][channel] starts
  };
  std::vector<Point> points;
};

struct WinogradLayout {
  WinogradKind kind = WinogradKind::kNone;
  WinogradAxis axis = {};
  int64_t blocks = 1;  // of taps, along each axis: block b of tile t reads what block 0 of tile t + b reads

  // A task's share of the output, in Winograd tiles; ConvPlan::tile_h and tile_w are the same in pixels.
  int64_t rows = 0, columns = 0;
  // Its transformed input: [point][channel][row][column]; rows + blocks - 1 rows of v_width.
  int64_t v_width = 0, v_channel = 0, v_point = 0;
  // Its products: [point][channel of the chunk][vector][lane].
  int64_t chunk_blocks = 0, m_channel = 0, m_point = 0;
  // Where a block of output channels finds its weights, for point 0; [in_channel][tap block][channel].
  std::vector<int64_t> block_weights;
  int64_t weights_point = 0;
  std::vector<int32_t> tap_offsets;  // of the tap blocks, into one channel of the transformed input
  // One channel's input: rows of `step` segments (pixel i of a row in segment i % step), segment_width wide.
  int64_t segment_width = 0, input_rows = 0;

  // Of the strip kinds, which use none of the above but kind.
  StripLayout strip;
};

}  // namespace tempera::kernels
