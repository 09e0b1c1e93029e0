// One task of a planned convolution: fill the scratch, run the register blocks over it, gather moments.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/conv/conv_tasks.h"
#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/conv/conv_task.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/conv/conv_block-inl.h"
#include "src/kernels/conv/conv_scratch-inl.h"
#include "src/kernels/conv/shuffle-inl.h"
#include "src/kernels/moments-inl.h"
#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Where a thread's scratch holds what; PlanConv reserves the room.
struct Workspace {
  float* channels;
  float* linear;
  Run* runs;
  int64_t num_runs;
};

int64_t ListRuns(const ConvPlan& plan, const ConvTile& tile, Run* runs) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(DF()));
  const int64_t row_width = plan.read_stride_w * plan.segment_width;
  int64_t count = 0;
  for (int64_t y = 0; y < tile.rows; ++y) {
    for (int64_t x = 0; x < tile.columns; x += lanes) {
      Run& run = runs[count++];
      run.scratch = static_cast<int32_t>(y * plan.read_stride_h * row_width + x);
      run.y = static_cast<int32_t>(tile.y0 + y);
      run.x = static_cast<int32_t>(tile.x0 + x);
      run.valid = static_cast<int32_t>(std::min(lanes, tile.columns - x));
    }
  }
  return count;
}

// One block's outputs for up to kMostVectors runs, scale 1: straight to memory where every vector is
// whole, otherwise through a small buffer.
HWY_INLINE void StoreBlock(const BlockArgs& a, const ConvPlan::Block& block, const Run* runs, int count,
                           const Pointwise& write, float* out_plane, const PlaneSteps& steps) {
  constexpr int64_t kLanes = hn::MaxLanes(DF());
  const int64_t plane = steps.plane;
  int64_t offsets[kMostVectors];
  bool whole = true;
  for (int v = 0; v < count; ++v) {
    offsets[v] = int64_t{runs[v].y} * steps.row + runs[v].x;
    whole &= runs[v].valid == kLanes;
  }
  const BlockFunction run_block = kBlocks[static_cast<size_t>(block.channels)][static_cast<size_t>(count)];
  if (whole) return run_block(a, runs, write, block.first_channel, out_plane, offsets, plane);
  HWY_ALIGN float buffer[kMaxChannels * kMostVectors * kLanes];
  int64_t buffer_offsets[kMostVectors];
  for (int v = 0; v < count; ++v) buffer_offsets[v] = v * kLanes;
  run_block(a, runs, write, block.first_channel, buffer, buffer_offsets, kMostVectors * kLanes);
  for (int c = 0; c < block.channels; ++c) {
    for (int v = 0; v < count; ++v) {
      std::memcpy(out_plane + c * plane + offsets[v], buffer + (c * kMostVectors + v) * kLanes,
                  static_cast<size_t>(runs[v].valid) * sizeof(float));
    }
  }
}

// The same for scale 2: the two phases of an output row are computed side by side, then interleaved.
HWY_INLINE void StoreBlockPair(const ConvPlan& plan, const BlockArgs (&a)[2], int64_t phase_y,
                               const ConvPlan::Block& block, const Run* runs, int count,
                               const Pointwise& write, float* out_plane, const PlaneSteps& steps) {
  constexpr int64_t kLanes = hn::MaxLanes(DF());
  const DF d;
  HWY_ALIGN float buffer[2][kMaxChannels * kMostVectors * kLanes];
  int64_t buffer_offsets[kMostVectors];
  for (int v = 0; v < count; ++v) buffer_offsets[v] = v * kLanes;
  const BlockFunction run_block = kBlocks[static_cast<size_t>(block.channels)][static_cast<size_t>(count)];
  for (int px = 0; px < 2; ++px) {
    run_block(a[px], runs, write, block.first_channel, buffer[px], buffer_offsets, kMostVectors * kLanes);
  }
  for (int v = 0; v < count; ++v) {
    const int64_t y = 2 * int64_t{runs[v].y} + phase_y;
    const int64_t x = 2 * int64_t{runs[v].x};
    if (y >= plan.shape.out_h) continue;  // odd heights have no second phase in the last row
    const int64_t valid = std::min<int64_t>(2 * runs[v].valid, plan.shape.out_w - x);
    float* to = out_plane + y * steps.row + x;
    for (int c = 0; c < block.channels; ++c, to += steps.plane) {
      const int64_t at = (c * kMostVectors + v) * kLanes;
      if (valid == 2 * kLanes) {
        hn::StoreInterleaved2(hn::Load(d, buffer[0] + at), hn::Load(d, buffer[1] + at), d, to);
      } else {
        for (int64_t i = 0; i < valid; ++i) to[i] = buffer[i & 1][at + i / 2];
      }
    }
  }
}

