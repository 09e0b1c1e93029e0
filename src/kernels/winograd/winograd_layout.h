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
  // Blocks of taps, and phases of stride 2 or of an output at twice the size (WinogradLayout).
  kF42,  // 2x2 taps: 4x4 outputs from 5x5 products, 25 / 16 each
  kF43,  // 3x3 taps: 4x4 outputs from 6x6 products, 2.25 each
  kF44,  // 4x4 taps: 4x4 outputs from 7x7 products, 49 / 16 each
  kF33,  // 3x3 taps: 3x3 outputs from 5x5 products, 25 / 9 each
  // Strips (winograd_strip.h): for few channels. Along columns only, each of the kernel's columns being a sum
  // of its own; products per output and kernel column, against kernel_h:
  kRows43,         // kernel_h 3: 6/4
  kRows45,         // kernel_h 5: 8/4
  kRows42Strided,  // kernel_h 3, stride_h 2: 9/4
};

// Along one axis; pixels of one phase.
struct WinogradAxis {
  int64_t step;     // input pixels from one tile to the next
  int64_t inputs;   // input pixels a tile reads
  int64_t points;   // products
  int64_t outputs;  // output pixels of a tile
  int64_t taps;     // of a block
};

// The order of an input channel's images when it has four: {row, column} of the phase. A kernel whose odd
// phases have fewer taps leaves these without products at some points, and any two that share a phase stand
// side by side here.
inline constexpr int kInputPhases[4][2] = {{1, 0}, {0, 0}, {0, 1}, {1, 1}};

// Where the first tile lies, along one axis: the first pixel it reads and the first it writes. May lie before
// the image.
struct WinogradOrigin {
  int64_t input = 0, output = 0;
};

// What is multiplied at one point, both axes.
struct WinogradPoint {
  int64_t first_input = 0, inputs = 0;  // of the transformed input's images
  std::vector<int32_t> tap_offsets;     // of the tap blocks, into one image of the transformed input
  // [output phase][block]: where its [image][tap block][channel] starts; -1 where the products are zero.
  std::vector<int64_t> block_weights;
};

// Of a strip kind. A unit is what one product of a lane serves: four output rows. A task's input lies in
// scratch as the direct kernel's does; of a strip, a few vectors of a row of units, the transformed input is
// made of rows of stride_w segments, each `segment` numbers, v_channel numbers for each channel.
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
  // Along each axis. Two input phases: stride 2, even and odd pixels are images of their own whose products
  // are summed; so each input channel has four images, in the order of kInputPhases. Two output phases: an
  // output at twice the size, whose even and odd pixels are images of their own. These start where both read
  // the same pixels, so that one transformed input serves all four.
  int64_t in_phases = 1, out_phases = 1;
  WinogradOrigin origin_y, origin_x;

  // A task's share of the output, in Winograd tiles; ConvPlan::tile_h and tile_w are the same in pixels.
  int64_t rows = 0, columns = 0;
  // Its transformed input: [point][phase][channel of the group][row][column]; rows + blocks - 1 rows of
  // v_width.
  int64_t v_width = 0, v_pitch = 0, v_channel = 0, v_point = 0;
  // Its products: [point][output phase][channel of the chunk][vector][lane].
  int64_t chunk_blocks = 0, m_channel = 0, m_point = 0;
  std::vector<WinogradPoint> points;
  // One channel's input: rows of in_phases images' `step` segments (pixel i of a phase in segment i % step),
  // segment_width wide.
  int64_t segment_width = 0, input_rows = 0;

  // Of the strip kinds, which use none of the above but kind.
  StripLayout strip;
};

}  // namespace tempera::kernels
