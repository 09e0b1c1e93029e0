// One task of a strip kind: transform the input of a tile, then, a few vectors at a time, multiply at every
// point and transform the sums back while they are in the first-level cache.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/target.h"
#include "src/kernels/winograd/winograd_strip.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/winograd/winograd_strip_task.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/conv/conv_block-inl.h"
#include "src/kernels/conv/conv_scratch-inl.h"
#include "src/kernels/moments-inl.h"
#include "src/kernels/pointwise-inl.h"
#include "src/kernels/winograd/winograd_strip_transform-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr int64_t kWidth = hn::MaxLanes(DF());

// Where a thread's scratch holds what; PlanStrip reserves the room. All parts are whole vectors.
struct StripWork {
  float* channels;  // the tile's input
  float* linear;    // one row before its split by stride
  float* v;         // a strip's transformed input
  float* products;  // [point][channel of the chunk][vector][lane]
};

StripWork LayOut(const ConvPlan& plan, float* scratch) {
  StripWork work;
  work.channels = scratch;
  work.linear = work.channels + plan.shape.in_channels * plan.channel_stride;
  work.v = work.linear + plan.read_stride_w * plan.segment_width;
  work.products = work.v + plan.shape.in_channels * plan.winograd.strip.v_channel;
  return work;
}

// The first `valid` numbers of a vector to memory.
HWY_INLINE void StorePixels(VF pixels, int64_t valid, float* to) {
  const DF d;
  if (valid == kWidth) return hn::StoreU(pixels, d, to);
  HWY_ALIGN float buffer[kWidth];
  hn::Store(pixels, d, buffer);
  std::memcpy(to, buffer, static_cast<size_t>(valid) * sizeof(float));
}

// What one output channel's vectors need on their way to memory.
struct OutputArgs {
  const Pointwise& write;
  ChannelPointwise pointwise;
  VF bias;
  float* plane;  // of the output
  int64_t out_h, row_step;
  int64_t y, x;   // of the first pixel
  int64_t valid;  // numbers of a row that exist
};

template <class Transform>
struct RowsKind {
  static constexpr int kPoints = Transform::kPoints, kOutputs = 4;
  static constexpr int kUnitRows = 4;  // phase rows in a row of units
  static constexpr int kBatch = 1;     // rows of units whose input is copied at a time

  static constexpr int kRows = Transform::kInputs * Transform::kPhases;  // of input in a unit, or one fewer

  // `from`: the strip's first column of one channel, and where each of the unit's rows lies; `width` numbers
  // of each segment. To [phase][point] rows.
  static HWY_INLINE void Input(const ConvPlan& plan, const float* HWY_RESTRICT from, const int64_t* rows,
                               int64_t width, float* HWY_RESTRICT v) {
    constexpr int kInputs = Transform::kInputs, kPhases = Transform::kPhases;
    const DF d;
    const int64_t segment = plan.winograd.strip.segment, stride = plan.read_stride_w;
    const int64_t v_row = stride * segment;
    for (int phase = 0; phase < kPhases; ++phase) {
      // The second image has one tap fewer: no last row, no product at infinity.
      const bool last = phase == 0;
      for (int64_t column = 0; column < stride; ++column) {
        const float* HWY_RESTRICT in_column = from + column * plan.segment_width;
        float* HWY_RESTRICT to = v + phase * kPoints * v_row + column * segment;
        for (int64_t x = 0; x < width; x += kWidth) {
          VF in[kInputs], out[kPoints];
          for (int i = 0; i < kInputs - 1; ++i)
            in[i] = hn::LoadU(d, in_column + rows[i * kPhases + phase] + x);
          in[kInputs - 1] =
              last ? hn::LoadU(d, in_column + rows[(kInputs - 1) * kPhases + phase] + x) : hn::Zero(d);
          Transform::Input(in, out);
          for (int i = 0; i < kPoints - 1; ++i) hn::StoreU(out[i], d, to + i * v_row + x);
          if (last) hn::StoreU(out[kPoints - 1], d, to + (kPoints - 1) * v_row + x);
        }
      }
    }
  }