BlockArgs ArgsOf(const ConvPlan& plan, size_t phase, int64_t block, const float* channels) {
  const ConvPlan::Phase& p = plan.phases[phase];
  BlockArgs a;
  a.scratch = channels;
  a.channel_stride = plan.channel_stride;
  a.in_channels = plan.shape.in_channels / plan.shape.group;
  a.taps = p.tap_offsets.data();
  a.num_taps = static_cast<int64_t>(p.tap_offsets.size());
  a.weights =
      reinterpret_cast<const float*>(plan.weights.data()) + p.block_weights[static_cast<size_t>(block)];
  a.bias = plan.bias.data() + plan.blocks[static_cast<size_t>(block)].first_channel;
  return a;
}

// Blocks [first, last) of one group over the filled scratch. Blocks go in chunks whose weights, at most 64
// KiB, stay in the L2 while the runs pass by.
void RunBlocks(const ConvPlan& plan, const ConvArgs& args, const Workspace& work, int64_t n, int64_t first,
               int64_t last) {
  const PlaneSteps planes = args.OutputSteps(plan.shape);
  const int64_t taps = std::max<int64_t>(1, static_cast<int64_t>(plan.phases[0].tap_offsets.size()));
  const int64_t block_floats = plan.scale * (plan.shape.in_channels / plan.shape.group) * taps * kMaxChannels;
  const int64_t chunk = std::max<int64_t>(1, 64 * 1024 / 4 / block_floats);
  for (int64_t begin = first; begin < last; begin += chunk) {
    const int64_t end = std::min(last, begin + chunk);
    int widest = 1;
    for (int64_t b = begin; b < end; ++b) {
      widest = std::max(widest, static_cast<int>(plan.blocks[static_cast<size_t>(b)].channels));
    }
    const int64_t step = kMaxVectors[static_cast<size_t>(widest)];
    // Runs are dealt evenly: 20 in steps of at most 3 are 7 steps of 3 or 2, not 6 of 3 and a rest.
    const int64_t steps = (work.num_runs + step - 1) / step;
    for (int64_t phase_y = 0; phase_y < plan.scale; ++phase_y) {
      for (int64_t s = 0; s < steps; ++s) {
        const int64_t from = work.num_runs * s / steps;
        const Run* runs = work.runs + from;
        const int count = static_cast<int>(work.num_runs * (s + 1) / steps - from);
        for (int64_t b = begin; b < end; ++b) {
          const ConvPlan::Block& block = plan.blocks[static_cast<size_t>(b)];
          float* out = args.output + (n * plan.shape.out_channels + block.first_channel) * planes.plane;
          if (plan.scale == 1) {
            StoreBlock(ArgsOf(plan, 0, b, work.channels), block, runs, count, args.write, out, planes);
          } else {
            const size_t phase = static_cast<size_t>(2 * phase_y);
            const BlockArgs pair[2] = {ArgsOf(plan, phase, b, work.channels),
                                       ArgsOf(plan, phase + 1, b, work.channels)};
            StoreBlockPair(plan, pair, phase_y, block, runs, count, args.write, out, planes);
          }
        }
      }
    }
  }
}

