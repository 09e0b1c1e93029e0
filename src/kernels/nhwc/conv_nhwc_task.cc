// One task of a planned convolution over interleaved pixels: rows are packed as they are needed, multiplied
// and stored.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/nhwc/conv_nhwc_task.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/nhwc/epilogue-inl.h"
#include "src/kernels/nhwc/pack_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {

// A tile in phase coordinates: outputs [y0, y0 + rows) x [x0, x0 + columns) of one image.
struct NhwcTile {
  int64_t image, index, y0, x0, rows, columns;
};

NhwcTile TileOf(const ConvNhwcPlan& plan, int64_t task) {
  NhwcTile t;
  t.image = task / plan.tiles;
  t.index = task % plan.tiles;
  t.y0 = t.index / plan.tiles_x * plan.tile_h;
  t.x0 = t.index % plan.tiles_x * plan.tile_w;
  t.rows = std::min(plan.tile_h, plan.geometry.phase_h - t.y0);
  t.columns = std::min(plan.tile_w, plan.geometry.phase_w - t.x0);
  return t;
}

ColumnSums StartMoments(const ConvNhwcPlan& plan, uint8_t* scratch) {
  ColumnSums m;
  m.sum = reinterpret_cast<double*>(scratch + plan.scratch.moments);
  m.squares = m.sum + plan.columns;
  m.shift = reinterpret_cast<float*>(m.squares + plan.columns);
  std::fill(m.sum, m.sum + 2 * plan.columns, 0.0);
  return m;
}

void StoreMoments(const ConvNhwcPlan& plan, const ColumnSums& sums, const NhwcTile& tile, Moments* moments) {
  const ConvShape& s = plan.shape;
  const int64_t scale = plan.geometry.scale;
  const int64_t rows = std::min(tile.rows * scale, s.out_h - tile.y0 * scale);
  const int64_t columns = std::min(tile.columns * scale, s.out_w - tile.x0 * scale);
  const double count = static_cast<double>(rows) * static_cast<double>(columns);
  for (int64_t o = 0; o < s.out_channels; ++o) {
    const double mean = sums.sum[o] / count;
    moments[(tile.image * s.out_channels + o) * plan.tiles + tile.index] = {
        count, static_cast<double>(sums.shift[o]) + mean,
        std::max(0.0, sums.squares[o] - sums.sum[o] * mean)};
  }
}

// The rows of the input that pass through scratch, packed when an output row first needs them.
template <typename T>
class RowRing {
 public:
  RowRing(const RowPacker<T>& packer, const NhwcTile& tile, T* rows)
      : packer_(packer), tile_(tile), rows_(rows) {}

  // Scratch row of the window of the tile's output row y.
  const T* Window(int64_t y) {
    const ConvNhwcPlan& plan = packer_.plan;
    const ConvPlan& g = plan.geometry;
    const int64_t first = y * g.read_stride_h, end = first + g.window_h;
    if (end - base_ > plan.ring_rows) {
      if (next_ > first) {
        std::memmove(rows_, rows_ + (first - base_) * plan.row_stride,
                     static_cast<size_t>((next_ - first) * plan.row_stride) * sizeof(T));
      }
      base_ = first;
    }
    const int64_t left = tile_.x0 * g.read_stride_w - g.window_left;
    const int64_t need = (tile_.columns - 1) * g.read_stride_w + g.window_w;
    for (next_ = std::max(next_, first); next_ < end; ++next_) {
      const int64_t image_row =
          PadIndex(tile_.y0 * g.read_stride_h - g.window_top + next_, plan.shape.in_h, g.pad_mode);
      packer_.Row(image_row, left, need, rows_ + (next_ - base_) * plan.row_stride);
    }
    return rows_ + (first - base_) * plan.row_stride;
  }

 private:
  const RowPacker<T>& packer_;
  const NhwcTile& tile_;
  T* rows_;
  int64_t base_ = 0;  // which row lies first in scratch
  int64_t next_ = 0;  // the first row not packed yet
};

// Where a phase's output row starts, and how many outputs of the tile it has (0: none).
struct OutputRow {
  void* first = nullptr;
  int64_t pixels = 0;
};
OutputRow RowOf(const ConvNhwcPlan& plan, void* output, const NhwcTile& tile, int64_t y, int64_t phase_y,
                int64_t phase_x) {
  const ConvShape& s = plan.shape;
  const int64_t scale = plan.geometry.scale;
  const int64_t out_y = (tile.y0 + y) * scale + phase_y, out_x = tile.x0 * scale + phase_x;
  if (out_y >= s.out_h || out_x >= s.out_w) return {};
  OutputRow row;
  row.pixels = std::min(tile.columns, (s.out_w - out_x + scale - 1) / scale);
  if (plan.output == PictureLayout::kNhwcF16) {
    row.first = static_cast<hwy::float16_t*>(output) +
                ((tile.image * s.out_h + out_y) * s.out_w + out_x) * NhwcChannels(s.out_channels);
  } else {
    row.first =
        static_cast<float*>(output) + (tile.image * s.out_channels * s.out_h + out_y) * s.out_w + out_x;
  }
  return row;
}

