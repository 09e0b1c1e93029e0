// One task of a planned depthwise convolution.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "src/kernels/pad_index.h"
#include "src/kernels/planes/depthwise_f32.h"
#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/planes/depthwise_task.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/moments-inl.h"
#include "src/kernels/planes/window_row-inl.h"
#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct RowsOut {
  float* to;          // first row, first column
  int64_t row_width;  // between rows
  int64_t columns;
  ChannelPointwise write;  // of a clamp or of nothing, which is a clamp to infinity
  float bias;
};

// kHardSwish and kSlope; all others are clamps.
template <Activation kWrite>
HWY_INLINE VF Finish(DF d, VF x, const ChannelPointwise& write) {
  return Activate<kWrite>(d, x, write);
}

// Makes the compiler finish these sums before it goes on: it would otherwise compute one output row after the
// other and keep all input vectors until then, on the stack (clang 19).
template <int kRows>
HWY_INLINE void FinishSums([[maybe_unused]] VF* acc) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4
  for (int r = 0; r < kRows; ++r) __asm__ volatile("" : "+x"(acc[r].raw));
#endif
}

// body(x, acc): the sums of the outputs from column x on, a whole vector of each row. The last vector of a
// row that is not a multiple of vectors is moved back over numbers already written (the same again); a row
// shorter than one vector goes through a buffer.
template <int kRows, Activation kWrite, typename Body>
HWY_INLINE void ForColumns(DF d, const RowsOut& out, const Body& body) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const ChannelPointwise write = out.write;
  const int64_t columns = out.columns, row_width = out.row_width;
  float* const to = out.to;
  VF acc[kRows];
  for (int64_t x = 0; x < columns; x += lanes) {
    x = std::max<int64_t>(0, std::min(x, columns - lanes));
    body(x, acc);  // called in one place only, so that it is inlined
    if (columns >= lanes) {
      for (int r = 0; r < kRows; ++r) {
        hn::StoreU(Finish<kWrite>(d, acc[r], write), d, to + r * row_width + x);
      }
      continue;
    }
    HWY_ALIGN float rest[hn::MaxLanes(DF())];
    for (int r = 0; r < kRows; ++r) {
      hn::Store(Finish<kWrite>(d, acc[r], write), d, rest);
      std::memcpy(to + r * row_width, rest, static_cast<size_t>(columns) * sizeof(float));
    }
  }
}

// Where column k of a window lies. Columns are split by stride, segments `apart` numbers from each other; of
// a kDilated window, which has no stride, columns are `apart`.
template <int kStride, bool kDilated>
HWY_INLINE int64_t ColumnAt(int k, int64_t apart) {
  return kDilated ? k * apart : k % kStride * apart + k / kStride;
}

// Input row kInput of a window adds to the output rows that see it.
template <int kSize, int kStride, int kRows, bool kDilated, int kInput>
HWY_INLINE void AddInputRow(DF d, const float* row, int64_t apart, const VF* w, VF* acc) {
  for (int k = 0; k < kSize; ++k) {
    const VF v = hn::LoadU(d, row + ColumnAt<kStride, kDilated>(k, apart));
    for (int r = 0; r < kRows; ++r) {
      const int ky = kInput - r * kStride;
      if (ky >= 0 && ky < kSize) acc[r] = hn::MulAdd(v, w[ky * kSize + k], acc[r]);
    }
  }
  FinishSums<kRows>(acc);
}

// Rows ascend, so that each output adds its taps in reading order, however many rows go side by side.
template <int kSize, int kStride, int kRows, bool kDilated, int... kInput>
HWY_INLINE void AddInputRows(DF d, const float* const* rows, int64_t apart, int64_t x, const VF* w, VF* acc,
                             std::integer_sequence<int, kInput...>) {
  (AddInputRow<kSize, kStride, kRows, kDilated, kInput>(d, rows[kInput] + x, apart, w, acc), ...);
}

