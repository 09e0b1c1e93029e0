#include <algorithm>
#include <cstdint>
#include <limits>

#include "src/base/checked_math.h"
#include "src/kernels/nhwc/depthwise_nhwc.h"
#include "src/kernels/pad_index.h"
#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/nhwc/depthwise_nhwc_task.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/nhwc/half-inl.h"
#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Constants by channel, [channels] each; zeros in channels that are padding, which so become zeros.
struct DepthwiseConstants {
  // Of what is read: x * scale + shift, then the slope, then the clamp. Of what is written: slope, clamp.
  float *read_scale, *read_shift, *read_lo, *read_hi, *read_slope;
  float *lo, *hi, *slope;
};

HWY_INLINE DepthwiseConstants PrepareDepthwise(const DepthwiseNhwcPlan& plan, const ConvNhwcArgs& args,
                                               int64_t image, float* memory) {
  const int64_t count = plan.channels;
  std::fill(memory, memory + 8 * count, 0.0f);
  const DepthwiseConstants c = {memory,
                                memory + count,
                                memory + 2 * count,
                                memory + 3 * count,
                                memory + 4 * count,
                                memory + 5 * count,
                                memory + 6 * count,
                                memory + 7 * count};
  constexpr float kMost = std::numeric_limits<float>::infinity();
  const Pointwise &read = args.read, &write = args.write;
  for (int64_t i = 0; i < plan.shape.out_channels; ++i) {
    const int64_t from = image * plan.shape.out_channels + i;
    c.read_scale[i] = read.scale != nullptr ? read.scale[from] : 1.0f;
    c.read_shift[i] = read.scale != nullptr ? read.shift[from] : 0.0f;
    c.read_lo[i] = read.activation == Activation::kClamp ? read.lo : -kMost;
    c.read_hi[i] = read.activation == Activation::kClamp ? read.hi : kMost;
    c.read_slope[i] = read.activation == Activation::kSlope ? read.slope[from] : 1.0f;
    const bool clamp = write.activation == Activation::kClamp;
    c.lo[i] = std::clamp(clamp ? write.lo : -kMostF16, -kMostF16, kMostF16);
    c.hi[i] = std::clamp(clamp ? write.hi : kMostF16, -kMostF16, kMostF16);
    c.slope[i] = write.activation == Activation::kSlope ? write.slope[i] : 1.0f;
  }
  return c;
}

// The rows of a window that show something, for one output row.
struct DepthwiseRows {
  const hwy::float16_t* from[kMostDepthwiseRows];  // the picture's first pixel in that row
  const float* weights[kMostDepthwiseRows];
  int64_t count;
};

// What is pending on the input.
enum class DepthwiseRead { kNothing, kClamp, kAny };
enum class DepthwiseBend { kNone, kSlope, kHardSwish };

// One vector of channels, from `channel` on, of one output row.
template <DepthwiseRead kRead, class D>
class DepthwiseLane {
 public:
  using V = hn::Vec<D>;

  DepthwiseLane(const DepthwiseNhwcPlan& plan, const DepthwiseConstants& c, const DepthwiseRows& rows,
                DepthwiseBend bend, int64_t channel, hwy::float16_t* out)
      : plan_(plan), c_(c), rows_(rows), bend_(bend), channel_(channel), out_(out) {}