template <typename T, typename Sum>
void RunTaskAs(const ConvNhwcPlan& plan, const ConvNhwcArgs& args, int64_t task, uint8_t* scratch) {
  const ConvShape& s = plan.shape;
  const ConvPlan& g = plan.geometry;
  const bool nhwc = plan.output == PictureLayout::kNhwcF16;
  const NhwcTile tile = TileOf(plan, task);
  const RowPacker<T> packer = {
      plan, args, tile.image,
      PrepareRead(plan, args.read, tile.image, reinterpret_cast<float*>(scratch + plan.scratch.read)),
      reinterpret_cast<T*>(scratch + plan.scratch.line)};
  RowRing<T> ring(packer, tile, reinterpret_cast<T*>(scratch + plan.scratch.rows));
  ColumnSums moments = StartMoments(plan, scratch);
  const EpilogueFunction epilogue = ChooseEpilogue(plan, args);

  DotArgs dot;
  dot.row_stride = plan.row_stride;
  dot.pixel_stride = g.read_stride_w * plan.packed_channels;
  dot.columns = plan.dot_columns;
  dot.sums = scratch + plan.scratch.sums;
  EpilogueArgs out;
  out.write = PrepareWrite(plan, args.write, reinterpret_cast<float*>(scratch + plan.scratch.write));
  out.sums = plan.shifts > 1 ? scratch + plan.scratch.added : dot.sums;
  out.columns = plan.columns;
  out.out_step = g.scale * (nhwc ? NhwcChannels(s.out_channels) : 1);
  out.out_plane = s.out_h * s.out_w;
  out.out_channels = nhwc ? NhwcChannels(s.out_channels) : s.out_channels;
  out.moments = args.moments != nullptr ? &moments : nullptr;

  plan.dot->begin();
  for (int64_t y = 0; y < tile.rows; ++y) {
    const T* window = ring.Window(y);
    for (size_t i = 0; i < plan.phases.size(); ++i) {
      const ConvNhwcPlan::Phase& phase = plan.phases[i];
      const auto index = static_cast<int64_t>(i);
      const OutputRow row = RowOf(plan, args.output, tile, y, index / g.scale, index % g.scale);
      const T* input = window + phase.first_row * plan.row_stride + phase.first_column * plan.packed_channels;
      dot.kernel_rows = phase.kernel_rows;
      dot.row_k = phase.row_k;
      dot.weights = phase.weights.data();
      out.scale = phase.scale.data();
      out.bias = phase.bias.data();
      for (int64_t x = 0; x < row.pixels; x += plan.chunk_pixels) {
        dot.input = input + x * dot.pixel_stride;
        out.pixels = std::min(plan.chunk_pixels, row.pixels - x);
        dot.pixels = out.pixels + (plan.shifts - 1) * plan.shift_step;
        plan.dot->run(dot);
        if (plan.shifts > 1) {
          AddShifted(plan, static_cast<const Sum*>(dot.sums), out.pixels, static_cast<Sum*>(out.sums));
        }
        out.out = nhwc ? static_cast<void*>(static_cast<hwy::float16_t*>(row.first) + x * out.out_step)
                       : static_cast<void*>(static_cast<float*>(row.first) + x * out.out_step);
        epilogue(out);
      }
    }
  }
  plan.dot->end();
  if (args.moments != nullptr) StoreMoments(plan, moments, tile, args.moments);
}

void RunConvNhwcTask(const ConvNhwcPlan& plan, const ConvNhwcArgs& args, int64_t task, uint8_t* scratch) {
  switch (plan.dot->element) {
    case DotElement::kU8S8:
      return RunTaskAs<uint8_t, int32_t>(plan, args, task, scratch);
    case DotElement::kS16:
      return RunTaskAs<int16_t, int32_t>(plan, args, task, scratch);
    case DotElement::kBf16:
      return RunTaskAs<uint16_t, float>(plan, args, task, scratch);
  }
}

const ConvNhwcTarget* GetConvNhwcTarget() {
  static constexpr ConvNhwcTarget target = {&RunConvNhwcTask};
  return &target;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
HWY_EXPORT(GetConvNhwcTarget);

const ConvNhwcTarget* ChooseConvNhwcTarget(int64_t highway_bit) {
  return ChooseForTarget(HWY_DISPATCH_TABLE(GetConvNhwcTarget), highway_bit)();
}

void ConvNhwcPlan::RunTask(const ConvNhwcArgs& args, int64_t task, void* scratch_memory) const {
  target->run_task(*this, args, task, static_cast<uint8_t*>(scratch_memory));
}
}  // namespace tempera::kernels
#endif  // HWY_ONCE