// The same for column k of a window whose weights do not fit the registers: only the column's do.
template <int kSize, int kStride, int kRows, int k, int... kInput>
HWY_INLINE void AddColumn(DF d, const float* const* rows, int64_t segment, int64_t x, const float* weights,
                          VF* acc, std::integer_sequence<int, kInput...>) {
  VF w[kSize];
  for (int ky = 0; ky < kSize; ++ky) w[ky] = hn::Set(d, weights[ky * kSize + k]);
  const auto add = [&](auto input) HWY_ATTR __attribute__((always_inline)) {
    constexpr int i = decltype(input)::value;
    const VF v = hn::LoadU(d, rows[i] + x + k % kStride * segment + k / kStride);
    for (int r = 0; r < kRows; ++r) {
      const int ky = i - r * kStride;
      if (ky >= 0 && ky < kSize) acc[r] = hn::MulAdd(v, w[ky], acc[r]);
    }
  };
  (add(std::integral_constant<int, kInput>()), ...);
  FinishSums<kRows>(acc);
}
template <int kSize, int kStride, int kRows, int... k>
HWY_INLINE void AddColumns(DF d, const float* const* rows, int64_t segment, int64_t x, const float* weights,
                           VF* acc, std::integer_sequence<int, k...>) {
  constexpr auto kInputs = std::make_integer_sequence<int, (kRows - 1) * kStride + kSize>();
  (AddColumn<kSize, kStride, kRows, k>(d, rows, segment, x, weights, acc, kInputs), ...);
}

// kRows output rows side by side, a window of kSize x kSize, strides kStride. rows: the
// (kRows - 1) * kStride + kSize input rows. apart: see ColumnAt.
template <int kSize, int kStride, int kRows, Activation kWrite, bool kDilated = false>
void SquareRows(const float* const* rows, int64_t apart, const float* weights, const RowsOut& out) {
  const DF d;
  const VF bias = hn::Set(d, out.bias);
  constexpr int kInputs = (kRows - 1) * kStride + kSize;
  const float* in[kInputs];
  for (int i = 0; i < kInputs; ++i) in[i] = rows[i];
  if constexpr (kSize > 3) {
    ForColumns<kRows, kWrite>(d, out, [&](int64_t x, VF* acc) HWY_ATTR __attribute__((always_inline)) {
      for (int r = 0; r < kRows; ++r) acc[r] = bias;
      AddColumns<kSize, kStride, kRows>(d, in, apart, x, weights, acc,
                                        std::make_integer_sequence<int, kSize>());
    });
  } else {
    VF w[kSize * kSize];
    for (int i = 0; i < kSize * kSize; ++i) w[i] = hn::Set(d, weights[i]);
    ForColumns<kRows, kWrite>(d, out, [&](int64_t x, VF* acc) HWY_ATTR __attribute__((always_inline)) {
      for (int r = 0; r < kRows; ++r) acc[r] = bias;
      AddInputRows<kSize, kStride, kRows, kDilated>(d, in, apart, x, w, acc,
                                                    std::make_integer_sequence<int, kInputs>());
    });
  }
}

// One output row of any window: taps[t] is where tap t's first number lies.
template <Activation kWrite>
void TapsRow(const float* const* taps, int64_t num_taps, const float* weights, const RowsOut& out) {
  constexpr int kVectors = 4;
  const DF d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const VF bias = hn::Set(d, out.bias);
  RowsOut rest = out;
  while (rest.columns >= kVectors * lanes) {
    const int64_t x = out.columns - rest.columns;
    VF acc[kVectors] = {bias, bias, bias, bias};
    for (int64_t t = 0; t < num_taps; ++t) {
      const VF w = hn::Set(d, weights[t]);
      for (int v = 0; v < kVectors; ++v) {
        acc[v] = hn::MulAdd(hn::LoadU(d, taps[t] + x + v * lanes), w, acc[v]);
      }
    }
    for (int v = 0; v < kVectors; ++v) {
      hn::StoreU(Finish<kWrite>(d, acc[v], out.write), d, out.to + x + v * lanes);
    }
    rest.columns -= kVectors * lanes;
  }
  const int64_t done = out.columns - rest.columns;
  if (rest.columns == 0) return;
  rest.to += done;
  ForColumns<1, kWrite>(d, rest, [&](int64_t x, VF* acc) HWY_ATTR __attribute__((always_inline)) {
    acc[0] = bias;
    for (int64_t t = 0; t < num_taps; ++t) {
      acc[0] = hn::MulAdd(hn::LoadU(d, taps[t] + done + x), hn::Set(d, weights[t]), acc[0]);
    }
  });
}

using SquareFunction = void (*)(const float* const* rows, int64_t apart, const float* weights,
                                const RowsOut& out);

