#include "src/kernels/planes/one_pixel_f32.h"

#include <algorithm>

#include "src/base/checked_math.h"
#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/planes/one_pixel_f32.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kPixelLanes = hn::MaxLanes(DF());

// What is pending on one number.
HWY_INLINE float ReadOne(const Pointwise& p, int64_t channel, float x) {
  if (p.scale != nullptr) x = x * p.scale[channel] + p.shift[channel];
  if (p.activation == Activation::kClamp) return std::min(p.hi, std::max(p.lo, x));
  if (p.activation == Activation::kSlope) return x < 0 ? x * p.slope[channel] : x;
  return x;
}

HWY_INLINE VF WriteVector(DF d, const Pointwise& p, VF x, VF slope) {
  switch (p.activation) {
    case Activation::kClamp:
      return hn::Min(hn::Set(d, p.hi), hn::Max(hn::Set(d, p.lo), x));
    case Activation::kSlope:
      return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(x, slope), x);
    case Activation::kHardSwish:
      return HardSwish(d, x);
    case Activation::kNone:
      break;
  }
  return x;
}

// kVectors vectors of output channels from `channel` on; of the last, those that there are.
template <int kVectors>
void SumChannels(const OnePixelPlan& plan, const ConvArgs& args, int64_t image, int64_t channel) {
  const DF d;
  const int64_t in = plan.shape.in_channels, out = plan.shape.out_channels;
  const float* HWY_RESTRICT w = reinterpret_cast<const float*>(plan.weights.data()) + channel;
  const float* HWY_RESTRICT x = args.input + image * in;
  VF sums[kVectors];
  for (int v = 0; v < kVectors; ++v) sums[v] = hn::LoadU(d, plan.bias.data() + channel + v * kPixelLanes);
  const bool pending = !args.read.is_identity();
  for (int64_t i = 0; i < in; ++i, w += plan.padded) {
    const VF k = hn::Set(d, pending ? ReadOne(args.read, image * in + i, x[i]) : x[i]);
    for (int v = 0; v < kVectors; ++v) sums[v] = hn::MulAdd(hn::LoadU(d, w + v * kPixelLanes), k, sums[v]);
  }
  float* const to = args.output + image * out;
  for (int v = 0; v < kVectors; ++v) {
    const int64_t first = channel + v * kPixelLanes, count = std::min(kPixelLanes, out - first);
    HWY_ALIGN float rest[kPixelLanes] = {};
    if (args.write.slope != nullptr) std::copy_n(args.write.slope + first, count, rest);
    const VF y = WriteVector(d, args.write, sums[v], hn::Load(d, rest));
    if (count == kPixelLanes) {
      hn::StoreU(y, d, to + first);
    } else {
      hn::Store(y, d, rest);
      std::copy_n(rest, count, to + first);
    }
  }
}

void RunOnePixel(const OnePixelPlan& plan, const ConvArgs& args, int64_t task) {
  constexpr int kMost = 4;
  const int64_t out = plan.shape.out_channels;
  for (int64_t channel = 0; channel < out;) {
    switch (std::min<int64_t>(kMost, CeilDiv(out - channel, kPixelLanes))) {
      case 4:
        SumChannels<4>(plan, args, task, channel);
        break;
      case 3:
        SumChannels<3>(plan, args, task, channel);
        break;
      case 2:
        SumChannels<2>(plan, args, task, channel);
        break;
      default:
        SumChannels<1>(plan, args, task, channel);
    }
    channel += kMost * kPixelLanes;
  }
  if (args.moments == nullptr) return;
  for (int64_t c = task * out; c < (task + 1) * out; ++c) args.moments[c] = {1, double{args.output[c]}, 0};
}

OnePixelTask GetOnePixel() { return &RunOnePixel; }

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(OnePixelTask, ChooseOnePixel, GetOnePixel);

bool OnePixelServes(const ConvShape& s) {
  return s.in_h == 1 && s.in_w == 1 && s.out_h == 1 && s.out_w == 1 && s.kernel_h == 1 && s.kernel_w == 1 &&
         s.group == 1 && s.pad_top == 0 && s.pad_left == 0 && s.upsample == 1 && !s.transposed &&
         s.shuffle == 1;
}

Result<OnePixelPlan> PlanOnePixel(const ConvShape& shape, std::span<const float> weights,
                                  std::span<const float> bias, int64_t highway_bit) {
  TEMPERA_RETURN_IF_ERROR(CheckConvShape(shape));
  if (!OnePixelServes(shape)) return InvalidArgument("convolution is not of one pixel");
  const int64_t in = shape.in_channels, out = shape.out_channels;
  if (weights.size() != static_cast<size_t>(in * out) ||
      (!bias.empty() && bias.size() != static_cast<size_t>(out))) {
    return InvalidArgument("convolution weights or bias do not match its shape");
  }
  OnePixelPlan p;
  p.shape = shape;
  p.tasks = shape.n;
  p.padded = RoundUp(out, kWidestVector);
  p.bias.assign(static_cast<size_t>(p.padded), 0.0f);
  std::copy(bias.begin(), bias.end(), p.bias.begin());
  const auto count = static_cast<size_t>(in * p.padded);
  TEMPERA_ASSIGN_OR_RETURN(p.weights, AlignedBuffer::Allocate(count * sizeof(float)));
  auto* packed = reinterpret_cast<float*>(p.weights.data());
  std::fill_n(packed, count, 0.0f);
  for (int64_t c = 0; c < out; ++c) {
    for (int64_t i = 0; i < in; ++i) packed[i * p.padded + c] = weights[static_cast<size_t>(c * in + i)];
  }
  p.run_task = ChooseOnePixel(highway_bit);
  return p;
}

}  // namespace tempera::kernels
#endif  // HWY_ONCE
