// One task of a convolution in the transformed domain: transform the input of some tiles, multiply point by
// point (the same register blocks as the direct kernel), transform the sums back, gather moments.
#include <algorithm>
#include <cstdint>

#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/target.h"
#include "src/kernels/winograd/winograd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/winograd/winograd_task.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/conv/conv_block-inl.h"
#include "src/kernels/conv/shuffle-inl.h"
#include "src/kernels/moments-inl.h"
#include "src/kernels/pointwise-inl.h"
#include "src/kernels/winograd/winograd_input-inl.h"
#include "src/kernels/winograd/winograd_multiply-inl.h"
#include "src/kernels/winograd/winograd_output-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

WinogradWork LayOut(const ConvPlan& plan, const WinogradTile& tile, float* scratch) {
  const WinogradLayout& w = plan.winograd;
  const int64_t points = w.axis.points * w.axis.points;
  const int64_t row = w.in_phases * w.axis.step * w.segment_width;
  WinogradWork work;
  work.v = scratch;
  work.m = work.v + points * w.v_point;
  work.rows = work.m + points * w.m_point;
  work.middle = work.rows + w.input_rows * row;
  work.linear = work.middle + w.input_rows * w.axis.points * w.v_width;
  work.split = work.linear + row;
  work.runs = reinterpret_cast<Run*>(work.split + row);
  work.num_runs = 0;
  const int64_t whole = (tile.columns + kWidth - 1) / kWidth * kWidth;
  const int64_t transformed = tile.columns + w.blocks - 1;
  work.v_width = (transformed + kWidth - 1) / kWidth * kWidth;
  // The rows follow one another without a gap; a row's last vector reaches into the next row, which is
  // written later. With tap blocks the products are computed row by row.
  work.v_pitch = w.blocks > 1 ? w.v_pitch : tile.columns;
  work.pitch = w.blocks > 1 ? whole : tile.columns;
  work.vectors = (tile.rows * work.pitch + kWidth - 1) / kWidth;
  for (int64_t y = 0; y < tile.rows; ++y) {
    for (int64_t x = 0; x < tile.columns; x += kWidth) {
      work.runs[work.num_runs++] = {static_cast<int32_t>(y * work.v_pitch + x), static_cast<int32_t>(y),
                                    static_cast<int32_t>(x),
                                    static_cast<int32_t>(std::min(kWidth, tile.columns - x))};
    }
  }
  return work;
}

