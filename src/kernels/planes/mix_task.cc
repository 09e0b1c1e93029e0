// One task of a planned 1x1 convolution: panel by panel copied, multiplied, then its moments.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "src/base/checked_math.h"
#include "src/kernels/planes/mix_f32.h"
#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/planes/mix_task.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/conv/shuffle-inl.h"
#include "src/kernels/moments-inl.h"
#include "src/kernels/planes/mix_block-inl.h"
#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kMixLanes = hn::MaxLanes(DF());

// Where a panel's groups start: the last one may have fewer vectors than the others.
struct Panel {
  int64_t count;         // pixels
  int64_t whole_groups;  // of full width
  int64_t rest_vectors;  // of the group behind them; its last vector may be partial
};
Panel PanelOf(const MixPlan& plan, int64_t count) {
  const int64_t whole = count / plan.group;
  return {count, whole, CeilDiv(count - whole * plan.group, kMixLanes)};
}

// One input channel of a panel, from a contiguous line, into each of its groups.
template <typename Read>
HWY_INLINE void PackLine(const MixPlan& plan, const Panel& panel, const float* HWY_RESTRICT from,
                         int64_t channel, float* HWY_RESTRICT to, const Read& read) {
  const DF d;
  const int64_t group = plan.group, group_size = group * plan.shape.in_channels;
  float* out = to + channel * group;
  constexpr int64_t kUsual = kMixVectors[kMixChannels] * kMixLanes;  // unrolled
  if (group == kUsual) {
    for (int64_t g = 0; g < panel.whole_groups; ++g, out += group_size, from += kUsual) {
      for (int64_t i = 0; i < kUsual; i += kMixLanes) hn::StoreU(read(hn::LoadU(d, from + i)), d, out + i);
    }
  } else {
    for (int64_t g = 0; g < panel.whole_groups; ++g, out += group_size, from += group) {
      for (int64_t i = 0; i < group; i += kMixLanes) hn::StoreU(read(hn::LoadU(d, from + i)), d, out + i);
    }
  }
  if (panel.rest_vectors == 0) return;
  out = to + panel.whole_groups * group_size + channel * panel.rest_vectors * kMixLanes;
  int64_t rest = panel.count - panel.whole_groups * group;
  for (; rest >= kMixLanes; rest -= kMixLanes, from += kMixLanes, out += kMixLanes) {
    hn::StoreU(read(hn::LoadU(d, from)), d, out);
  }
  if (rest == 0) return;
  HWY_ALIGN float buffer[kMixLanes] = {};
  std::memcpy(buffer, from, static_cast<size_t>(rest) * sizeof(float));
  hn::StoreU(read(hn::Load(d, buffer)), d, out);
}

// Pixels [first, first + count) of the strided picture, which has out_w pixels a row.
HWY_INLINE void GatherLine(const ConvShape& s, const float* plane, int64_t first, int64_t count,
                           float* HWY_RESTRICT line) {
  const DF d;
  int64_t y = first / s.out_w, x = first % s.out_w;
  while (count > 0) {
    const int64_t columns = std::min(count, s.out_w - x);
    const float* const from = plane + y * s.stride_h * s.in_w + x * s.stride_w;
    int64_t i = 0;
    if (s.stride_w == 2) {
      // The last pair's second number may lie behind the plane.
      for (; i + kMixLanes < columns; i += kMixLanes) {
        VF even, odd;
        hn::LoadInterleaved2(d, from + 2 * i, even, odd);
        hn::StoreU(even, d, line + i);
      }
    }
    for (; i < columns; ++i) line[i] = from[i * s.stride_w];
    line += columns;
    count -= columns;
    x = 0;
    ++y;
  }
}

