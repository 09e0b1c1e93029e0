// One task of a convolution in the transformed domain: transform the input of some tiles, multiply point by
// point (the same register blocks as the direct kernel), transform the sums back, gather moments.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "src/kernels/conv_f32.h"
#include "src/kernels/pad_index.h"
#include "src/kernels/target.h"
#include "src/kernels/winograd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/winograd_task.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/conv_block-inl.h"
#include "src/kernels/conv_scratch-inl.h"
#include "src/kernels/moments-inl.h"
#include "src/kernels/pointwise-inl.h"
#include "src/kernels/winograd_multiply-inl.h"
#include "src/kernels/winograd_transform-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr int64_t kWidth = hn::MaxLanes(DF());

// Where a thread's scratch holds what; PlanWinograd reserves the room.
struct WinogradWork {
  float* v;       // transformed input
  float* m;       // products
  float* rows;    // one channel's input rows, split into segments
  float* middle;  // the same, transformed along rows: [row][point][column]
  float* linear;  // one row before its split
  Run* runs;      // y, x: in tiles of the task
  int64_t num_runs;
  // Of this task: one at the right edge may have fewer columns than the plan's.
  int64_t v_width;  // columns, whole vectors
  int64_t pitch;    // from one row of tiles to the next, transformed or multiplied
  int64_t vectors;  // of products
};

// A task's tiles: outputs from (y0, x0) on, in pixels.
struct TileBlock {
  int64_t n, y0, x0, rows, columns;
};

WinogradWork LayOut(const ConvPlan& plan, const TileBlock& tile, float* scratch) {
  const WinogradLayout& w = plan.winograd;
  const int64_t points = w.axis.points * w.axis.points, row = w.axis.step * w.segment_width;
  WinogradWork work;
  work.v = scratch;
  work.m = work.v + points * w.v_point;
  work.rows = work.m + points * w.m_point;
  work.middle = work.rows + w.input_rows * row;
  work.linear = work.middle + w.input_rows * w.axis.points * w.v_width;
  work.runs = reinterpret_cast<Run*>(work.linear + row);
  work.num_runs = 0;
  const int64_t whole = (tile.columns + kWidth - 1) / kWidth * kWidth;
  work.v_width = w.blocks > 1 ? w.v_width : whole;
  // Without tap blocks the tiles of all rows follow one another without a gap; a row's last vector reaches
  // into the next row, which is written later.
  work.pitch = w.blocks > 1 ? whole : tile.columns;
  work.vectors = (tile.rows * work.pitch + kWidth - 1) / kWidth;
  for (int64_t y = 0; y < tile.rows; ++y) {
    for (int64_t x = 0; x < tile.columns; x += kWidth) {
      work.runs[work.num_runs++] = {static_cast<int32_t>(y * work.v_width + x), static_cast<int32_t>(y),
                                    static_cast<int32_t>(x),
                                    static_cast<int32_t>(std::min(kWidth, tile.columns - x))};
    }
  }
  return work;
}

// dst[segment][i] = src[i * kStep + segment].
template <int kStep>
HWY_INLINE void SplitRow(const float* src, int64_t segment, float* dst) {
  const DF d;
  for (int64_t i = 0; i < segment; i += kWidth) {
    VF a, b, c, e;
    if constexpr (kStep == 3) {
      hn::LoadInterleaved3(d, src + 3 * i, a, b, c);
    } else {
      static_assert(kStep == 4);
      hn::LoadInterleaved4(d, src + 4 * i, a, b, c, e);
      hn::StoreU(e, d, dst + 3 * segment + i);
    }
    hn::StoreU(a, d, dst + i);
    hn::StoreU(b, d, dst + segment + i);
    hn::StoreU(c, d, dst + 2 * segment + i);
  }
}