  // Outputs x, x + apart, ... of a row, kOutputs of them, the windows of all inside; kernel_w = kTaps (0:
  // any), and kStride input columns, each of them `step` pixels wide, from one to the next.
  template <int kTaps, int kStride, int kOutputs>
  HWY_INLINE void Inside(int64_t x, int64_t apart, int64_t step) const {
    const D d;
    V sums[kOutputs];
    const V bias = hn::LoadU(d, plan_.bias.data() + channel_);
    for (int p = 0; p < kOutputs; ++p) sums[p] = bias;
    const int64_t first = (x * plan_.shape.stride_w - plan_.shape.pad_left) * plan_.channels + channel_;
    const int64_t column = step * plan_.channels;
#pragma GCC unroll 1
    for (int64_t r = 0; r < rows_.count; ++r) {
      const hwy::float16_t* from = rows_.from[r] + first;
      const float* w = rows_.weights[r] + channel_;
      if constexpr (kTaps > 0) {
        V weights[kTaps];
        for (int k = 0; k < kTaps; ++k) weights[k] = hn::LoadU(d, w + k * plan_.channels);
        constexpr int kColumns = (kOutputs - 1) * kStride + kTaps;
#pragma GCC unroll 16
        for (int j = 0; j < kColumns; ++j) {
          const V number = Read(from + j * column);
#pragma GCC unroll 8
          for (int p = 0; p < kOutputs; ++p) {
            const int k = j - p * kStride;
            if (k >= 0 && k < kTaps) sums[p] = hn::MulAdd(number, weights[k], sums[p]);
          }
        }
      } else {
        const int64_t next = apart * plan_.shape.stride_w * plan_.channels;
        const int64_t tap = plan_.shape.dilation_w * plan_.channels;
        for (int64_t k = 0; k < plan_.shape.kernel_w; ++k) {
          const V weight = hn::LoadU(d, w + k * plan_.channels);
          for (int p = 0; p < kOutputs; ++p)
            sums[p] = hn::MulAdd(Read(from + k * tap + p * next), weight, sums[p]);
        }
      }
    }
    Store(sums, x, apart);
  }

  // One output whose window reaches past the picture.
  void Edge(int64_t x) const {
    const D d;
    const ConvShape& s = plan_.shape;
    V sum = hn::LoadU(d, plan_.bias.data() + channel_);
    for (int64_t k = 0; k < s.kernel_w; ++k) {
      const int64_t column = PadIndex(x * s.stride_w - s.pad_left + k * s.dilation_w, s.in_w, s.pad_mode);
      if (column < 0) continue;
      for (int64_t r = 0; r < rows_.count; ++r) {
        const V weight = hn::LoadU(d, rows_.weights[r] + k * plan_.channels + channel_);
        sum = hn::MulAdd(Read(rows_.from[r] + column * plan_.channels + channel_), weight, sum);
      }
    }
    V sums[1] = {sum};
    Store(sums, x, 1);
  }

 private:
  HWY_INLINE V Read(const hwy::float16_t* from) const {
    const D d;
    V x = hn::PromoteTo(d, hn::LoadU(hn::Rebind<hwy::float16_t, D>(), from));
    if constexpr (kRead == DepthwiseRead::kClamp) {
      x = hn::Min(hn::LoadU(d, c_.read_hi + channel_), hn::Max(hn::LoadU(d, c_.read_lo + channel_), x));
    }
    if constexpr (kRead == DepthwiseRead::kAny) {
      x = hn::MulAdd(x, hn::LoadU(d, c_.read_scale + channel_), hn::LoadU(d, c_.read_shift + channel_));
      x = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(x, hn::LoadU(d, c_.read_slope + channel_)), x);
      x = hn::Min(hn::LoadU(d, c_.read_hi + channel_), hn::Max(hn::LoadU(d, c_.read_lo + channel_), x));
    }
    return x;
  }

  template <int kOutputs>
  HWY_INLINE void Store(V (&sums)[kOutputs], int64_t x, int64_t apart) const {
    const D d;
    const V lo = hn::LoadU(d, c_.lo + channel_), hi = hn::LoadU(d, c_.hi + channel_);
    if (bend_ == DepthwiseBend::kSlope) {
      const V slope = hn::LoadU(d, c_.slope + channel_);
      for (V& y : sums) y = hn::IfThenElse(hn::Lt(y, hn::Zero(d)), hn::Mul(y, slope), y);
    } else if (bend_ == DepthwiseBend::kHardSwish) {
      for (V& y : sums) y = HardSwish(d, y);
    }
    hwy::float16_t* to = out_ + x * plan_.channels + channel_;
    const int64_t step = apart * plan_.channels;
    for (int p = 0; p < kOutputs; ++p) {
      const V y = hn::Min(hn::Max(sums[p], lo), hi);
      hn::StoreU(ToF16(d, y), hn::Rebind<hwy::float16_t, D>(), to + p * step);
    }
  }

  const DepthwiseNhwcPlan& plan_;
  const DepthwiseConstants& c_;
  const DepthwiseRows& rows_;
  DepthwiseBend bend_;
  int64_t channel_;
  hwy::float16_t* out_;
};