// The one for `count` rows at once; nullptr: any window, row by row.
template <int kSize, int kStride, Activation kWrite>
SquareFunction SquareOf(int64_t count) {
  if constexpr (kStride == 1) {
    if (count == 4) return &SquareRows<kSize, 1, 4, kWrite>;
    if (count == 3) return &SquareRows<kSize, 1, 3, kWrite>;
  }
  return count == 2 ? &SquareRows<kSize, kStride, 2, kWrite> : &SquareRows<kSize, kStride, 1, kWrite>;
}
template <Activation kWrite>
SquareFunction ChooseSquare(const ConvShape& s, int64_t count) {
  if (s.kernel_h != s.kernel_w || s.stride_h != s.stride_w) return nullptr;
  if (s.dilation_h != 1 || s.dilation_w != 1) {
    const bool dilated = s.kernel_h == 3 && s.stride_h == 1 && count == 1;
    return dilated ? &SquareRows<3, 1, 1, kWrite, /*kDilated=*/true> : nullptr;
  }
  if (s.kernel_h == 3) {
    if (s.stride_h == 1) return SquareOf<3, 1, kWrite>(count);
    if (s.stride_h == 2) return SquareOf<3, 2, kWrite>(count);
  } else if (s.kernel_h == 5) {
    if (s.stride_h == 1) return SquareOf<5, 1, kWrite>(count);
    if (s.stride_h == 2) return SquareOf<5, 2, kWrite>(count);
  }
  return nullptr;
}

SquareFunction ChooseSquareFor(Activation write, const ConvShape& s, int64_t count) {
  if (write == Activation::kSlope) return ChooseSquare<Activation::kSlope>(s, count);
  if (write == Activation::kHardSwish) return ChooseSquare<Activation::kHardSwish>(s, count);
  return ChooseSquare<Activation::kClamp>(s, count);
}

using TapsFunction = void (*)(const float* const* taps, int64_t count, const float* weights,
                              const RowsOut& out);
TapsFunction ChooseTapsFor(Activation write) {
  if (write == Activation::kSlope) return &TapsRow<Activation::kSlope>;
  if (write == Activation::kHardSwish) return &TapsRow<Activation::kHardSwish>;
  return &TapsRow<Activation::kClamp>;
}

