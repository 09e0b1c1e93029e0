// Per-target code: what a task knows of its tile: where it lies, the rows it reads, the rows it writes.
#if defined(TEMPERA_KERNELS_NHWC_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_NHWC_TILE_INL_H_
#undef TEMPERA_KERNELS_NHWC_TILE_INL_H_
#else
#define TEMPERA_KERNELS_NHWC_TILE_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/nhwc/epilogue-inl.h"
#include "src/kernels/nhwc/pack_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {

struct NhwcTile : ConvTile {
  int64_t image, index;
};

HWY_INLINE NhwcTile TileOf(const ConvNhwcPlan& plan, int64_t task) {
  const int64_t index = task % plan.tiles;
  return {plan.TileAt(index), task / plan.tiles, index};
}

inline HWY_NOINLINE ColumnSums StartMoments(const ConvNhwcPlan& plan, uint8_t* scratch) {
  ColumnSums m;
  m.sum = reinterpret_cast<double*>(scratch + plan.scratch.moments);
  m.squares = m.sum + plan.columns;
  m.part = reinterpret_cast<float*>(m.squares + plan.columns);
  m.part_squares = m.part + plan.columns;
  m.shift = m.part_squares + plan.columns;
  std::fill(m.sum, m.sum + 2 * plan.columns, 0.0);
  std::fill(m.part, m.part + 2 * plan.columns, 0.0f);
  return m;
}

HWY_INLINE void StoreMoments(const ConvNhwcPlan& plan, const ColumnSums& sums, const NhwcTile& tile,
                             Moments* moments) {
  const ConvShape& s = plan.shape;
  const int64_t scale = plan.scale;
  const int64_t rows = std::min(tile.rows * scale, s.out_h - tile.y0 * scale);
  const int64_t columns = std::min(tile.columns * scale, s.out_w - tile.x0 * scale);
  const double count = static_cast<double>(rows) * static_cast<double>(columns);
  for (int64_t o = 0; o < s.out_channels; ++o) {
    const double mean = sums.sum[o] / count;
    moments[(tile.image * s.out_channels + plan.ChannelOf(o)) * plan.tiles + tile.index] = {
        count, static_cast<double>(sums.shift[o]) + mean,
        std::max(0.0, sums.squares[o] - sums.sum[o] * mean)};
  }
}

// The rows of the input that pass through scratch, packed when an output row first needs them.
template <typename T>
class RowRing {
 public:
  // pixels: of each row, from the tile's first.
  RowRing(const RowPacker<T>& packer, const NhwcTile& tile, int64_t pixels, T* rows)
      : packer_(packer), tile_(tile), pixels_(pixels), rows_(rows) {}

  // Scratch rows [first, first + count) of the tile's input, one behind the other; first never falls.
  const T* Window(int64_t first, int64_t count) {
    const ConvNhwcPlan& plan = packer_.plan;
    const ConvGeometry& g = plan;
    const int64_t end = first + count;
    if (end - base_ > plan.ring_rows) {
      if (next_ > first) {
        std::memmove(rows_, rows_ + (first - base_) * plan.row_stride,
                     static_cast<size_t>((next_ - first) * plan.row_stride) * sizeof(T));
      }
      base_ = first;
    }
    const ConvWindow window = g.WindowOf(tile_);
    for (next_ = std::max(next_, first); next_ < end; ++next_) {
      const int64_t image_row = PadIndex(window.rows.first + next_, plan.shape.in_h, g.pad_mode);
      packer_.Row(image_row, window.columns.first, pixels_, rows_ + (next_ - base_) * plan.row_stride);
    }
    return rows_ + (first - base_) * plan.row_stride;
  }

 private:
  const RowPacker<T>& packer_;
  const NhwcTile& tile_;
  int64_t pixels_;
  T* rows_;
  int64_t base_ = 0;  // which row lies first in scratch
  int64_t next_ = 0;  // the first row not packed yet
};

// Where a phase's output row starts, and how many outputs of the tile it has (0: none).
struct OutputRow {
  void* first = nullptr;
  int64_t pixels = 0;
};
HWY_INLINE OutputRow RowOf(const ConvNhwcPlan& plan, const ConvNhwcArgs& args, const NhwcTile& tile,
                           int64_t y, int64_t phase_y, int64_t phase_x) {
  const ConvShape& s = plan.shape;
  const int64_t scale = plan.scale;
  const int64_t out_y = (tile.y0 + y) * scale + phase_y, out_x = tile.x0 * scale + phase_x;
  if (out_y >= s.out_h || out_x >= s.out_w) return {};
  OutputRow row;
  row.pixels = std::min(tile.columns, (s.out_w - out_x + scale - 1) / scale);
  // In a shuffle's output, (out_y, out_x) is the first of a block's pixels.
  const int64_t r = s.shuffle, channels = s.out_channels / s.pixels_a_channel(), height = s.out_h * r;
  if (plan.output == PictureLayout::kNhwcF16) {
    row.first = static_cast<hwy::float16_t*>(args.output) +
                ((tile.image * height + out_y * r) * s.out_w + out_x) * r * NhwcChannels(channels);
  } else {
    const auto [row_step, plane] = args.output_steps.Of(height, s.out_w * r);
    row.first =
        static_cast<float*>(args.output) + tile.image * channels * plane + out_y * r * row_step + out_x * r;
  }
  return row;
}