  static HWY_INLINE void Output(const OutputArgs& a, const float* HWY_RESTRICT products, int64_t stride) {
    const DF d;
    VF m[kPoints], y[kOutputs];
    for (int p = 0; p < kPoints; ++p) m[p] = hn::Load(d, products + p * stride);
    Transform::Output(m, y);
    for (int i = 0; i < kOutputs; ++i) {
      if (a.y + i >= a.out_h) break;
      StorePixels(ActivateAs(a.write.activation, hn::Add(y[i], a.bias), a.pointwise), a.valid,
                  a.plane + (a.y + i) * a.row_step + a.x);
    }
  }
};

// A task's share of the output, and what it reads for it.
struct StripTile : ConvTile {
  int64_t n;
  ConvWindow window;
};

// A strip: `count` vectors from unit (y, x) of the tile on, x in phase pixels.
struct Strip {
  int64_t y, x;
  int count;
};

// Asks for the lines that Finish will write, which are too many streams for the processor's own prefetcher:
// row `row` of a strip, channels [first, last). Without it a third of the time goes by waiting for them.
template <class Kind>
HWY_INLINE void PrefetchOutput(const ConvPlan& plan, const ConvArgs& args, const StripTile& tile,
                               const Strip& strip, int row, int64_t first, int64_t last) {
  constexpr int64_t kLine = 16;
  const ConvShape& s = plan.shape;
  const int64_t y = tile.y0 + strip.y * Kind::kOutputs + row, x = tile.x0 + strip.x;
  if (y >= s.out_h) return;
  const int64_t width = std::min(strip.count * kWidth, tile.x0 + tile.columns - x);
  const PlaneSteps steps = args.OutputSteps(s);
  const float* to = args.output + (tile.n * s.out_channels + first) * steps.plane + y * steps.row + x;
  for (int64_t c = first; c < last; ++c, to += steps.plane) {
    for (int64_t i = 0; i < width; i += kLine) hwy::Prefetch(to + i);
    hwy::Prefetch(to + width - 1);
  }
}

// Sums at all points for blocks [begin, end) of output channels.
template <class Kind>
HWY_NOINLINE void Multiply(const ConvPlan& plan, const ConvArgs& args, const StripTile& tile,
                           const Strip& strip, const StripWork& work, int64_t begin, int64_t end,
                           int64_t point_stride) {
  static constexpr float kZeros[kMaxChannels] = {};
  const auto* weights = reinterpret_cast<const float*>(plan.weights.data());
  const Pointwise nothing;
  Run runs[kMostVectors];
  int64_t offsets[kMostVectors];
  for (int v = 0; v < strip.count; ++v) {
    offsets[v] = v * kWidth;
    runs[v].scratch = static_cast<int32_t>(v * kWidth);
  }
  for (int point = 0; point < Kind::kPoints; ++point) {
    const StripLayout::Point& p = plan.winograd.strip.points[static_cast<size_t>(point)];
    BlockArgs a = {work.v,
                   plan.winograd.strip.v_channel,
                   plan.shape.in_channels,
                   p.tap_offsets.data(),
                   static_cast<int64_t>(p.tap_offsets.size()),
                   nullptr,
                   kZeros};
    float* to = work.products + point * point_stride;
    for (int64_t b = begin; b < end; ++b) {
      const ConvPlan::Block& block = plan.blocks[static_cast<size_t>(b)];
      if (point < Kind::kOutputs) {
        PrefetchOutput<Kind>(plan, args, tile, strip, point, block.first_channel,
                             block.first_channel + block.channels);
      }
      a.weights = weights + p.block_weights[static_cast<size_t>(b)];
      kBlocks[static_cast<size_t>(block.channels)][static_cast<size_t>(strip.count)](
          a, runs, nothing, 0, to, offsets, strip.count * kWidth);
      to += block.channels * strip.count * kWidth;
    }
  }
}