// Asks for the numbers that the next panel will read, a few cache lines at a time while this one is
// multiplied: they come in stretches of many planes, which the processor's own prefetcher cannot guess. Half
// of a narrow layer's time would go by waiting for them.
class PanelAhead {
 public:
  PanelAhead(const MixPlan& plan, const float* image, int64_t first, int64_t count) {
    const ConvShape& s = plan.shape;
    if (count <= 0) return;
    channels_ = s.in_channels;
    plane_ = s.in_h * s.in_w;
    from_ = image;
    if (s.stride_h == 1 && s.stride_w == 1) {
      begins_[0] = first;
      ends_[0] = first + count;
      stretches_ = 1;
    } else {
      for (int64_t y = first / s.out_w; y <= (first + count - 1) / s.out_w && stretches_ < kMost; ++y) {
        const int64_t row = y * s.out_w;
        begins_[stretches_] = y * s.stride_h * s.in_w + (std::max(first, row) - row) * s.stride_w;
        ends_[stretches_++] =
            y * s.stride_h * s.in_w + (std::min(first + count, row + s.out_w) - 1 - row) * s.stride_w + 1;
      }
    }
    for (size_t i = 0; i < stretches_; ++i) lines_ += channels_ * CeilDiv(ends_[i] - begins_[i], kLine);
    at_ = begins_[0];
  }
  int64_t lines() const { return lines_; }
  HWY_INLINE void Ask(int64_t lines) {
    for (; lines > 0 && channels_ > 0; --lines) {
#if defined(__GNUC__)
      __builtin_prefetch(from_ + at_, 0, 2);  // into the L2: the L1 is in use
#endif
      at_ += kLine;
      if (at_ < ends_[stretch_]) continue;
      if (++stretch_ == stretches_) {
        stretch_ = 0;
        from_ += plane_;
        --channels_;
      }
      at_ = begins_[stretch_];
    }
  }

 private:
  static constexpr int64_t kLine = 16;
  static constexpr size_t kMost = 8;  // rows of a strided picture; more are left to the processor
  const float* from_ = nullptr;
  int64_t plane_ = 0, channels_ = 0, lines_ = 0, at_ = 0;
  size_t stretch_ = 0, stretches_ = 0;
  int64_t begins_[kMost] = {}, ends_[kMost] = {};
};

// All input channels of the panel's pixels, which begin at `first`.
void PackPanel(const MixPlan& plan, const ConvArgs& args, int64_t n, int64_t first, const Panel& panel,
               float* line, float* to) {
  const DF d;
  const ConvShape& s = plan.shape;
  const int64_t plane = s.in_h * s.in_w;
  const bool strided = s.stride_h != 1 || s.stride_w != 1;
  for (int64_t c = 0; c < s.in_channels; ++c) {
    const int64_t channel = n * s.in_channels + c;
    const float* from = args.input + channel * plane;
    if (strided) {
      GatherLine(s, from, first, panel.count, line);
      from = line;
    } else {
      from += first;
    }
    if (args.read.is_identity()) {
      PackLine(plan, panel, from, c, to, [](VF x) HWY_ATTR { return x; });
      continue;
    }
    const ChannelPointwise p = LoadPointwise(d, args.read, channel);
    if (args.read.activation == Activation::kSlope) {
      PackLine(plan, panel, from, c, to, [&](VF x) HWY_ATTR {
        return Activate<Activation::kSlope>(d, hn::MulAdd(x, p.scale, p.shift), p);
      });
    } else {  // without a clamp its ends are infinite
      PackLine(plan, panel, from, c, to, [&](VF x) HWY_ATTR {
        return Activate<Activation::kClamp>(d, hn::MulAdd(x, p.scale, p.shift), p);
      });
    }
  }
}

// Where what blocks [first_block, last_block) make of a panel goes: its first pixel of their first output
// channel to `out`.
struct PanelOut {
  int64_t first_block, last_block, first_channel;
  float* out;
  int64_t out_step;
  float* Of(int64_t channel) const { return out + (channel - first_channel) * out_step; }
};

HWY_INLINE MixBlockArgs BlockOf(const MixPlan& plan, const ConvArgs& args, int64_t block, int64_t* channels) {
  const int64_t channel = plan.first_channels[static_cast<size_t>(block)];
  *channels = plan.first_channels[static_cast<size_t>(block) + 1] - channel;
  MixBlockArgs a;
  a.in_channels = plan.in_a_group();
  a.weights = reinterpret_cast<const float*>(plan.weights.data()) + channel * plan.in_a_group();
  a.bias = plan.bias.data() + channel;
  a.write = &args.write;
  a.channel = channel;
  return a;
}

