// 2-D convolution in 8-bit integers or bf16 over half-precision pixels, [n, h, w, c] ("nhwc_f16").
// Planned once for a shape, a precision and a target, then run task by task (one task = one band of
// output rows, all output channels) from any threads.
//
// A task packs the input rows it needs into the thread's scratch: the pending normalisation and activation
// of the value read, quantisation (or rounding to bf16), padding and channel padding all happen there, once
// per number. A dot kernel then makes exact integer sums row by row into L1, and an epilogue turns them into
// fp16 pixels and gathers the moments of what it stores (before rounding to fp16).
//
// Quantisation: channel c of the input is q = round(x / s_c) + z_c in 0..255 with s_c = (high_c - low_c) /
// 255; s_c goes into the weights before they are rounded, per output channel and symmetric, to -127..127. All
// sums are int32 and exact, so every dot kernel gives the same bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"
#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/dot/dot_kernel.h"
#include "src/kernels/moments.h"
#include "src/kernels/pointwise.h"

namespace tempera::kernels {

// How a value of [n, c, h, w] lies in memory.
enum class PictureLayout {
  kPlanarF32,  // [n, c, h, w] fp32
  kNhwcF16,    // [n, h, w, NhwcChannels(c)] fp16, the channels past c are zeros
};
inline int64_t NhwcChannels(int64_t c) { return (c + 7) / 8 * 8; }

enum class ConvPrecision { kInt8, kBf16 };

// Whether 8 bits can stand for numbers from low to high: neither empty nor endless.
inline bool IsInt8Range(float low, float high) {
  const double range = static_cast<double>(high) - low;
  return range >= 1e-30 && range <= 1e30;
}

struct ConvNhwcOptions {
  ConvPrecision precision = ConvPrecision::kInt8;
  PictureLayout input = PictureLayout::kNhwcF16;
  PictureLayout output = PictureLayout::kNhwcF16;
  // Range of each input channel after ConvArgs::read, for kInt8: in_channels numbers each, IsInt8Range;
  // what lies outside is clamped. Empty for kBf16.
  std::span<const float> low, high;
  int64_t highway_bit = 0;
  const DotKernel* dot = nullptr;  // nullptr: the fastest of the target (tests name one)
};

struct ConvNhwcArgs {
  const void* input = nullptr;  // as ConvNhwcOptions::input says
  Pointwise read;               // as ConvArgs::read
  void* output = nullptr;
  Pointwise write;                                 // as ConvArgs::write
  Moments* moments = nullptr;                      // as ConvArgs::moments, with ConvNhwcPlan::tiles
  PlaneSteps input_steps = {}, output_steps = {};  // as in ConvArgs, of kPlanarF32
};

// True when PlanConvNhwc takes the shape: group 1, dilation 1, int32 sums cannot overflow, upsample 1, or 2
// where it folds into four phases (see ConvGeometry::scale); transposed where the kernel is no shorter than
// the stride. A shuffle gives interleaved pixels of whole multiples of 8 channels only.
bool ConvNhwcServes(const ConvShape& shape, const ConvNhwcOptions& options);

struct ConvNhwcTarget;

// Immutable once made; owns its packed weights. `tiles` is also the number of moments of an output channel; a
// tile's rows pass through a window of ring_rows rows in scratch.
struct ConvNhwcPlan : ConvGeometry {
  ConvPrecision precision = ConvPrecision::kInt8;
  PictureLayout input = PictureLayout::kNhwcF16, output = PictureLayout::kNhwcF16;
  const DotKernel* dot = nullptr;
  int64_t tasks = 0;           // n * tiles; depends on the shape and the precision alone
  uint64_t scratch_bytes = 0;  // what one thread needs, 64-byte aligned
  size_t weight_bytes = 0;

  // What follows is for the implementation.
  int64_t packed_channels = 0;  // of a pixel in scratch
  // One phase of the output (ConvGeometry::scale): a dot product over the window's rows.
  struct Phase {
    int64_t first_row = 0, first_column = 0;  // of its taps, in the window
    int64_t kernel_rows = 0, row_k = 0;
    AlignedBuffer weights;           // as the dot kernel packs them
    std::vector<float> scale, bias;  // [columns]: from a sum to a number of the output
  };
  std::vector<Phase> phases;
  int64_t columns = 0;      // of sums when the epilogue reads them: output channels and padding
  int64_t dot_columns = 0;  // of weights
  // Few output channels would leave most columns of weights empty. Then a column is a pair of (group of
  // shift_step kernel columns, output channel), and the sums of shifts groups are added, group i at
  // shift_step * i pixels further right. Otherwise shifts is 1 and shift_step all of the kernel's columns.
  int64_t shifts = 1, shift_step = 0;
  int64_t chunk_pixels = 0;  // outputs per call of the dot kernel
  // Sums made from transformed tiles of 4x4 outputs (winograd_s16.h).
  struct Winograd {
    int64_t tiles = 0;  // transformed and multiplied at a time; 0: sums are made directly
    int64_t block_columns = 0;
    int64_t input_step = 0, product_step = 0;      // numbers between one of the 36 matrices and the next
    int64_t input_part = 0, output_part = 0;       // tiles, of which the transforms' rests fit L1
    size_t vertical = 0, input = 0, products = 0;  // offsets in scratch
  } winograd;
  int64_t ring_rows = 0, row_stride = 0;  // in elements
  std::vector<float> inverse_step, zero;  // [packed_channels]: q = x * inverse_step + zero, rounded
  int64_t read_constants = 0;             // of each kind in scratch: packed_channels, or those repeated
  std::vector<uint8_t> pad_pixel;         // packed_channels elements of constant padding
  struct Scratch {                        // offsets in bytes
    size_t rows = 0, line = 0, sums = 0, added = 0, read = 0, write = 0, moments = 0;
  } scratch;
  const ConvNhwcTarget* target = nullptr;

  // The output channel whose sums are in a column. Of a shuffle into interleaved pixels, columns that become
  // one pixel stand side by side.
  int64_t ChannelOf(int64_t column) const {
    if (shape.shuffle == 1 || output != PictureLayout::kNhwcF16) return column;
    const int64_t together = shape.pixels_a_channel(), channels = shape.out_channels / together;
    return column % channels * together + column / channels;
  }

  // Along each axis, what a task computes and so reads for: Winograd's tiles have four outputs.
  int64_t unit() const { return winograd.tiles > 0 ? 4 : 1; }

  void RunTask(const ConvNhwcArgs& args, int64_t task, void* scratch) const;
  // As ConvPlan's.
  TaskRegion ReadRegion(int64_t task) const;
  TaskRegion WrittenRegion(int64_t task) const;
};

// weights: [out_channels, in_channels, kernel_h, kernel_w]; bias: out_channels numbers or empty.
Result<ConvNhwcPlan> PlanConvNhwc(const ConvShape& shape, std::span<const float> weights,
                                  std::span<const float> bias, const ConvNhwcOptions& options);

// One target's code.
struct ConvNhwcTarget {
  void (*run_task)(const ConvNhwcPlan& plan, const ConvNhwcArgs& args, int64_t task, uint8_t* scratch);
};
const ConvNhwcTarget* ChooseConvNhwcTarget(int64_t highway_bit);

}  // namespace tempera::kernels