// y[0], y[1], ... of kOutputs interleaved: to[i * kOutputs + j] = y[j][i].
template <int kOutputs>
HWY_INLINE void StoreTiles(const VF (&y)[kOutputs], float* to) {
  const DF d;
  if constexpr (kOutputs == 2) hn::StoreInterleaved2(y[0], y[1], d, to);
  if constexpr (kOutputs == 3) hn::StoreInterleaved3(y[0], y[1], y[2], d, to);
  if constexpr (kOutputs == 4) hn::StoreInterleaved4(y[0], y[1], y[2], y[3], d, to);
}

template <class Transform>
HWY_NOINLINE void CopyRows(const ConvPlan& plan, const Pointwise& read, int64_t channel, const float* plane,
                           const float* next, const TileBlock& tile, const WinogradWork& work) {
  constexpr int64_t kStep = Transform::kStep;
  const WinogradLayout& w = plan.winograd;
  const int64_t row_width = kStep * w.segment_width;
  const int64_t rows = (tile.rows + w.blocks - 2) * kStep + Transform::kInputs;
  const int64_t need = (tile.columns + w.blocks - 2) * kStep + Transform::kInputs;
  const int64_t top = tile.y0 / Transform::kOutputs * kStep - plan.window_top;
  const int64_t left = tile.x0 / Transform::kOutputs * kStep - plan.window_left;
  const int64_t height = plan.shape.in_h * plan.read_upsample;
  if (next != nullptr) PrefetchRows(plan, next, top, rows, left, need);
  float* dst = work.rows;
  for (int64_t r = 0; r < rows; ++r, dst += row_width) {
    const int64_t y = PadIndex(top + r, height, plan.pad_mode);
    const float* row = y < 0 ? nullptr : plane + (y / plan.read_upsample) * plan.shape.in_w;
    float* to = kStep == 1 ? dst : work.linear;
    FillRow(plan, read, channel, row, left, need, row_width, to);
    if constexpr (kStep != 1) SplitRow<kStep>(to, w.segment_width, dst);
  }
}

// One channel: rows of segments to points. Along rows first, since that reads the segments at odd places:
// done right after they were written, such loads wait for the stores to leave the store buffer.
template <class Transform>
HWY_NOINLINE void TransformInput(const ConvPlan& plan, const TileBlock& tile, const WinogradWork& work,
                                 float* HWY_RESTRICT v) {
  constexpr int kStep = Transform::kStep, kInputs = Transform::kInputs, kPoints = Transform::kPoints;
  const DF d;
  const WinogradLayout& w = plan.winograd;
  const int64_t segment = w.segment_width, width = work.v_width, middle_row = kPoints * width;
  const int64_t v_pitch = w.blocks > 1 ? w.v_width : work.pitch;
  const int64_t tile_rows = tile.rows + w.blocks - 1;
  const int64_t rows = (tile_rows - 1) * kStep + kInputs;
  for (int64_t r = 0; r < rows; ++r) {
    const float* HWY_RESTRICT from = work.rows + r * kStep * segment;
    float* HWY_RESTRICT to = work.middle + r * middle_row;
    for (int64_t x = 0; x < width; x += kWidth) {
      VF in[kInputs], out[kPoints];
      for (int i = 0; i < kInputs; ++i) in[i] = hn::LoadU(d, from + (i % kStep) * segment + i / kStep + x);
      Transform::Input(in, out);
      for (int i = 0; i < kPoints; ++i) hn::StoreU(out[i], d, to + i * width + x);
    }
  }
  for (int64_t ty = 0; ty < tile_rows; ++ty) {
    for (int px = 0; px < kPoints; ++px) {
      const float* HWY_RESTRICT from = work.middle + ty * kStep * middle_row + px * width;
      float* HWY_RESTRICT to = v + px * w.v_point + ty * v_pitch;
      for (int64_t x = 0; x < width; x += kWidth) {
        VF in[kInputs], out[kPoints];
        for (int i = 0; i < kInputs; ++i) in[i] = hn::LoadU(d, from + i * middle_row + x);
        Transform::Input(in, out);
        for (int i = 0; i < kPoints; ++i) hn::StoreU(out[i], d, to + i * kPoints * w.v_point + x);
      }
    }
  }
}