// Sums to pixels, channels [first, last).
template <class Kind>
HWY_NOINLINE void Finish(const ConvPlan& plan, const ConvArgs& args, const StripTile& tile,
                         const Strip& strip, const float* products, int32_t first, int32_t last,
                         int64_t point_stride) {
  const DF d;
  const ConvShape& s = plan.shape;
  const PlaneSteps steps = args.OutputSteps(s);
  for (int32_t c = first; c < last; ++c) {
    OutputArgs a = {args.write,
                    LoadPointwise(d, args.write, c),
                    hn::Set(d, plan.bias[static_cast<size_t>(c)]),
                    args.output + (tile.n * s.out_channels + c) * steps.plane,
                    s.out_h,
                    steps.row,
                    tile.y0 + strip.y * Kind::kOutputs,
                    tile.x0 + strip.x,
                    0};
    for (int v = 0; v < strip.count; ++v, products += kWidth) {
      a.valid = std::min<int64_t>(kWidth, tile.x0 + tile.columns - a.x);
      Kind::Output(a, products, point_stride);
      a.x += kWidth;
    }
  }
}

template <class Kind>
HWY_NOINLINE void TransformStrip(const ConvPlan& plan, const StripWork& work, const Strip& strip) {
  int64_t rows[Kind::kRows];
  const int64_t first = strip.y * Kind::kUnitRows * plan.read_stride_h;
  for (int i = 0; i < Kind::kRows; ++i) {
    rows[i] = (first + i) % plan.scratch_rows * plan.read_stride_w * plan.segment_width;
  }
  const int64_t width = strip.count * kWidth + (plan.window_w - 1) / plan.read_stride_w;
  for (int64_t c = 0; c < plan.shape.in_channels; ++c) {
    Kind::Input(plan, work.channels + c * plan.channel_stride + strip.x, rows, width,
                work.v + c * plan.winograd.strip.v_channel);
  }
}

// Rows [begin, end) of what the tile reads of all channels. The first ones come unasked for: each channel
// asks for the next one's.
static HWY_NOINLINE void FillAll(const ConvPlan& plan, const ConvArgs& args, const StripTile& tile,
                                 const StripWork& work, int64_t begin, int64_t end) {
  const ConvShape& s = plan.shape;
  const PlaneSteps steps = args.input_steps.Of(s.in_h, s.in_w);
  for (int64_t c = 0; c < s.in_channels; ++c) {
    const int64_t channel = tile.n * s.in_channels + c;
    const float* plane = args.input + channel * steps.plane;
    if (begin == 0 && c + 1 < s.in_channels) {
      PrefetchRows(plan, plane + steps.plane, steps.row,
                   {{tile.window.rows.first, end}, tile.window.columns});
    }
    FillRows(plan, {args.read, channel, plane, steps.row}, tile.window, begin, end,
             {work.channels + c * plan.channel_stride, plan.scratch_rows, work.linear});
  }
}

// Asks for what FillAll will read when it comes to the next batch, below this strip: while products are
// summed there is time to wait for it.
template <class Kind>
HWY_INLINE void PrefetchInput(const ConvPlan& plan, const ConvArgs& args, const StripTile& tile,
                              const Strip& strip) {
  const ConvShape& s = plan.shape;
  const PlaneSteps steps = args.input_steps.Of(s.in_h, s.in_w);
  const int64_t unit = Kind::kUnitRows * plan.read_stride_h;
  const int64_t top = tile.window.rows.first + (strip.y + Kind::kBatch - 1) * unit +
                      (Kind::kUnitRows - 1) * plan.read_stride_h + plan.window_h;
  const int64_t left = tile.window.columns.first + strip.x * plan.read_stride_w;
  for (int64_t c = 0; c < s.in_channels; ++c) {
    const float* plane = args.input + (tile.n * s.in_channels + c) * steps.plane;
    PrefetchRows(plan, plane, steps.row, {{top, unit}, {left, strip.count * kWidth * plan.read_stride_w}});
  }
}

