// Per-target code: copies the part of the input that one tile reads into scratch, one channel at a
// time, with the pending Pointwise, the padding, the enlargement and the split by stride done.
#if defined(TEMPERA_KERNELS_CONV_SCRATCH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_CONV_SCRATCH_INL_H_
#undef TEMPERA_KERNELS_CONV_SCRATCH_INL_H_
#else
#define TEMPERA_KERNELS_CONV_SCRATCH_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/pad_index.h"
#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Image numbers [0, count) of a row through `read`, in whole vectors: up to `room` numbers of dst and `rest`
// of the row may be used beyond count, and where that is not enough the last vector overlaps the one before
// it (a partial one would go through memory and wait for its own stores: a third of a narrow tile's copy).
HWY_INLINE void CopyPixels(const Pointwise& read, int64_t channel, const float* row, int64_t count,
                           int64_t rest, int64_t room, float* dst) {
  constexpr int64_t kLanes = hn::MaxLanes(DF());
  const int64_t whole = count / kLanes * kLanes, rounded = whole == count ? count : whole + kLanes;
  if (rounded <= std::min(rest, room)) return PointwiseRow(read, channel, row, dst, rounded);
  if (count < kLanes) return PointwiseRow(read, channel, row, dst, count);
  PointwiseRow(read, channel, row, dst, whole);
  PointwiseRow(read, channel, row + count - kLanes, dst + count - kLanes, kLanes);
}

// One row: dst[i] = the number at enlarged column first + i, for i < need; anything finite or from the image
// beyond, up to room. `row` is nullptr when the whole row is constant padding.
inline HWY_NOINLINE void FillRow(const ConvPlan& plan, const Pointwise& read, int64_t channel,
                                 const float* row, int64_t first, int64_t need, int64_t room, float* dst) {
  const float pad = plan.shape.pad_value;
  if (row == nullptr) {
    std::fill(dst, dst + room, pad);
    return;
  }
  // Lanes past `need` are computed with and thrown away; zeros keep them from being denormal or NaN, which
  // some processors handle slowly.
  std::fill(dst + need, dst + room, 0.0f);
  const int64_t up = plan.read_upsample;
  const int64_t width = plan.shape.in_w * up;
  const int64_t begin = std::clamp<int64_t>(-first, 0, need);           // first i inside the image
  const int64_t end = std::clamp<int64_t>(width - first, begin, need);  // one past the last
  if (up == 1) {
    CopyPixels(read, channel, row + first + begin, end - begin, width - first - begin, room - begin,
               dst + begin);
  } else if (begin < end) {
    for (int64_t i = begin; i < end; ++i) dst[i] = row[(first + i) / up];
    PointwiseRow(read, channel, dst + begin, dst + begin, end - begin);
  }
  const auto outside = [&](int64_t i) HWY_ATTR {
    const int64_t column = PadIndex(first + i, width, plan.pad_mode);
    if (column < 0) {
      dst[i] = pad;
    } else if (column - first >= begin && column - first < end) {
      dst[i] = dst[column - first];
    } else {
      PointwiseRow(read, channel, row + column / up, dst + i, 1);
    }
  };
  for (int64_t i = 0; i < begin; ++i) outside(i);
  for (int64_t i = end; i < need; ++i) outside(i);
}

// Asks for the rows of one channel that FillRow will read, while another channel is worked on: rows of a tile
// are too short for the processor's own prefetcher, and half of a narrow layer's time went by waiting for
// them.
HWY_INLINE void PrefetchRows(const ConvPlan& plan, const float* plane, int64_t row_step,
                             const ConvWindow& window) {
  constexpr int64_t kLine = 16;
  const int64_t up = plan.read_upsample, in_h = plan.shape.in_h, in_w = plan.shape.in_w;
  const int64_t begin = std::clamp<int64_t>(window.columns.first / up, 0, in_w);
  const int64_t end = std::clamp<int64_t>(window.columns.end() / up, begin, in_w);
  const int64_t first = std::clamp<int64_t>(window.rows.first / up, 0, in_h);
  const int64_t last = std::clamp<int64_t>(window.rows.end() / up, first, in_h);
  for (int64_t y = first; y < last; ++y) {
    for (int64_t x = begin; x < end; x += kLine) hwy::Prefetch(plane + y * row_step + x);
  }
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

// A plane of the input: its rows lie row_step apart, `channel` indexes the Pointwise.
struct InputPlane {
  const Pointwise& read;
  int64_t channel;
  const float* numbers;
  int64_t row_step;
};

// Where a channel's rows lie in scratch: row r of a window at r % ring. `linear` holds one before its split.
struct ScratchRows {
  float* to;
  int64_t ring;
  float* linear;
};

// Rows [begin, end) of a window of one channel.
HWY_INLINE void FillRows(const ConvPlan& plan, const InputPlane& plane, const ConvWindow& window,
                         int64_t begin, int64_t end, const ScratchRows& rows) {
  const int64_t row_width = plan.read_stride_w * plan.segment_width;
  int64_t slot = begin % rows.ring;
  for (int64_t r = begin; r < end; ++r) {
    const int64_t y = PadIndex(window.rows.first + r, plan.shape.in_h * plan.read_upsample, plan.pad_mode);
    const float* row = y < 0 ? nullptr : plane.numbers + (y / plan.read_upsample) * plane.row_step;
    float* const dst = rows.to + slot * row_width;
    FillRow(plan, plane.read, plane.channel, row, window.columns.first, window.columns.count, row_width,
            plan.read_stride_w == 1 ? dst : rows.linear);
    if (plan.read_stride_w != 1) SplitByStride(rows.linear, plan.read_stride_w, plan.segment_width, dst);
    if (++slot == rows.ring) slot = 0;
  }
}

// All rows of a window. `next` is the plane read after this one, or nullptr.
HWY_INLINE void FillChannel(const ConvPlan& plan, const InputPlane& plane, const float* next,
                            const ConvWindow& window, float* linear, float* dst) {
  if (next != nullptr) PrefetchRows(plan, next, plane.row_step, window);
  FillRows(plan, plane, window, 0, window.rows.count, {dst, window.rows.count, linear});
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