// One block of output channels at one point: a sum over input images and tap blocks.
void MultiplyTapBlocks(const WinogradPoint& point, const WinogradWork& work, const PanelArgs& panel,
                       int32_t channels) {
  const float kZeros[kMaxChannels] = {};
  const Pointwise nothing;
  const BlockArgs a = {panel.v,
                       panel.v_stride,
                       panel.in_channels,
                       point.tap_offsets.data(),
                       static_cast<int64_t>(point.tap_offsets.size()),
                       panel.weights,
                       kZeros};
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

// Products of all points for blocks [begin, end) of output channels, output phases image_stride apart.
void Multiply(const ConvPlan& plan, const WinogradWork& work, int64_t begin, int64_t end,
              int64_t image_stride) {
  const WinogradLayout& w = plan.winograd;
  const auto* weights = reinterpret_cast<const float*>(plan.weights.data());
  const int32_t first_channel = plan.blocks[static_cast<size_t>(begin)].first_channel;
  const auto num_blocks = static_cast<int64_t>(plan.blocks.size());
  PanelArgs panel;
  panel.v_stride = w.v_channel;
  panel.vectors = work.vectors;
  panel.out_stride = w.m_channel;
  for (size_t i = 0; i < w.points.size(); ++i) {
    const WinogradPoint& point = w.points[i];
    panel.v = work.v + static_cast<int64_t>(i) * w.v_point + point.first_input * w.v_channel;
    panel.in_channels = point.inputs;
    for (int64_t image = 0; image < w.out_phases * w.out_phases; ++image) {
      float* m = work.m + static_cast<int64_t>(i) * w.m_point + image * image_stride;
      for (int64_t b = begin; b < end; ++b) {
        const ConvPlan::Block& block = plan.blocks[static_cast<size_t>(b)];
        const int64_t start = point.block_weights[static_cast<size_t>(image * num_blocks + b)];
        panel.out = m + (block.first_channel - first_channel) * w.m_channel;
        panel.weights = weights + start;
        if (start < 0) {
          std::fill(panel.out, panel.out + block.channels * w.m_channel, 0.0f);
        } else if (w.blocks == 1) {
          kPanels[static_cast<size_t>(block.channels)](panel);
        } else {
          MultiplyTapBlocks(point, work, panel, block.channels);
        }
      }
    }
  }
}

// What depends on the kind; the loops around it are compiled once.
struct Transforms {
  decltype(&TransformInput<F43, 1>) input;
  decltype(&TransformOutput<F43, 1>) output;
};

template <class Transform>
Transforms TransformsFor(const WinogradLayout& layout) {
  return {layout.in_phases == 2 ? &TransformInput<Transform, 2> : &TransformInput<Transform, 1>,
          layout.out_phases == 2 ? &TransformOutput<Transform, 2> : &TransformOutput<Transform, 1>};
}

// Of F33 no phases are planned.
Transforms TransformsOf(const WinogradLayout& layout) {
  switch (layout.kind) {
    case WinogradKind::kF42:
      return TransformsFor<F42>(layout);
    case WinogradKind::kF43:
      return TransformsFor<F43>(layout);
    case WinogradKind::kF44:
      return TransformsFor<F44>(layout);
    case WinogradKind::kF33:
      return {&TransformInput<F33, 1>, &TransformOutput<F33, 1>};
    case WinogradKind::kRows43:
    case WinogradKind::kRows45:
    case WinogradKind::kRows42Strided:
    case WinogradKind::kNone:
      break;
  }
  return {nullptr, nullptr};
}

void RunWinogradTask(const ConvPlan& plan, const ConvArgs& args, int64_t task, float* scratch) {
  const ConvShape& s = plan.shape;
  const WinogradLayout& w = plan.winograd;
  const Transforms transforms = TransformsOf(w);
  const WinogradTile tile = WinogradTileOf(plan, task);
  const int64_t y0 = tile.y0, x0 = tile.x0;
  const WinogradWork work = LayOut(plan, tile, scratch);

  const int64_t group_in = s.in_channels / s.group;
  const PlaneSteps steps = args.input_steps.Of(s.in_h, s.in_w);
  // Of a shuffle the planes of a chunk of channels are made in scratch and leave it while they are in the L1.
  const bool shuffled = s.shuffle > 1;
  float* const planes = shuffled ? scratch + plan.shuffle.start : nullptr;
  const PlaneSteps to = shuffled ? PlaneSteps{plan.shuffle.row, plan.shuffle.plane} : args.OutputSteps(s);
  int64_t gone = 0;  // channels that left
  for (int64_t c = 0; c < group_in; ++c) {
    const int64_t channel = tile.n * s.in_channels + tile.group * group_in + c;
    const float* plane = args.input + channel * steps.plane;
    const float* next = c + 1 < group_in ? plane + steps.plane : nullptr;
    CopyRows(plan, {args.read, channel, plane, steps.row}, next, tile, work);
    transforms.input(plan, tile, work, work.v + c * w.v_channel, group_in * w.v_channel);
  }
  const int64_t first_block = tile.group * plan.blocks_per_group;
  const int64_t last_block = first_block + plan.blocks_per_group;
  for (int64_t begin = first_block; begin < last_block; begin += w.chunk_blocks) {
    const int64_t end = std::min(last_block, begin + w.chunk_blocks);
    const int32_t first = plan.blocks[static_cast<size_t>(begin)].first_channel;
    const ConvPlan::Block& last_of = plan.blocks[static_cast<size_t>(end - 1)];
    const int32_t last = last_of.first_channel + last_of.channels;
    const int64_t image_stride = (last - first) * w.m_channel;
    Multiply(plan, work, begin, end, image_stride);
    for (int32_t c = first; c < last; ++c) {
      const int64_t channel = tile.n * s.out_channels + c;
      float* plane = shuffled ? planes + c % plan.shuffle.slots * to.plane - (y0 * to.row + x0)
                              : args.output + channel * to.plane;
      transforms.output(plan, tile, work, work.m + (c - first) * w.m_channel, image_stride,
                        {args.write, c, to.row}, plane);
      if (args.moments == nullptr) continue;
      const int64_t top = std::max<int64_t>(y0, 0), left = std::max<int64_t>(x0, 0);
      args.moments[channel * plan.tiles + tile.index] =
          RegionMoments(plane + top * to.row + left, tile.y1 - top, tile.x1 - left, to.row);
    }
    if (!shuffled) continue;
    const int64_t whole = last / s.shuffle * s.shuffle;
    StoreShuffled(plan, args, {tile.n, y0, x0}, planes, gone, whole);
    gone = whole;
  }
}

ConvTaskFunction GetWinogradTask(const WinogradLayout& layout) {
  return TransformsOf(layout).input == nullptr ? nullptr : &RunWinogradTask;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
HWY_EXPORT(GetWinogradTask);

ConvTaskFunction ChooseWinogradTask(const WinogradLayout& layout, int64_t highway_bit) {
  return ChooseForTarget(HWY_DISPATCH_TABLE(GetWinogradTask), highway_bit)(layout);
}
}  // namespace tempera::kernels
#endif  // HWY_ONCE
