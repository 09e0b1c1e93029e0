// 2-D convolution in fp32 on dense planes, [n, c, h, w]: planned once for a shape and a
// target, then run task by task (one task = one tile of the output) from any threads.
//
// A task first copies the input rows it needs into the thread's scratch, and everything
// irregular happens there: padding, the pending normalisation and activation of the value
// read, splitting columns by stride. The inner loop then has no branch: a register block of
// output channels x vectors of neighbouring pixels, weights broadcast.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"
#include "src/kernels/conv/conv_geometry.h"
#include "src/kernels/moments.h"
#include "src/kernels/pointwise.h"
#include "src/kernels/region.h"
#include "src/kernels/winograd/winograd_layout.h"

namespace tempera::kernels {

// Numbers from one row of a picture, and from one plane, to the next; zeros: they follow one another.
struct PlaneSteps {
  int64_t row = 0, plane = 0;
  PlaneSteps Of(int64_t height, int64_t width) const {
    return {row != 0 ? row : width, plane != 0 ? plane : height * width};
  }
};

struct ConvArgs {
  const float* input = nullptr;  // [n, in_channels, in_h, in_w]
  Pointwise read;                // applied to the input as it is read, before padding; channels
                                 // counted over n too: n * in_channels numbers
  float* output = nullptr;       // [n, out_channels, out_h, out_w]; may not overlap the input
  Pointwise write;               // activation only; slope: out_channels numbers
  Moments* moments = nullptr;    // when given: [n * out_channels][ConvPlan::tiles] of what was written
  // How the input lies. A task reads the window of its own tile alone, so the rest of the picture need not
  // exist: `input` then says where its first number would be. Not for the kernels of planes/.
  PlaneSteps input_steps = {};
  // How the output lies; the same holds for what a task writes.
  PlaneSteps output_steps = {};

  PlaneSteps OutputSteps(const ConvShape& s) const {
    return output_steps.Of(s.out_h * s.shuffle, s.out_w * s.shuffle);
  }
};

struct ConvTarget;
struct ConvPlan;

// kDirect and kWinograd are for tests and benchmarks.
enum class ConvMethod {
  kFastest,   // by rule, from the shape and the target
  kDirect,    // products of inputs and weights themselves
  kWinograd,  // in a transformed domain (winograd.h), or kUnsupported
};

using ConvTaskFunction = void (*)(const ConvPlan& plan, const ConvArgs& args, int64_t task, float* scratch);

// Immutable once made; owns its packed weights. Its tiles: the blocks of all groups are cut into parts
// besides.
struct ConvPlan : ConvGeometry {
  struct Phase {
    std::vector<int32_t> tap_offsets;    // into one channel of the scratch
    std::vector<int64_t> block_weights;  // per block: where its [in_channel][tap][channel] starts
  };
  std::vector<Phase> phases;  // scale * scale, row-major
  struct Block {
    int32_t first_channel;  // of all output channels
    int32_t channels;       // 1..ConvTarget::max_channels
  };
  std::vector<Block> blocks;  // blocks_per_group for each group
  int64_t blocks_per_group = 0;
  AlignedBuffer weights;    // floats
  std::vector<float> bias;  // one per output channel

  int64_t parts = 1, groups_per_part = 1, blocks_per_part = 0;
  int64_t tasks = 0;  // n * parts * tiles

  // Scratch of one channel: scratch_rows rows, each read_stride_w segments of segment_width numbers.
  int64_t scratch_rows = 0, segment_width = 0, channel_stride = 0;
  uint64_t scratch_bytes = 0;  // what one thread needs, 64-byte aligned

  const ConvTarget* target = nullptr;

  // Not kNone when the plan multiplies in a transformed domain; then tiles have whole output pixels, and
  // phases and scratch are the layout's own.
  WinogradLayout winograd;
  ConvTaskFunction run_task = nullptr;

  // Of a shuffle: a task's planes are made in scratch, from there they go to the output (shuffle-inl.h).
  struct Shuffle {
    int64_t start = 0, row = 0, plane = 0;  // in scratch; numbers from one row, and one plane, to the next
    int64_t slots = 0;                      // channel c's plane is number c % slots; a multiple of the block
  } shuffle;
  // What makes all planes, where run_task does not do it itself.
  ConvTaskFunction run_tile = nullptr;

  void RunTask(const ConvArgs& args, int64_t task, void* scratch) const;
  // Never less than the task reads, padding shows and whole vectors reach.
  TaskRegion ReadRegion(int64_t task) const;
  // Exactly what the task writes.
  TaskRegion WrittenRegion(int64_t task) const;
  // How it is computed, for people: "", " 4-phase", " winograd F(4x4,3x3)", ...
  const char* form_name() const;
};

// weights: [out_channels, in_channels / group, kernel_h, kernel_w] (also when transposed); bias: out_channels
// numbers or empty. `highway_bit` names the target (src/base/cpu.h).
Result<ConvPlan> PlanConv(const ConvShape& shape, std::span<const float> weights, std::span<const float> bias,
                          int64_t highway_bit, ConvMethod method = ConvMethod::kFastest);

// The plain loops that everything above is compared with. Same contract as a whole run;
// args.moments is not written.
void ConvReference(const ConvShape& shape, std::span<const float> weights, std::span<const float> bias,
                   const ConvArgs& args);

// One target's code.
struct ConvTarget {
  int64_t lanes;           // floats in a vector
  int64_t max_channels;    // output channels in a register block
  const int* max_vectors;  // vectors in a register block of 0 .. max_channels channels
  ConvTaskFunction run_task;
  ConvTaskFunction run_shuffled_task;  // around another family's as well
};
const ConvTarget* ChooseConvTarget(int64_t highway_bit);

}  // namespace tempera::kernels