template <class Kind>
void RunStripTask(const ConvPlan& plan, const ConvArgs& args, int64_t task, float* scratch) {
  const ConvShape& s = plan.shape;
  const StripLayout& layout = plan.winograd.strip;
  const ConvTask t = TaskOf(plan, task);
  const ConvTile read = StripTileOf(plan, t.index);
  const StripTile tile = {plan.TileAt(t.index), t.image, plan.WindowOf(read)};
  static_assert(Kind::kUnitRows == kStripUnitRows && Kind::kOutputs == kStripUnitRows);
  const int64_t unit_rows = read.rows / Kind::kUnitRows;
  const StripWork work = LayOut(plan, scratch);
  // Strips are dealt evenly: 10 vectors in strips of at most 3 are 3 + 3 + 2 + 2.
  const int64_t vectors = (tile.columns + kWidth - 1) / kWidth;
  const int64_t strips = (vectors + layout.vectors - 1) / layout.vectors;
  int64_t filled = 0;  // rows of scratch
  for (int64_t y = 0; y < unit_rows; ++y) {
    if (y % Kind::kBatch == 0) {
      const int64_t last = std::min(unit_rows, y + Kind::kBatch);
      const int64_t rows = (last * Kind::kUnitRows - 1) * plan.read_stride_h + plan.window_h;
      FillAll(plan, args, tile, work, filled, rows);
      filled = rows;
    }
    for (int64_t i = 0; i < strips; ++i) {
      const int64_t first = vectors * i / strips;
      const Strip strip = {y, first * kWidth, static_cast<int>(vectors * (i + 1) / strips - first)};
      if (y + Kind::kBatch < unit_rows) PrefetchInput<Kind>(plan, args, tile, strip);
      TransformStrip<Kind>(plan, work, strip);
      for (int64_t begin = 0; begin < plan.blocks_per_group; begin += layout.chunk_blocks) {
        const int64_t end = std::min(plan.blocks_per_group, begin + layout.chunk_blocks);
        const int32_t first_channel = plan.blocks[static_cast<size_t>(begin)].first_channel;
        const ConvPlan::Block& last = plan.blocks[static_cast<size_t>(end - 1)];
        const int32_t last_channel = last.first_channel + last.channels;
        const int64_t point_stride = (last_channel - first_channel) * strip.count * kWidth;
        Multiply<Kind>(plan, args, tile, strip, work, begin, end, point_stride);
        Finish<Kind>(plan, args, tile, strip, work.products, first_channel, last_channel, point_stride);
      }
    }
  }
  if (args.moments == nullptr) return;
  const PlaneSteps steps = args.OutputSteps(s);
  for (int64_t c = 0; c < s.out_channels; ++c) {
    const int64_t channel = tile.n * s.out_channels + c;
    const float* from = args.output + channel * steps.plane + tile.y0 * steps.row + tile.x0;
    args.moments[channel * plan.tiles + t.index] = RegionMoments(from, tile.rows, tile.columns, steps.row);
  }
}

ConvTaskFunction GetStripTask(WinogradKind kind) {
  switch (kind) {
    case WinogradKind::kRows43:
      return &RunStripTask<RowsKind<Rows43>>;
    case WinogradKind::kRows45:
      return &RunStripTask<RowsKind<Rows45>>;
    case WinogradKind::kRows42Strided:
      return &RunStripTask<RowsKind<Rows42>>;
    case WinogradKind::kNone:
    case WinogradKind::kF42:
    case WinogradKind::kF43:
    case WinogradKind::kF44:
    case WinogradKind::kF33:
      break;
  }
  return nullptr;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
HWY_EXPORT(GetStripTask);

ConvTaskFunction ChooseStripTask(WinogradKind kind, int64_t highway_bit) {
  return ChooseForTarget(HWY_DISPATCH_TABLE(GetStripTask), highway_bit)(kind);
}
}  // namespace tempera::kernels
#endif  // HWY_ONCE
