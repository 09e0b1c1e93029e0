#include "src/kernels/planes/mix_f32.h"

#include <algorithm>
#include <cstring>

#include "src/base/checked_math.h"
#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/planes/mix_f32.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/conv_block-inl.h"
#include "src/kernels/moments-inl.h"
#include "src/kernels/planes/window_row-inl.h"
#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Output pixels [first, first + count) of every channel; `pixels` is where those of the first input channel
// lie, `out` where those of the first output channel go.
void MixPixels(const MixPlan& plan, const ConvArgs& args, const float* pixels, int64_t count, float* out) {
  constexpr int64_t kLanes = hn::MaxLanes(DF());
  const int64_t plane = plan.shape.out_h * plan.shape.out_w;
  const auto in_channels = static_cast<int64_t>(plan.channel_offsets.size());
  // Every input channel is a tap of one and the same channel, so that the innermost loop is over channels.
  BlockArgs a;
  a.scratch = pixels;
  a.channel_stride = 0;
  a.in_channels = 1;
  a.taps = plan.channel_offsets.data();
  a.num_taps = in_channels;
  const bool narrow = count < kLanes;
  HWY_ALIGN float buffer[kMaxChannels * kLanes];
  for (size_t b = 0; b + 1 < plan.first_channels.size(); ++b) {
    const int64_t channel = plan.first_channels[b];
    const auto channels = static_cast<size_t>(plan.first_channels[b + 1] - channel);
    a.weights = reinterpret_cast<const float*>(plan.weights.data()) + channel * in_channels;
    a.bias = plan.bias.data() + channel;
    float* const to = out + channel * plane;
    if (narrow) {
      const Run run{};
      const int64_t at = 0;
      kBlocks[channels][1](a, &run, args.write, static_cast<int32_t>(channel), buffer, &at, kLanes);
      for (size_t c = 0; c < channels; ++c) {
        std::memcpy(to + static_cast<int64_t>(c) * plane, buffer + c * kLanes,
                    static_cast<size_t>(count) * sizeof(float));
      }
      continue;
    }
    // Vectors are dealt evenly; the last one is moved back over pixels already written (the same again).
    const int64_t vectors = (count + kLanes - 1) / kLanes;
    const int64_t most = kMaxVectors[channels];
    const int64_t steps = (vectors + most - 1) / most;
    for (int64_t s = 0; s < steps; ++s) {
      const int64_t from = vectors * s / steps;
      const auto together = static_cast<size_t>(vectors * (s + 1) / steps - from);
      Run runs[kMostVectors] = {};
      int64_t offsets[kMostVectors];
      for (size_t v = 0; v < together; ++v) {
        offsets[v] = std::min((from + static_cast<int64_t>(v)) * kLanes, count - kLanes);
        runs[v].scratch = static_cast<int32_t>(offsets[v]);
      }
      kBlocks[channels][together](a, runs, args.write, static_cast<int32_t>(channel), to, offsets, plane);
    }
  }
}

void RunMixTask(const MixPlan& plan, const ConvArgs& args, int64_t task, float* scratch) {
  const DF d;
  const ConvShape& s = plan.shape;
  const int64_t plane = s.out_h * s.out_w, n = task / plan.tiles, tile = task % plan.tiles;
  const int64_t first = tile * plan.panel, count = std::min(plan.panel, plane - first);
  const float* pixels = args.input + n * s.in_channels * plane + first;
  float* const out = args.output + n * s.out_channels * plane + first;
  if (!plan.direct) {
    for (int64_t c = 0; c < s.in_channels; ++c) {
      const RowPointwise read(d, args.read, n * s.in_channels + c);
      float* const to = scratch + plan.channel_offsets[static_cast<size_t>(c)];
      ReadRow(read, pixels + c * plane, to, count);
      if (count < plan.target->lanes) std::fill(to + count, to + plan.target->lanes, 0.0f);
    }
    pixels = scratch;
  }
  MixPixels(plan, args, pixels, count, out);
  if (args.moments == nullptr) return;
  for (int64_t c = 0; c < s.out_channels; ++c) {
    args.moments[(n * s.out_channels + c) * plan.tiles + tile] =
        RegionMoments(out + c * plane, 1, count, count);
  }
}