// Input channels go in chunks, so that a group of them stays in the L1 while blocks pass over it.
void MultiplyGroups(const MixPlan& plan, const ConvArgs& args, const float* pixels, const Panel& panel,
                    const PanelOut& to, PanelAhead& ahead) {
  const int64_t in = plan.in_a_group(), group = plan.group, vectors = group / kMixLanes;
  // A block that passes over a panel alone does so in one call.
  const int64_t together = plan.blocks_a_pass == 1 ? panel.whole_groups : 1;
  const int64_t steps = together > 1 ? 1 : panel.whole_groups;
  const int64_t calls =
      CeilDiv(in, plan.chunk) * (to.last_block - to.first_block) * std::max<int64_t>(1, steps);
  const int64_t lines_a_call = CeilDiv(ahead.lines(), calls);
  for (int64_t from = 0; from < in; from += plan.chunk) {
    const int64_t count = std::min(plan.chunk, in - from);
    for (int64_t pass = to.first_block; pass < to.last_block; pass += plan.blocks_a_pass) {
      const int64_t pass_end = std::min(to.last_block, pass + plan.blocks_a_pass);
      for (int64_t g = 0; g < panel.whole_groups; g += together) {
        for (int64_t b = pass; b < pass_end; ++b) {
          int64_t channels;
          MixBlockArgs a = BlockOf(plan, args, b, &channels);
          a.pixels = pixels + (g * plan.shape.in_channels + plan.FirstInputOf(a.channel) + from) * group;
          a.pixels_step = group;
          a.groups = together, a.group_step = plan.shape.in_channels * group;
          a.in_channels = count;
          a.weights += from * channels;
          if (from != 0) a.bias = nullptr;
          if (from + count != in) a.write = nullptr;
          a.out = to.Of(a.channel) + g * group;
          a.out_step = to.out_step;
          ahead.Ask(lines_a_call);
          kMixBlocks[static_cast<size_t>(channels)][static_cast<size_t>(vectors)](a);
        }
      }
    }
  }
}

// The group behind the whole ones, whose last vector may be partial.
void MultiplyRest(const MixPlan& plan, const ConvArgs& args, const float* pixels, const Panel& panel,
                  const PanelOut& to) {
  const int64_t begin = panel.whole_groups * plan.group, width = panel.rest_vectors * kMixLanes;
  HWY_ALIGN float buffer[kMixChannels * kMostMixVectors * kMixLanes];
  for (int64_t b = to.first_block; b < to.last_block; ++b) {
    int64_t channels;
    MixBlockArgs a = BlockOf(plan, args, b, &channels);
    a.pixels = pixels + begin * plan.shape.in_channels + plan.FirstInputOf(a.channel) * width;
    a.pixels_step = width;
    a.out = buffer;
    a.out_step = width;
    kMixBlocks[static_cast<size_t>(channels)][static_cast<size_t>(panel.rest_vectors)](a);
    float* out = to.Of(a.channel) + begin;
    for (int64_t c = 0; c < channels; ++c, out += to.out_step) {
      std::memcpy(out, buffer + c * width, static_cast<size_t>(panel.count - begin) * sizeof(float));
    }
  }
}

