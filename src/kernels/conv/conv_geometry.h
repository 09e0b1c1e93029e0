// What a convolution computes, and how its output is cut: the window that an output reads, which kernel tap
// looks at which input pixel, tiles. The same for every method and precision.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/kernels/pad_index.h"
#include "src/kernels/region.h"

namespace tempera::kernels {

struct ConvShape {
  int64_t n = 1, in_channels = 1, in_h = 1, in_w = 1;
  int64_t out_channels = 1, out_h = 1, out_w = 1;
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  int64_t pad_top = 0, pad_left = 0;  // bottom and right follow from out_h and out_w
  int64_t group = 1;
  PadMode pad_mode = PadMode::kConstant;
  float pad_value = 0;
  // 2: the input is first enlarged twice by repeating pixels (nearest); in_h and in_w are
  // those of the small image, padding counts enlarged pixels.
  int64_t upsample = 1;
  // ConvTranspose: input pixel i adds its kernel to the output from i * stride - pad on. Padding is zeros;
  // stride_h = stride_w, 1 or 2.
  bool transposed = false;
  // r in 2..4: output channel c * r * r + dy * r + dx is stored as pixel (y * r + dy, x * r + dx) of channel
  // c (DepthToSpace in CRD order, which Shi et al. 2016 call periodic shuffling, behind the convolution): the
  // output is [n, out_channels / (r * r), out_h * r, out_w * r]. out_channels, out_h, out_w, what ConvArgs
  // says of output channels, and moments stay those before the shuffle. One group, not enlarged, not
  // transposed.
  int64_t shuffle = 1;

  // Output channels that become one.
  int64_t pixels_a_channel() const { return shuffle * shuffle; }
  int64_t macs() const {
    if (transposed) return n * out_channels * in_h * in_w * (in_channels / group) * kernel_h * kernel_w;
    return n * out_channels * out_h * out_w * (in_channels / group) * kernel_h * kernel_w;
  }
  bool operator==(const ConvShape&) const = default;
};

// kInvalidArgument when sizes contradict each other, reflect pads reach past the image, or a
// size does not fit.
Status CheckConvShape(const ConvShape& shape);

// One of the two spatial dimensions; `in` counts enlarged pixels.
struct ConvAxis {
  int64_t in, out, kernel, stride, dilation, before;
  // Bottom (or right) padding that the output size implies; negative when rows are left over.
  int64_t after() const { return (out - 1) * stride + (kernel - 1) * dilation + 1 - in - before; }
};
ConvAxis AxisH(const ConvShape& shape);
ConvAxis AxisW(const ConvShape& shape);

// A tile in phase coordinates: outputs [y0, y0 + rows) x [x0, x0 + columns).
struct ConvTile {
  int64_t y0, x0, rows, columns;
};

// Positions of the enlarged input, which may lie outside it.
struct ConvWindow {
  Interval rows, columns;
};

struct ConvGeometry {
  ConvShape shape;

  // Outputs are computed as `scale` x `scale` interleaved images ("phases"). 1, or 2 when the
  // enlargement was folded into the weights: 3x3 over an enlarged image is four 2x2
  // convolutions of the small one, 4/9 of the work. 2 also for a transposed convolution of stride 2.
  int64_t scale = 1;
  int64_t read_stride_h = 1, read_stride_w = 1;  // of the input, per output of a phase
  // Enlargement left to the copy into scratch: shape.upsample when it was not folded.
  int64_t read_upsample = 1;
  // One phase's output, and the window of input it reads; after folding these count small pixels.
  int64_t phase_h = 0, phase_w = 0;
  int64_t window_h = 0, window_w = 0, window_top = 0, window_left = 0;
  PadMode pad_mode = PadMode::kConstant;

  // An output phase is cut into tiles_y x tiles_x.
  int64_t tile_h = 0, tile_w = 0, tiles_y = 0, tiles_x = 0;
  int64_t tiles = 0;  // tiles_y * tiles_x

  // Tile `index` of an image, row by row.
  ConvTile TileAt(int64_t index) const {
    const int64_t y0 = index / tiles_x * tile_h, x0 = index % tiles_x * tile_w;
    return {y0, x0, tile_h < phase_h - y0 ? tile_h : phase_h - y0,
            tile_w < phase_w - x0 ? tile_w : phase_w - x0};
  }
  // What all outputs of a tile read.
  ConvWindow WindowOf(const ConvTile& tile) const {
    return {{tile.y0 * read_stride_h - window_top, (tile.rows - 1) * read_stride_h + window_h},
            {tile.x0 * read_stride_w - window_left, (tile.columns - 1) * read_stride_w + window_w}};
  }
  // The input's pixels that a window shows, in all channels of an image; and the output's of a tile, once
  // phases are interleaved and shuffled.
  TaskRegion ShownBy(const ConvWindow& window, int64_t image) const;
  TaskRegion WrittenBy(const ConvTile& tile, int64_t image) const;
};

// Fills all of a geometry but its tiles from its shape.
void PlanWindow(ConvGeometry& g);

struct AxisTap {
  int64_t offset;                // in pixels of the scratch, from the window's start
  std::vector<int64_t> kernels;  // kernel indices whose weights are summed
};

// The taps of one phase (0 .. scale - 1) along one axis, after PlanWindow. May be empty (a
// transposed convolution whose kernel is shorter than its stride).
std::vector<AxisTap> TapsH(const ConvGeometry& g, int64_t phase);
std::vector<AxisTap> TapsW(const ConvGeometry& g, int64_t phase);

}  // namespace tempera::kernels