// Outputs [begin, end), all inside.
template <int kTaps, int kStride, DepthwiseRead kRead, class D>
void DepthwiseInside(const DepthwiseLane<kRead, D>& lane, int64_t dilation, int64_t begin, int64_t end) {
  // Accumulators, weights and a column in 16 registers.
  constexpr int kOutputs = 6;
  // Taps of a dilated window are neighbours among the columns that have its remainder.
  const int64_t apart = kTaps > 0 && kStride == 1 ? dilation : 1;
  for (int64_t rest = 0; rest < std::min(apart, end - begin); ++rest) {
    int64_t x = begin + rest;
    for (; x + (kOutputs - 1) * apart < end; x += kOutputs * apart) {
      lane.template Inside<kTaps, kStride, kOutputs>(x, apart, apart);
    }
    // The rest together with some that are made a second time, where there are as many.
    const int64_t left = x < end ? CeilDiv(end - x, apart) : 0;
    if (left > 0 && x - (kOutputs - left) * apart >= begin) {
      lane.template Inside<kTaps, kStride, kOutputs>(x - (kOutputs - left) * apart, apart, apart);
      continue;
    }
    for (; x < end; x += apart) lane.template Inside<kTaps, kStride, 1>(x, apart, apart);
  }
}

template <DepthwiseRead kRead, class D>
void DepthwiseRowAs(D d, const DepthwiseNhwcPlan& plan, const DepthwiseConstants& c,
                    const DepthwiseRows& rows, DepthwiseBend bend, hwy::float16_t* out) {
  const ConvShape& s = plan.shape;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  // Outputs whose windows lie inside.
  const int64_t reach = (s.kernel_w - 1) * s.dilation_w;
  const int64_t first = std::clamp<int64_t>((s.pad_left + s.stride_w - 1) / s.stride_w, 0, s.out_w);
  const int64_t past = s.in_w - 1 - reach + s.pad_left;
  const int64_t last = std::clamp<int64_t>(past < 0 ? 0 : past / s.stride_w + 1, first, s.out_w);
  // Pixels whose cache lines stay in the L1 while the vectors of channels that share them pass.
  constexpr int64_t kStretch = 60;
  for (int64_t start = 0; start < s.out_w; start += kStretch) {
    const int64_t end = std::min(s.out_w, start + kStretch);
    const int64_t from = std::clamp(first, start, end), to = std::clamp(last, from, end);
    for (int64_t channel = 0; channel < plan.channels; channel += lanes) {
      const DepthwiseLane<kRead, D> lane(plan, c, rows, bend, channel, out);
      for (int64_t x = start; x < from; ++x) lane.Edge(x);
      if (s.kernel_w == 3 && s.stride_w == 1) {
        DepthwiseInside<3, 1>(lane, s.dilation_w, from, to);
      } else if (s.kernel_w == 3 && s.stride_w == 2 && s.dilation_w == 1) {
        DepthwiseInside<3, 2>(lane, 1, from, to);
      } else if (s.kernel_w == 5 && s.stride_w == 1) {
        DepthwiseInside<5, 1>(lane, s.dilation_w, from, to);
      } else {
        DepthwiseInside<0, 1>(lane, 1, from, to);
      }
      for (int64_t x = to; x < end; ++x) lane.Edge(x);
    }
  }
}