// Pixels read where they are, at least a vector of them: the last vector is moved back over pixels already
// written (the same again).
void MultiplyDirect(const MixPlan& plan, const ConvArgs& args, const float* pixels, int64_t count,
                    const PanelOut& to) {
  const int64_t vectors = count / kMixLanes, most = plan.group / kMixLanes;
  const int64_t steps = CeilDiv(vectors, most);
  for (int64_t s = 0; s <= steps; ++s) {
    // Dealt evenly: 4 vectors in steps of at most 3 are 2 + 2.
    int64_t at = vectors * s / steps * kMixLanes, together = vectors * (s + 1) / steps - vectors * s / steps;
    if (s == steps) {
      if (count % kMixLanes == 0) return;
      at = count - kMixLanes, together = 1;
    }
    for (int64_t b = to.first_block; b < to.last_block; ++b) {
      int64_t channels;
      MixBlockArgs a = BlockOf(plan, args, b, &channels);
      a.pixels = pixels + plan.FirstInputOf(a.channel) * plan.pixels + at;
      a.pixels_step = plan.pixels;
      a.out = to.Of(a.channel) + at;
      a.out_step = to.out_step;
      kMixBlocks[static_cast<size_t>(channels)][static_cast<size_t>(together)](a);
    }
  }
}

// Small pixels [first, first + count) of one channel, each four times.
void Enlarge(const ConvShape& s, const float* HWY_RESTRICT small, int64_t first, int64_t count,
             float* HWY_RESTRICT plane) {
  const DF d;
  int64_t y = first / s.in_w, x = first % s.in_w;
  while (count > 0) {
    const int64_t columns = std::min(count, s.in_w - x);
    float* const upper = plane + 2 * y * s.out_w + 2 * x;
    float* const lower = upper + s.out_w;
    int64_t i = 0;
    for (; i + kMixLanes <= columns; i += kMixLanes) {
      const VF v = hn::LoadU(d, small + i);
      hn::StoreInterleaved2(v, v, d, upper + 2 * i);
      hn::StoreInterleaved2(v, v, d, lower + 2 * i);
    }
    for (; i < columns; ++i) {
      upper[2 * i] = upper[2 * i + 1] = small[i];
      lower[2 * i] = lower[2 * i + 1] = small[i];
    }
    small += columns;
    count -= columns;
    x = 0;
    ++y;
  }
}

void RunMixTile(const MixPlan& plan, const ConvArgs& args, int64_t task, float* scratch) {
  const ConvShape& s = plan.shape;
  const MixPlan::Task t = plan.TaskAt(task);
  const int64_t n = t.image, begin = t.begin, end = t.end;
  PanelOut to;
  to.first_block = t.first_block;
  to.last_block = t.last_block;
  const int64_t first_channel = plan.first_channels[static_cast<size_t>(to.first_block)];
  to.first_channel = first_channel;
  const int64_t last_channel = plan.first_channels[static_cast<size_t>(to.last_block)];
  float* const line = scratch + plan.panel * s.in_channels;
  float* const small = line;  // results before they are enlarged; strides need no such thing
  const int64_t out_plane = args.OutputSteps(s).plane;
  float* const out = args.output + n * s.out_channels * out_plane;
  to.out_step = plan.enlarged() ? plan.panel : out_plane;
  if (plan.direct) {
    to.out = out + first_channel * out_plane + begin;
    MultiplyDirect(plan, args, args.input + n * s.in_channels * plan.pixels + begin, end - begin, to);
  }
  for (int64_t first = plan.direct ? end : begin; first < end; first += plan.panel) {
    const Panel panel = PanelOf(plan, std::min(plan.panel, end - first));
    PackPanel(plan, args, n, first, panel, line, scratch);
    to.out = plan.enlarged() ? small : out + first_channel * out_plane + first;
    const int64_t next = first + plan.panel;
    PanelAhead ahead(plan, args.input + n * s.in_channels * s.in_h * s.in_w, next,
                     std::min(plan.panel, end - next));
    MultiplyGroups(plan, args, scratch, panel, to, ahead);
    if (panel.rest_vectors != 0) MultiplyRest(plan, args, scratch, panel, to);
    if (!plan.enlarged()) continue;
    for (int64_t c = first_channel; c < last_channel; ++c) {
      Enlarge(s, small + (c - first_channel) * plan.panel, first, panel.count, out + c * out_plane);
    }
  }
  if (args.moments == nullptr) return;
  for (int64_t c = first_channel; c < last_channel; ++c) {
    Moments& moments = args.moments[(n * s.out_channels + c) * plan.tiles + t.index];
    if (!plan.enlarged()) {
      moments = RegionMoments(out + c * out_plane + begin, 1, end - begin, end - begin);
      continue;
    }
    moments = RegionMoments(small + (c - first_channel) * plan.panel, 1, end - begin, end - begin);
    moments.count *= 4;
    moments.m2 *= 4;
  }
}

