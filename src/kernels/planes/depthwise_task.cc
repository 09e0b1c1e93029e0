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
#include "src/kernels/planes/depthwise_rows-inl.h"
#include "src/kernels/planes/window_row-inl.h"
#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

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
  ForColumns<1, kWrite>(d, rest, 0, [&](int64_t x, VF* acc) HWY_ATTR __attribute__((always_inline)) {
    acc[0] = bias;
    for (int64_t t = 0; t < num_taps; ++t) {
      acc[0] = hn::MulAdd(hn::LoadU(d, taps[t] + done + x), hn::Set(d, weights[t]), acc[0]);
    }
  });
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
  window.first = x0 * s.stride_w - s.pad_left - plan.band_shift;
  window.need = (columns - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1 + plan.band_shift;
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

void RunRing(const DepthwisePlan& plan, const ConvArgs& args, int64_t task, float* scratch) {
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
        square(rows, {dilated ? s.dilation_w : plan.segment_width}, weights, out);
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

// Two bands' rows in scratch: the next one is copied before this one is computed, so that nothing waits for
// what has just been written.
struct Bands {
  const DepthwisePlan& plan;
  const ConvArgs& args;
  const DepthwisePlan::Task& t;
  const WindowRow window;
  float* scratch;
  SquareFunction full;              // of plan.rows_at_once rows
  int64_t row_width, limit_row;     // limit_row: one past the last input row that the task reads
  bool padded[2] = {false, false};  // the rows of constant padding are there

  // A band: output rows from y on of a channel, and the half of the scratch that is its.
  struct Band {
    int64_t channel, y;
    size_t half;
  };
  Band After(const Band& band) const {
    const int64_t y = band.y + plan.band_rows;
    return y < t.y0 + t.rows ? Band{band.channel, y, 1 - band.half}
                             : Band{band.channel + 1, t.y0, 1 - band.half};
  }
  bool Has(const Band& band) const { return band.channel < t.last_channel; }
  int64_t RowsOf(const Band& band) const { return std::min(plan.band_rows, t.y0 + t.rows - band.y); }
  float* Buffer(const Band& band) const {
    return scratch + (band.half == 0 ? 0 : plan.band_inputs * row_width);
  }

  void Fill(const Band& band) {
    const ConvShape& s = plan.shape;
    const int64_t o = band.channel, y = band.y, count = RowsOf(band);
    const int64_t source = s.out_channels == s.in_channels ? o : o / (s.out_channels / s.in_channels);
    const int64_t channel = t.image * s.in_channels + source;
    const float* const plane = args.input + channel * s.in_h * s.in_w;
    const RowPointwise read(DF(), args.read, channel);
    const int64_t first = y * s.stride_h - s.pad_top, need = (count - 1) * s.stride_h + s.kernel_h;
    float* const buffer = Buffer(band);
    const bool keeps = plan.band_rows >= t.rows;
    bool& has_padding = padded[band.half];
    const int64_t inside = std::clamp<int64_t>(-first, 0, need);
    const int64_t outside = std::clamp<int64_t>(s.in_h - first, inside, need);
    FillWindowRows(window, read, plane + (first + inside) * s.in_w, outside - inside,
                   plane + limit_row * s.in_w, buffer + inside * row_width, row_width);
    if (s.pad_mode == PadMode::kConstant && keeps && has_padding) return;
    has_padding = true;
    for (int64_t r = 0; r < need; ++r) {
      if (r == inside) r = outside;
      if (r >= need) break;
      const int64_t row = PadIndex(first + r, s.in_h, s.pad_mode);
      FillWindowRow(window, read, row < 0 ? nullptr : plane + row * s.in_w, buffer + r * row_width);
    }
  }

  void Compute(const Band& band) const {
    const ConvShape& s = plan.shape;
    const int64_t o = band.channel, y = band.y, count = RowsOf(band);
    // Strides, and rows at once, are 1, 2 or 4.
    const int64_t odd = s.stride_w - 1, shift = plan.band_shift >> odd;
    const float* const buffer = Buffer(band);
    const float* rows[kMostBandRows];
    for (int64_t r = 0; r < (count - 1) * s.stride_h + s.kernel_h; ++r) {
      rows[r] = buffer + r * row_width + shift;
    }
    const WindowColumns columns = {plan.segment_width, plan.band_shift & odd};
    float* const plane = args.output + (t.image * s.out_channels + o) * s.out_h * s.out_w;
    RowsOut out;
    out.to = plane + y * s.out_w + t.x0;
    out.row_width = s.out_w;
    out.columns = t.columns;
    out.end = t.columns == s.out_w ? plane + (t.y0 + t.rows) * s.out_w : nullptr;
    out.write = LoadPointwise(DF(), args.write, o);
    out.bias = plan.bias[static_cast<size_t>(o)];
    const float* const weights = plan.weights.data() + o * s.kernel_h * s.kernel_w;
    int64_t rest = count;
    for (out.groups = 0; rest >= plan.rows_at_once; rest -= plan.rows_at_once) ++out.groups;
    if (out.groups > 0) full(rows, columns, weights, out);
    out.to += (count - rest) * s.out_w;
    out.groups = 1;
    if (rest > 0) {
      const SquareFunction some = ChooseSquareFor(args.write.activation, s, rest);
      some(rows + (count - rest) * s.stride_h, columns, weights, out);
    }
    if (args.moments != nullptr && y + count == t.y0 + t.rows) {
      args.moments[(t.image * s.out_channels + o) * plan.tiles + t.index] =
          RegionMoments(plane + t.y0 * s.out_w + t.x0, t.rows, t.columns, s.out_w);
    }
  }
};

void RunBands(const DepthwisePlan& plan, const ConvArgs& args, int64_t task, float* scratch) {
  const ConvShape& s = plan.shape;
  const DepthwisePlan::Task t = plan.TaskAt(task);
  const int64_t last_row = (t.y0 + t.rows - 1) * s.stride_h - s.pad_top + s.kernel_h;
  Bands bands = {plan,
                 args,
                 t,
                 WindowOf(plan, t.x0, t.columns),
                 scratch,
                 ChooseSquareFor(args.write.activation, s, plan.rows_at_once),
                 s.stride_w * plan.segment_width,
                 std::clamp<int64_t>(last_row, 0, s.in_h)};
  for (int64_t r = 0; r < 2 * plan.band_inputs; ++r) {
    PrepareWindowRow(bands.window, scratch + r * bands.row_width);
  }
  Bands::Band band = {t.first_channel, t.y0, 0};
  bands.Fill(band);
  while (bands.Has(band)) {
    const Bands::Band next = bands.After(band);
    if (bands.Has(next)) bands.Fill(next);
    bands.Compute(band);
    band = next;
  }
}

void RunDepthwiseTask(const DepthwisePlan& plan, const ConvArgs& args, int64_t task, float* scratch) {
  (plan.band_rows > 0 ? &RunBands : &RunRing)(plan, args, task, scratch);
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