template <class D>
void DepthwiseRow(D d, const Pointwise& read, const DepthwiseNhwcPlan& plan, const DepthwiseConstants& c,
                  const DepthwiseRows& rows, DepthwiseBend bend, hwy::float16_t* out) {
  if (read.is_identity()) {
    DepthwiseRowAs<DepthwiseRead::kNothing>(d, plan, c, rows, bend, out);
  } else if (read.scale == nullptr && read.activation == Activation::kClamp) {
    DepthwiseRowAs<DepthwiseRead::kClamp>(d, plan, c, rows, bend, out);
  } else {
    DepthwiseRowAs<DepthwiseRead::kAny>(d, plan, c, rows, bend, out);
  }
}

void RunDepthwiseNhwcTask(const DepthwiseNhwcPlan& plan, const ConvNhwcArgs& args, int64_t task,
                          float* scratch) {
  const ConvShape& s = plan.shape;
  const int64_t image = task / plan.tiles, begin = task % plan.tiles * plan.tile_h;
  const DepthwiseConstants c = PrepareDepthwise(plan, args, image, scratch);
  const DepthwiseBend bend = args.write.activation == Activation::kSlope       ? DepthwiseBend::kSlope
                             : args.write.activation == Activation::kHardSwish ? DepthwiseBend::kHardSwish
                                                                               : DepthwiseBend::kNone;
  const auto* in = static_cast<const hwy::float16_t*>(args.input) + image * s.in_h * s.in_w * plan.channels;
  auto* out = static_cast<hwy::float16_t*>(args.output) + image * s.out_h * s.out_w * plan.channels;
  const auto* weights = reinterpret_cast<const float*>(plan.weights.data());
  for (int64_t y = begin; y < std::min(begin + plan.tile_h, s.out_h); ++y) {
    DepthwiseRows rows;
    rows.count = 0;
    for (int64_t k = 0; k < s.kernel_h; ++k) {
      const int64_t row = PadIndex(y * s.stride_h - s.pad_top + k * s.dilation_h, s.in_h, s.pad_mode);
      if (row < 0) continue;
      rows.from[rows.count] = in + row * s.in_w * plan.channels;
      rows.weights[rows.count++] = weights + k * s.kernel_w * plan.channels;
    }
    hwy::float16_t* to = out + y * s.out_w * plan.channels;
    if (plan.channels % 16 == 0) {
      DepthwiseRow(hn::CappedTag<float, 16>(), args.read, plan, c, rows, bend, to);
    } else {
      DepthwiseRow(hn::CappedTag<float, 8>(), args.read, plan, c, rows, bend, to);
    }
  }
}

const DepthwiseNhwcTarget* GetDepthwiseNhwcTarget() {
  static constexpr DepthwiseNhwcTarget target = {&RunDepthwiseNhwcTask};
  return &target;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(const DepthwiseNhwcTarget*, ChooseDepthwiseNhwcTarget, GetDepthwiseNhwcTarget);

TaskRegion DepthwiseNhwcPlan::WrittenRegion(int64_t task) const {
  const int64_t y = task % tiles * tile_h;
  return {task / tiles, 0, shape.out_channels, y, 0, std::min(tile_h, shape.out_h - y), shape.out_w};
}

TaskRegion DepthwiseNhwcPlan::ReadRegion(int64_t task) const {
  const ConvShape& s = shape;
  const TaskRegion to = WrittenRegion(task);
  const Interval rows = ShownPixels(
      {to.y * s.stride_h - s.pad_top, (to.rows - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1},
      s.in_h, 1, s.pad_mode);
  const Interval columns = ShownPixels(
      {-s.pad_left, (s.out_w - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1}, s.in_w, 1, s.pad_mode);
  return {to.image, 0, s.in_channels, rows.first, columns.first, rows.count, columns.count};
}

void DepthwiseNhwcPlan::RunTask(const ConvNhwcArgs& args, int64_t task, void* scratch) const {
  target->run_task(*this, args, task, static_cast<float*>(scratch));
}
}  // namespace tempera::kernels
#endif  // HWY_ONCE