WindowRow WindowOf(const DepthwisePlan& plan, int64_t x0, int64_t columns) {
  const ConvShape& s = plan.shape;
  WindowRow window;
  window.width = s.in_w * s.upsample;
  window.repeat = s.upsample;
  window.first = x0 * s.stride_w - s.pad_left;
  window.need = (columns - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1;
  window.stride = s.stride_w;
  window.segment = plan.segment_width;
  window.pad_mode = s.pad_mode;
  window.pad_value = s.pad_value;
  return window;
}

// A plane's rows in scratch, numbered from the first one that the task reads.
struct Ring {
  const DepthwisePlan& plan;
  const WindowRow& window;
  float* scratch;
  int64_t row_width, first_row;         // of slot 0, in the (enlarged) picture
  int64_t filled = 0, filled_slot = 0;  // rows ready, and where the next one goes

  // An enlarged row's twin lies where the row itself does.
  bool IsTwin(int64_t r) const {
    const ConvShape& s = plan.shape;
    const int64_t y = first_row + r;
    return s.upsample == 2 && r > 0 && y > 0 && y % 2 == 1 && y < 2 * s.in_h;
  }
  float* At(int64_t slot) const { return scratch + slot * row_width; }

  // Rows [from, from + need), and where those of them lie that the window sees. Slots are counted, since a
  // division takes as long as a row of a narrow picture.
  HWY_INLINE void Fill(const RowPointwise& read, const float* plane, int64_t from, int64_t need,
                       const float** rows) {
    const ConvShape& s = plan.shape;
    const int64_t slots = plan.ring_slots;
    int64_t slot = from % slots;
    if (filled < from) filled = from, filled_slot = slot;
    for (; filled < from + need; ++filled) {
      if (!IsTwin(filled)) {
        const int64_t row = PadIndex(first_row + filled, s.in_h * s.upsample, s.pad_mode);
        const int64_t shown = s.upsample == 2 ? row / 2 : row;
        FillWindowRow(window, read, row < 0 ? nullptr : plane + shown * s.in_w, At(filled_slot));
      }
      if (++filled_slot == slots) filled_slot = 0;
    }
    for (int64_t i = 0; i < need; i += s.dilation_h) {
      *rows++ = At(!IsTwin(from + i) ? slot : slot == 0 ? slots - 1 : slot - 1);
      for (slot += s.dilation_h; slot >= slots;) slot -= slots;
    }
  }
};

void RunDepthwiseTask(const DepthwisePlan& plan, const ConvArgs& args, int64_t task, float* scratch) {
  const ConvShape& s = plan.shape;
  const DF d;
  const DepthwisePlan::Task t = plan.TaskAt(task);
  const int64_t n = t.image, y0 = t.y0, x0 = t.x0, y_end = t.y0 + t.rows, columns = t.columns;
  const int64_t multiplier = s.out_channels / s.in_channels;
  const int64_t row_width = s.stride_w * plan.segment_width;
  const auto** const rows = reinterpret_cast<const float**>(scratch + plan.ring_slots * row_width);
  const float** const taps = rows + plan.ring_rows;
  const WindowRow window = WindowOf(plan, x0, columns);
  for (int64_t r = 0; r < plan.ring_slots; ++r) PrepareWindowRow(window, scratch + r * row_width);
  RowsOut out;
  out.row_width = s.out_w;
  out.columns = columns;
  for (int64_t o = t.first_channel; o < t.last_channel; ++o) {
    const int64_t channel = n * s.in_channels + o / multiplier;
    const float* plane = args.input + channel * s.in_h * s.in_w;
    const float* weights = plan.weights.data() + o * s.kernel_h * s.kernel_w;
    float* const out_plane = args.output + (n * s.out_channels + o) * s.out_h * s.out_w;
    const RowPointwise read(d, args.read, channel);
    out.write = LoadPointwise(d, args.write, o);
    out.bias = plan.bias[static_cast<size_t>(o)];
    Ring ring = {plan, window, scratch, row_width, y0 * s.stride_h - s.pad_top};
    for (int64_t y = y0; y < y_end; y += plan.rows_at_once) {
      const int64_t count = std::min(plan.rows_at_once, y_end - y);
      const int64_t need = (count - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1;
      ring.Fill(read, plane, (y - y0) * s.stride_h, need, rows);
      out.to = out_plane + y * s.out_w + x0;
      if (const SquareFunction square = ChooseSquareFor(args.write.activation, s, count)) {
        const bool dilated = s.dilation_h != 1 || s.dilation_w != 1;
        square(rows, dilated ? s.dilation_w : plan.segment_width, weights, out);
        continue;
      }
      for (int64_t r = 0; r < count; ++r, out.to += s.out_w) {
        for (int64_t ky = 0; ky < s.kernel_h; ++ky) {
          for (int64_t kx = 0; kx < s.kernel_w; ++kx) {
            // Several rows at once have no dilation, so the rows of a window follow each other.
            taps[ky * s.kernel_w + kx] = rows[r * s.stride_h + ky] + window.Place(kx * s.dilation_w);
          }
        }
        ChooseTapsFor(args.write.activation)(taps, s.kernel_h * s.kernel_w, weights, out);
      }
    }
    if (args.moments != nullptr) {
      args.moments[(n * s.out_channels + o) * plan.tiles + t.index] =
          RegionMoments(out_plane + y0 * s.out_w + x0, t.rows, columns, s.out_w);
    }
  }
}

const DepthwiseTarget* GetDepthwiseTarget() {
  static constexpr DepthwiseTarget target = {&RunDepthwiseTask};
  return &target;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(const DepthwiseTarget*, ChooseDepthwiseTarget, GetDepthwiseTarget);

DepthwisePlan::Task DepthwisePlan::TaskAt(int64_t task) const {
  Task t;
  t.index = task % tiles;
  t.image = task / tiles / channel_tasks;
  t.first_channel = task / tiles % channel_tasks * channels_per_task;
  t.last_channel = std::min(shape.out_channels, t.first_channel + channels_per_task);
  t.y0 = t.index / tiles_x * tile_h, t.x0 = t.index % tiles_x * tile_w;
  t.rows = std::min(tile_h, shape.out_h - t.y0);
  t.columns = std::min(tile_w, shape.out_w - t.x0);
  return t;
}

TaskRegion DepthwisePlan::ReadRegion(int64_t task) const {
  const ConvShape& s = shape;
  const Task t = TaskAt(task);
  const Interval rows = {t.y0 * s.stride_h - s.pad_top,
                         (t.rows - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1};
  const Interval columns = {t.x0 * s.stride_w - s.pad_left,
                            (t.columns - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1};
  TaskRegion r = RegionRead(ShownPixels(rows, s.in_h, s.upsample, s.pad_mode),
                            ShownPixels(columns, s.in_w, s.upsample, s.pad_mode), s.in_w);
  const int64_t multiplier = s.out_channels / s.in_channels;
  r.image = t.image;
  r.channel = t.first_channel / multiplier;
  r.channels = (t.last_channel - 1) / multiplier + 1 - r.channel;
  return r;
}

TaskRegion DepthwisePlan::WrittenRegion(int64_t task) const {
  const Task t = TaskAt(task);
  return {t.image, t.first_channel, t.last_channel - t.first_channel, t.y0, t.x0, t.rows, t.columns};
}

void DepthwisePlan::RunTask(const ConvArgs& args, int64_t task, void* scratch) const {
  target->run_task(*this, args, task, static_cast<float*>(scratch));
}
}  // namespace tempera::kernels
#endif  // HWY_ONCE