// One output channel: products to pixels.
template <class Transform>
HWY_NOINLINE void TransformOutput(const ConvPlan& plan, const Pointwise& write, int64_t channel,
                                  const TileBlock& tile, const WinogradWork& work,
                                  const float* HWY_RESTRICT m, float* HWY_RESTRICT plane) {
  constexpr int kPoints = Transform::kPoints, kOutputs = Transform::kOutputs;
  const DF d;
  const ConvShape& s = plan.shape;
  const int64_t m_point = plan.winograd.m_point;
  const ChannelPointwise pointwise = LoadPointwise(d, write, channel);
  const VF bias = hn::Set(d, plan.bias[static_cast<size_t>(channel)]);
  for (int64_t r = 0; r < work.num_runs; ++r) {
    const Run& run = work.runs[r];
    const float* HWY_RESTRICT from = m + run.y * work.pitch + run.x;
    VF middle[kOutputs][kPoints];
    for (int px = 0; px < kPoints; ++px) {
      VF in[kPoints], out[kOutputs];
      for (int py = 0; py < kPoints; ++py) in[py] = hn::LoadU(d, from + (py * kPoints + px) * m_point);
      Transform::Output(in, out);
      for (int i = 0; i < kOutputs; ++i) middle[i][px] = out[i];
    }
    const int64_t y0 = tile.y0 + run.y * kOutputs, x0 = tile.x0 + run.x * kOutputs;
    const int64_t valid = std::min<int64_t>(run.valid * kOutputs, s.out_w - x0);
    for (int i = 0; i < kOutputs; ++i) {
      if (y0 + i >= s.out_h) break;
      VF y[kOutputs];
      Transform::Output(middle[i], y);
      for (VF& pixels : y) pixels = ActivateAs(write.activation, hn::Add(pixels, bias), pointwise);
      float* to = plane + (y0 + i) * s.out_w + x0;
      if (valid == kWidth * kOutputs) {
        StoreTiles(y, to);
      } else {
        HWY_ALIGN float buffer[kWidth * kOutputs];
        StoreTiles(y, buffer);
        std::memcpy(to, buffer, static_cast<size_t>(valid) * sizeof(float));
      }
    }
  }
}

// One block of output channels at one point: a sum over input channels and tap blocks.
void MultiplyTapBlocks(const ConvPlan& plan, const WinogradWork& work, const PanelArgs& panel,
                       int32_t channels) {
  const float kZeros[kMaxChannels] = {};
  const Pointwise nothing;
  const auto num_taps = static_cast<int64_t>(plan.winograd.tap_offsets.size());
  const BlockArgs a = {
      panel.v,       panel.v_stride, panel.in_channels, plan.winograd.tap_offsets.data(), num_taps,
      panel.weights, kZeros};
  // Dealt evenly, as in the direct kernel.
  const int64_t most = kMaxVectors[static_cast<size_t>(channels)];
  const int64_t steps = (work.num_runs + most - 1) / most;
  for (int64_t s = 0; s < steps; ++s) {
    const int64_t from = work.num_runs * s / steps, to = work.num_runs * (s + 1) / steps;
    int64_t offsets[kMostVectors];
    for (int64_t v = from; v < to; ++v) offsets[v - from] = v * kWidth;
    kBlocks[static_cast<size_t>(channels)][static_cast<size_t>(to - from)](
        a, work.runs + from, nothing, 0, panel.out, offsets, panel.out_stride);
  }
}

// Products of all points for blocks [begin, end) of output channels.
void Multiply(const ConvPlan& plan, const WinogradWork& work, int64_t begin, int64_t end) {
  const WinogradLayout& w = plan.winograd;
  const auto* weights = reinterpret_cast<const float*>(plan.weights.data());
  const int64_t points = w.axis.points * w.axis.points;
  const int32_t first_channel = plan.blocks[static_cast<size_t>(begin)].first_channel;
  PanelArgs panel;
  panel.v_stride = w.v_channel;
  panel.in_channels = plan.shape.in_channels;
  panel.vectors = work.vectors;
  panel.out_stride = w.m_channel;
  for (int64_t point = 0; point < points; ++point) {
    panel.v = work.v + point * w.v_point;
    for (int64_t b = begin; b < end; ++b) {
      const ConvPlan::Block& block = plan.blocks[static_cast<size_t>(b)];
      panel.weights = weights + point * w.weights_point + w.block_weights[static_cast<size_t>(b)];
      panel.out = work.m + point * w.m_point + (block.first_channel - first_channel) * w.m_channel;
      if (w.blocks == 1) {
        kPanels[static_cast<size_t>(block.channels)](panel);
      } else {
        MultiplyTapBlocks(plan, work, panel, block.channels);
      }
    }
  }
}