const MixTarget* GetMixTarget() {
  static const MixTarget target = {static_cast<int64_t>(hn::Lanes(DF())), kMaxChannels, &RunMixTask};
  return &target;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
HWY_EXPORT(GetMixTarget);

namespace {
// A panel shares the L1 with some weights; where channels are many it is in the L2.
constexpr int64_t kPanelNumbers = 6 * 1024;
constexpr int64_t kVector = 16;  // the widest one
// Enough tasks for a fair share between a few threads, on small maps too. Fixed: panels decide the order
// in which moments are summed.
constexpr int64_t kWantedTasks = 8;
// Streams that the L1's ways take when planes are a power of two apart.
constexpr int64_t kDirectChannels = 8;
}  // namespace

const MixTarget* ChooseMixTarget(int64_t highway_bit) {
  return ChooseForTarget(HWY_DISPATCH_TABLE(GetMixTarget), highway_bit)();
}

void MixPlan::RunTask(const ConvArgs& args, int64_t task, void* scratch) const {
  target->run_task(*this, args, task, static_cast<float*>(scratch));
}

bool MixServes(const ConvShape& s) {
  return s.kernel_h == 1 && s.kernel_w == 1 && s.stride_h == 1 && s.stride_w == 1 && s.group == 1 &&
         s.pad_top == 0 && s.pad_left == 0 && s.out_h == s.in_h && s.out_w == s.in_w && s.upsample == 1 &&
         !s.transposed && s.in_channels <= 64 * 1024;
}

Result<MixPlan> PlanMix(const ConvShape& shape, std::span<const float> weights, std::span<const float> bias,
                        bool pending, int64_t highway_bit) {
  TEMPERA_RETURN_IF_ERROR(CheckConvShape(shape));
  if (!MixServes(shape)) return InvalidArgument("convolution is not of single pixels");
  const int64_t in = shape.in_channels, out = shape.out_channels, plane = shape.out_h * shape.out_w;
  if (weights.size() != static_cast<size_t>(in * out) ||
      (!bias.empty() && bias.size() != static_cast<size_t>(out))) {
    return InvalidArgument("convolution weights or bias do not match its shape");
  }
  MixPlan p;
  p.shape = shape;
  p.target = ChooseMixTarget(highway_bit);
  p.bias.assign(static_cast<size_t>(out), 0.0f);
  std::copy(bias.begin(), bias.end(), p.bias.begin());
  // Dealt evenly: 6 channels in blocks of at most 4 are 3 + 3.
  const int64_t blocks = CeilDiv(out, p.target->max_channels);
  for (int64_t b = 0; b <= blocks; ++b) p.first_channels.push_back(static_cast<int32_t>(out * b / blocks));
  TEMPERA_ASSIGN_OR_RETURN(p.weights, AlignedBuffer::Allocate(weights.size() * sizeof(float)));
  auto* packed = reinterpret_cast<float*>(p.weights.data());
  for (size_t b = 0; b + 1 < p.first_channels.size(); ++b) {
    for (int64_t i = 0; i < in; ++i) {
      for (int64_t c = p.first_channels[b]; c < p.first_channels[b + 1]; ++c) {
        *packed++ = weights[static_cast<size_t>(c * in + i)];
      }
    }
  }
  // A plane shorter than a vector cannot be read where it is.
  p.direct = !pending && in <= kDirectChannels && plane >= p.target->lanes && plane < (int64_t{1} << 27);
  p.panel = std::clamp<int64_t>(RoundUp(kPanelNumbers / in, 3 * kVector), 3 * kVector, 1024);
  p.panel = std::min(p.panel, RoundUp(CeilDiv(plane, CeilDiv(kWantedTasks, shape.n)), kVector));
  p.tiles = CeilDiv(plane, p.panel);
  // The last panel of a picture that is read directly is at least a vector.
  if (p.direct && plane % p.panel != 0 && plane % p.panel < p.target->lanes) p.direct = false;
  if (!CheckedMul(shape.n, p.tiles, &p.tasks) || p.tasks > (int64_t{1} << 30)) {
    return InvalidArgument("convolution has too many tiles; use a smaller picture");
  }
  for (int64_t c = 0; c < in; ++c) {
    p.channel_offsets.push_back(static_cast<int32_t>(c * (p.direct ? plane : p.panel)));
  }
  p.scratch_bytes = p.direct ? 0 : static_cast<size_t>(RoundUp(in * p.panel * 4, 64));
  return p;
}

}  // namespace tempera::kernels
#endif  // HWY_ONCE