// Of a shuffle the task's planes are made in scratch, where they stay in the L2, and leave it interleaved.
void RunMixTask(const MixPlan& plan, const ConvArgs& args, int64_t task, float* scratch) {
  const ConvShape& s = plan.shape;
  if (s.shuffle == 1) return RunMixTile(plan, args, task, scratch);
  const MixPlan::Task t = plan.TaskAt(task);
  const int64_t r = s.shuffle, begin = t.begin, end = t.end, n = t.image;
  float* const planes = scratch + plan.shuffle_start;
  ConvArgs tile = args;
  tile.output_steps = {s.out_w, plan.tile};
  tile.output = planes - (n * s.out_channels * plan.tile + begin);  // kernels count from the first image
  RunMixTile(plan, tile, task, scratch);
  const int64_t width = s.out_w * r, out_plane = args.OutputSteps(s).plane;
  for (int64_t o = 0; o < s.out_channels; o += r) {
    const int64_t channel = (n * s.out_channels + o) / s.pixels_a_channel();
    float* const to = args.output + channel * out_plane + o / r % r * width;
    for (int64_t at = begin; at < end;) {
      const int64_t y = at / s.out_w, x = at % s.out_w, columns = std::min(end - at, s.out_w - x);
      InterleaveRow(planes + o * plan.tile + at - begin, plan.tile, r, columns, to + y * r * width + x * r);
      at += columns;
    }
  }
}

const MixTarget* GetMixTarget() {
  static const MixTarget target = {static_cast<int64_t>(hn::Lanes(DF())), kMixChannels, kMixVectors.data(),
                                   &RunMixTask};
  return &target;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(const MixTarget*, ChooseMixTarget, GetMixTarget);

MixPlan::Task MixPlan::TaskAt(int64_t task) const {
  const auto blocks = static_cast<int64_t>(first_channels.size()) - 1;
  const int64_t part = task / tiles % parts;
  Task t;
  t.index = task % tiles;
  t.image = task / tiles / parts;
  t.begin = t.index * tile, t.end = std::min(pixels, t.begin + tile);
  t.first_block = blocks * part / parts, t.last_block = blocks * (part + 1) / parts;
  return t;
}

TaskRegion MixPlan::ReadRegion(int64_t task) const {
  const Task t = TaskAt(task);
  const ConvShape& s = shape;
  TaskRegion r = RegionOfPixels(t.begin, t.end, enlarged() ? s.in_w : s.out_w);
  if (!enlarged()) {
    // Of a strided picture, from the first pixel to the last.
    r.y *= s.stride_h, r.rows = (r.rows - 1) * s.stride_h + 1;
    r.x *= s.stride_w, r.columns = (r.columns - 1) * s.stride_w + 1;
  }
  r.image = t.image, r.channel = 0, r.channels = s.in_channels;
  return r;
}

TaskRegion MixPlan::WrittenRegion(int64_t task) const {
  const Task t = TaskAt(task);
  const ConvShape& s = shape;
  TaskRegion r = RegionOfPixels(t.begin, t.end, enlarged() ? s.in_w : s.out_w);
  const int64_t scale = s.upsample * s.shuffle;
  r.y *= scale, r.x *= scale, r.rows *= scale, r.columns *= scale;
  r.image = t.image;
  if (s.shuffle > 1) {
    r.channels = s.out_channels / s.pixels_a_channel();
  } else {
    r.channel = first_channels[static_cast<size_t>(t.first_block)];
    r.channels = first_channels[static_cast<size_t>(t.last_block)] - r.channel;
  }
  return r;
}

void MixPlan::RunTask(const ConvArgs& args, int64_t task, void* scratch) const {
  target->run_task(*this, args, task, static_cast<float*>(scratch));
}
}  // namespace tempera::kernels
#endif  // HWY_ONCE