// What every way to make the sums has in common: the tile, the packer of its rows, and what becomes of sums.
template <typename T>
class TaskWork {
 public:
  TaskWork(const ConvNhwcPlan& plan, const ConvNhwcArgs& args, int64_t task, uint8_t* scratch)
      : tile(TileOf(plan, task)),
        packer{
            plan, args, tile.image,
            PrepareRead(plan, args.read, tile.image, reinterpret_cast<float*>(scratch + plan.scratch.read)),
            reinterpret_cast<T*>(scratch + plan.scratch.line)},
        moments_(StartMoments(plan, scratch)),
        epilogue_(ChooseEpilogue(plan, args)) {
    const ConvShape& s = plan.shape;
    out.write = PrepareWrite(plan, args.write, reinterpret_cast<float*>(scratch + plan.scratch.write));
    out.columns = plan.columns;
    const int64_t channels = s.out_channels / s.pixels_a_channel();
    out.out_step = plan.scale * s.shuffle * (nhwc() ? NhwcChannels(channels) : 1);
    const PlaneSteps steps = args.output_steps.Of(s.out_h * s.shuffle, s.out_w * s.shuffle);
    out.out_plane = steps.plane;
    out.out_row = steps.row;
    out.shuffle = s.shuffle;
    out.out_channels = nhwc() ? NhwcChannels(s.out_channels) : s.out_channels;
    out.moments = args.moments != nullptr ? &moments_ : nullptr;
  }
  TaskWork(const TaskWork&) = delete;
  TaskWork& operator=(const TaskWork&) = delete;

  // Stores out.sums as outputs [x, x + pixels) of the tile's row y in a phase; what lies past the tile is
  // left out.
  void Store(int64_t y, int64_t phase_y, int64_t phase_x, int64_t x, int64_t pixels) {
    StoreBy(y, phase_y, phase_x, x, pixels, epilogue_);
  }
  // The same by another function than the usual epilogue.
  template <class Epilogue>
  void StoreBy(int64_t y, int64_t phase_y, int64_t phase_x, int64_t x, int64_t pixels,
               const Epilogue& epilogue) {
    const OutputRow row = RowOf(packer.plan, packer.args, tile, y, phase_y, phase_x);
    out.pixels = std::min(pixels, row.pixels - x);
    if (out.pixels <= 0) return;
    out.out = nhwc() ? static_cast<void*>(static_cast<hwy::float16_t*>(row.first) + x * out.out_step)
                     : static_cast<void*>(static_cast<float*>(row.first) + x * out.out_step);
    if (nhwc() && out.shuffle > 1) {
      StoreShuffledPixels();
    } else {
      epilogue(out);
    }
    if (out.moments == nullptr || (pixels_in_part_ += out.pixels) < kPart) return;
    FlushMoments(moments_, 0, packer.plan.columns);
    pixels_in_part_ = 0;
  }

  // Asks for the memory of outputs that Store will be called for soon, phase_x 0.
  void Expect(int64_t y, int64_t phase_y, int64_t x, int64_t pixels) const {
    if (!nhwc() || out.shuffle > 1) return;
    const OutputRow row = RowOf(packer.plan, packer.args, tile, y, phase_y, 0);
    const auto* from = static_cast<const hwy::float16_t*>(row.first) + x * out.out_step;
    const int64_t bytes = std::min(pixels, row.pixels - x) * out.out_step * 2;
    for (int64_t i = 0; i < bytes; i += 64) hwy::Prefetch(reinterpret_cast<const uint8_t*>(from) + i);
  }

  void Finish() {
    if (out.moments == nullptr) return;
    FlushMoments(moments_, 0, packer.plan.columns);
    StoreMoments(packer.plan, moments_, tile, packer.args.moments);
  }

  const NhwcTile tile;
  const RowPacker<T> packer;
  EpilogueArgs out;  // scale, bias and sums are the caller's to set

 private:
  // Pixels to sum in fp32: few enough that their rounding stays below 2^-15 of the sum.
  static constexpr int64_t kPart = 512;

  // Columns of one pixel of a block after the other, each to its own place.
  void StoreShuffledPixels() const {
    const int64_t channels = packer.plan.shape.out_channels / packer.plan.shape.pixels_a_channel();
    const int64_t end = std::min(out.first_column + out.columns, packer.plan.shape.out_channels);
    EpilogueArgs part = out;
    for (int64_t first = out.first_column; first < end; first = part.out_channels) {
      const int64_t pixel = first / channels, dy = pixel / out.shuffle, dx = pixel % out.shuffle;
      part.first_column = first;
      part.out_channels = std::min(end, (pixel + 1) * channels);
      part.sums = static_cast<uint8_t*>(out.sums) + (first - out.first_column) * 4;
      // Of column 0, had it the same place.
      part.out = static_cast<hwy::float16_t*>(out.out) + (dy * out.out_row + dx - pixel) * channels;
      epilogue_(part);
    }
  }

  bool nhwc() const { return packer.plan.output == PictureLayout::kNhwcF16; }

  ColumnSums moments_;
  int64_t pixels_in_part_ = 0;
  EpilogueFunction epilogue_;
};

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