template <class Transform>
void RunWinogradTask(const ConvPlan& plan, const ConvArgs& args, int64_t task, float* scratch) {
  const ConvShape& s = plan.shape;
  const WinogradLayout& w = plan.winograd;
  const int64_t index = task % plan.tiles;
  TileBlock tile;
  tile.n = task / plan.tiles;
  tile.y0 = index / plan.tiles_x * plan.tile_h;
  tile.x0 = index % plan.tiles_x * plan.tile_w;
  const int64_t pixel_rows = std::min(plan.tile_h, s.out_h - tile.y0);
  const int64_t pixel_columns = std::min(plan.tile_w, s.out_w - tile.x0);
  tile.rows = (pixel_rows + Transform::kOutputs - 1) / Transform::kOutputs;
  tile.columns = (pixel_columns + Transform::kOutputs - 1) / Transform::kOutputs;
  const WinogradWork work = LayOut(plan, tile, scratch);

  for (int64_t c = 0; c < s.in_channels; ++c) {
    const int64_t channel = tile.n * s.in_channels + c;
    const float* plane = args.input + channel * s.in_h * s.in_w;
    const float* next = c + 1 < s.in_channels ? plane + s.in_h * s.in_w : nullptr;
    CopyRows<Transform>(plan, args.read, channel, plane, next, tile, work);
    TransformInput<Transform>(plan, tile, work, work.v + c * w.v_channel);
  }
  for (int64_t begin = 0; begin < plan.blocks_per_group; begin += w.chunk_blocks) {
    const int64_t end = std::min(plan.blocks_per_group, begin + w.chunk_blocks);
    Multiply(plan, work, begin, end);
    const int32_t first = plan.blocks[static_cast<size_t>(begin)].first_channel;
    const ConvPlan::Block& last = plan.blocks[static_cast<size_t>(end - 1)];
    for (int32_t c = first; c < last.first_channel + last.channels; ++c) {
      const int64_t channel = tile.n * s.out_channels + c;
      float* plane = args.output + channel * s.out_h * s.out_w;
      TransformOutput<Transform>(plan, args.write, c, tile, work, work.m + (c - first) * w.m_channel, plane);
      if (args.moments == nullptr) continue;
      args.moments[channel * plan.tiles + index] =
          RegionMoments(plane + tile.y0 * s.out_w + tile.x0, pixel_rows, pixel_columns, s.out_w);
    }
  }
}

ConvTaskFunction GetWinogradTask(WinogradKind kind) {
  switch (kind) {
    case WinogradKind::kF43:
      return &RunWinogradTask<F43>;
    case WinogradKind::kF33:
      return &RunWinogradTask<F33>;
    case WinogradKind::kEnlarged:
      return &RunWinogradTask<Enlarged>;
    case WinogradKind::kRows43:
    case WinogradKind::kRows45:
    case WinogradKind::kRows42Strided:
    case WinogradKind::kRows43Strided:
    case WinogradKind::kEnlargedStrip:
    case WinogradKind::kNone:
      break;
  }
  return nullptr;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
HWY_EXPORT(GetWinogradTask);

ConvTaskFunction ChooseWinogradTask(WinogradKind kind, int64_t highway_bit) {
  return ChooseForTarget(HWY_DISPATCH_TABLE(GetWinogradTask), highway_bit)(kind);
}
}  // namespace tempera::kernels
#endif  // HWY_ONCE
