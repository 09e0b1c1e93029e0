// Per-target code: copies the part of the input that one tile reads into scratch, one channel at a
// time, with the pending Pointwise, the padding, the enlargement and the split by stride done.
#if defined(TEMPERA_KERNELS_CONV_SCRATCH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_CONV_SCRATCH_INL_H_
#undef TEMPERA_KERNELS_CONV_SCRATCH_INL_H_
#else
#define TEMPERA_KERNELS_CONV_SCRATCH_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "src/kernels/conv_f32.h"
#include "src/kernels/pad_index.h"
#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A tile in phase coordinates: outputs [y0, y0 + rows) x [x0, x0 + columns).
struct Tile {
  int64_t y0, x0, rows, columns;
};

// One row: dst[i] = the number at enlarged column first + i, for i < need.
// `row` is nullptr when the whole row is constant padding.
HWY_INLINE void FillRow(const ConvPlan& plan, const Pointwise& read, int64_t channel, const float* row,
                        int64_t first, int64_t need, float* dst) {
  const float pad = plan.shape.pad_value;
  if (row == nullptr) {
    std::fill(dst, dst + need, pad);
    return;
  }
  const int64_t up = plan.read_upsample;
  const int64_t width = plan.shape.in_w * up;
  const int64_t begin = std::clamp<int64_t>(-first, 0, need);           // first i inside the image
  const int64_t end = std::clamp<int64_t>(width - first, begin, need);  // one past the last
  if (up == 1) {
    PointwiseRow(read, channel, row + first + begin, dst + begin, end - begin);
  } else if (begin < end) {
    for (int64_t i = begin; i < end; ++i) dst[i] = row[(first + i) / up];
    PointwiseRow(read, channel, dst + begin, dst + begin, end - begin);
  }
  const auto outside = [&](int64_t i) HWY_ATTR {
    const int64_t column = PadIndex(first + i, width, plan.pad_mode);
    if (column < 0) {
      dst[i] = pad;
    } else {
      PointwiseRow(read, channel, row + column / up, dst + i, 1);
    }
  };
  for (int64_t i = 0; i < begin; ++i) outside(i);
  for (int64_t i = end; i < need; ++i) outside(i);
}

// dst[phase * segment + i] = src[i * stride + phase].
HWY_INLINE void SplitByStride(const float* src, int64_t stride, int64_t segment, float* dst) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  if (stride == 2) {  // segments are multiples of 16, so of any vector
    for (int64_t i = 0; i < segment; i += lanes) {
      hn::Vec<decltype(d)> even, odd;
      hn::LoadInterleaved2(d, src + 2 * i, even, odd);
      hn::StoreU(even, d, dst + i);
      hn::StoreU(odd, d, dst + segment + i);
    }
    return;
  }
  for (int64_t phase = 0; phase < stride; ++phase) {
    for (int64_t i = 0; i < segment; ++i) dst[phase * segment + i] = src[i * stride + phase];
  }
}

// `plane` is the input plane, `channel` indexes the Pointwise, `linear` holds one row before the split.
HWY_INLINE void FillChannel(const ConvPlan& plan, const Pointwise& read, int64_t channel, const float* plane,
                            const Tile& tile, float* linear, float* dst) {
  const ConvShape& s = plan.shape;
  const int64_t row_width = plan.read_stride_w * plan.segment_width;
  const int64_t rows = (tile.rows - 1) * plan.read_stride_h + plan.window_h;
  const int64_t need = (tile.columns - 1) * plan.read_stride_w + plan.window_w;
  const int64_t first = tile.x0 * plan.read_stride_w - plan.window_left;
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t y = PadIndex(tile.y0 * plan.read_stride_h - plan.window_top + r,
                               s.in_h * plan.read_upsample, plan.pad_mode);
    const float* row = y < 0 ? nullptr : plane + (y / plan.read_upsample) * s.in_w;
    float* to = plan.read_stride_w == 1 ? dst : linear;
    FillRow(plan, read, channel, row, first, need, to);
    // Lanes past the tile compute on these and are thrown away; zeros keep them from being
    // denormal or NaN, which some processors handle slowly.
    std::fill(to + need, to + row_width, 0.0f);
    if (plan.read_stride_w != 1) SplitByStride(linear, plan.read_stride_w, plan.segment_width, dst);
    dst += row_width;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