void GatherMoments(const ConvPlan& plan, const ConvArgs& args, const ConvTile& tile, const ConvTask& t,
                   const ConvPlan::Block& block) {
  const ConvShape& s = plan.shape;
  const int64_t y = tile.y0 * plan.scale, x = tile.x0 * plan.scale;
  const int64_t rows = std::min(tile.rows * plan.scale, s.out_h - y);
  const int64_t columns = std::min(tile.columns * plan.scale, s.out_w - x);
  const PlaneSteps steps = args.OutputSteps(s);
  for (int32_t c = block.first_channel; c < block.first_channel + block.channels; ++c) {
    const int64_t channel = t.image * s.out_channels + c;
    const float* data = args.output + channel * steps.plane + y * steps.row + x;
    args.moments[channel * plan.tiles + t.index] = RegionMoments(data, rows, columns, steps.row);
  }
}

void RunConvTask(const ConvPlan& plan, const ConvArgs& args, int64_t task, float* scratch) {
  const ConvShape& s = plan.shape;
  const ConvTask t = TaskOf(plan, task);
  const ConvTile tile = plan.TileAt(t.index);
  const ConvWindow window = plan.WindowOf(tile);
  const int64_t group_channels = s.in_channels / s.group;
  const PlaneSteps steps = args.input_steps.Of(s.in_h, s.in_w);
  Workspace work;
  work.channels = scratch;
  work.linear = scratch + group_channels * plan.channel_stride;
  work.runs = reinterpret_cast<Run*>(work.linear + plan.read_stride_w * plan.segment_width);
  work.num_runs = ListRuns(plan, tile, work.runs);

  for (int64_t g = t.first_group; g < t.last_group; ++g) {
    for (int64_t c = 0; c < group_channels; ++c) {
      const int64_t channel = t.image * s.in_channels + g * group_channels + c;
      const float* plane = args.input + channel * steps.plane;
      const float* next = c + 1 < group_channels ? plane + steps.plane : nullptr;
      FillChannel(plan, {args.read, channel, plane, steps.row}, next, window, work.linear,
                  work.channels + c * plan.channel_stride);
    }
    const int64_t first = std::max(t.first_block, g * plan.blocks_per_group);
    const int64_t last = std::min(t.last_block, (g + 1) * plan.blocks_per_group);
    RunBlocks(plan, args, work, t.image, first, last);
    if (args.moments == nullptr) continue;
    for (int64_t b = first; b < last; ++b) {
      GatherMoments(plan, args, tile, t, plan.blocks[static_cast<size_t>(b)]);
    }
  }
}

// A task of a shuffle: its planes are made in scratch, where they stay in the L2, and leave it interleaved.
void RunShuffledTask(const ConvPlan& plan, const ConvArgs& args, int64_t task, float* scratch) {
  const ConvShape& s = plan.shape;
  const ConvPlan::Shuffle& shuffle = plan.shuffle;
  const ConvTask t = TaskOf(plan, task);
  const ConvTile at = plan.TileAt(t.index);
  const ShuffledTile tile = {t.image, at.y0, at.x0};
  float* const planes = scratch + shuffle.start;
  ConvArgs to_planes = args;
  to_planes.output_steps = {shuffle.row, shuffle.plane};
  // Kernels count from the first image's first pixel.
  to_planes.output = planes - (tile.n * s.out_channels * shuffle.plane + tile.y0 * shuffle.row + tile.x0);
  plan.run_tile(plan, to_planes, task, scratch);
  StoreShuffled(plan, args, tile, planes, 0, s.out_channels);
}

const ConvTarget* GetConvTarget() {
  static const ConvTarget target = {static_cast<int64_t>(hn::Lanes(DF())), kMaxChannels, kMaxVectors.data(),
                                    &RunConvTask, &RunShuffledTask};
  return &target;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(const ConvTarget*, ChooseConvTarget, GetConvTarget);

void ConvPlan::RunTask(const ConvArgs& args, int64_t task, void* scratch) const {
  run_task(*this, args, task, static_cast<float*>(scratch));
}
}  // namespace tempera::kernels
#endif  // HWY_ONCE
