// Per-target code: the register block of a 1x1 convolution, where it spends its time.
#if defined(TEMPERA_KERNELS_PLANES_MIX_BLOCK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_PLANES_MIX_BLOCK_INL_H_
#undef TEMPERA_KERNELS_PLANES_MIX_BLOCK_INL_H_
#else
#define TEMPERA_KERNELS_PLANES_MIX_BLOCK_INL_H_
#endif

#include <hwy/highway.h>

#include <array>
#include <cstdint>
#include <utility>

#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// channels x vectors sums, plus the vectors of one input channel, plus one weight: 4 x 3 + 3 + 1 fill 16
// registers, 8 x 3 + 3 + 1 leave four of 32. Fewer channels take more vectors, for the 8 sums in flight that
// keep two multipliers with a latency of 4 busy.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_ARCH_ARM_A64
inline constexpr int kMixChannels = 8;
inline constexpr std::array<int, 9> kMixVectors = {0, 6, 6, 6, 6, 4, 4, 3, 3};
#else
inline constexpr int kMixChannels = 4;
inline constexpr std::array<int, 5> kMixVectors = {0, 6, 5, 4, 3};
#endif
inline constexpr int kMostMixVectors = 6;

struct MixBlockArgs {
  const float* pixels;     // of the first input channel
  int64_t pixels_step;     // from one input channel to the next
  int64_t in_channels;     // at least 1
  const float* weights;    // [in_channel][channel of the block]
  const float* bias;       // of the block's channels; nullptr: goes on from the sums in `out`
  const Pointwise* write;  // activation of finished sums; nullptr: there is more to come
  int64_t channel;         // the block's first one
  float* out;
  int64_t out_step;  // from one output channel to the next
  // Blocks of pixels that follow each other in `out`, and how far apart their pixels are.
  int64_t groups = 1, group_step = 0;
};
using MixBlockFunction = void (*)(const MixBlockArgs& a);

// One input channel added to all sums. The empty assembly keeps the compiler from loading the next weight
// before it has used this one: with 16 registers that spills sums in the innermost loop (clang 19).
template <int kChannels, int kVectors>
HWY_INLINE void AddInputChannel(DF d, const float* HWY_RESTRICT x, const float* HWY_RESTRICT w,
                                VF (&sums)[kChannels][kVectors]) {
  constexpr int64_t kLanes = hn::MaxLanes(DF());
  VF v[kVectors];
  for (int i = 0; i < kVectors; ++i) v[i] = hn::LoadU(d, x + i * kLanes);
  for (int c = 0; c < kChannels; ++c) {
    const VF k = hn::Set(d, w[c]);
    for (int i = 0; i < kVectors; ++i) sums[c][i] = hn::MulAdd(v[i], k, sums[c][i]);
#if HWY_ARCH_X86 && (HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4)
    for (int i = 0; i < kVectors; ++i) __asm__ volatile("" : "+x"(sums[c][i].raw));
#endif
  }
}

template <int kChannels, int kVectors>
HWY_INLINE void MixGroup(const MixBlockArgs& a, const float* HWY_RESTRICT x, float* out) {
  constexpr int64_t kLanes = hn::MaxLanes(DF());
  const DF d;
  const int64_t out_step = a.out_step, pixels_step = a.pixels_step;
  VF sums[kChannels][kVectors];
  for (int c = 0; c < kChannels; ++c) {
    for (int i = 0; i < kVectors; ++i) {
      sums[c][i] = a.bias != nullptr ? hn::Set(d, a.bias[c]) : hn::LoadU(d, out + c * out_step + i * kLanes);
    }
  }
  const float* HWY_RESTRICT w = a.weights;
  int64_t k = a.in_channels;
  for (; k >= 2; k -= 2) {
    AddInputChannel(d, x, w, sums);
    AddInputChannel(d, x + pixels_step, w + kChannels, sums);
    x += 2 * pixels_step;
    w += 2 * kChannels;
  }
  if (k != 0) AddInputChannel(d, x, w, sums);
  const Pointwise* const write = a.write;
  if (write != nullptr && write->activation == Activation::kClamp) {
    const VF lo = hn::Set(d, write->lo), hi = hn::Set(d, write->hi);
    for (int c = 0; c < kChannels; ++c) {
      for (int i = 0; i < kVectors; ++i) sums[c][i] = hn::Min(hi, hn::Max(lo, sums[c][i]));
    }
  } else if (write != nullptr && write->activation == Activation::kSlope) {
    for (int c = 0; c < kChannels; ++c) {
      const VF slope = hn::Set(d, write->slope[a.channel + c]);
      for (int i = 0; i < kVectors; ++i) {
        sums[c][i] = hn::IfThenElse(hn::Lt(sums[c][i], hn::Zero(d)), hn::Mul(sums[c][i], slope), sums[c][i]);
      }
    }
  } else if (write != nullptr && write->activation == Activation::kHardSwish) {
    for (int c = 0; c < kChannels; ++c) {
      for (int i = 0; i < kVectors; ++i) sums[c][i] = HardSwish(d, sums[c][i]);
    }
  }
  for (int c = 0; c < kChannels; ++c) {
    for (int i = 0; i < kVectors; ++i) hn::StoreU(sums[c][i], d, out + c * out_step + i * kLanes);
  }
}

template <int kChannels, int kVectors>
void MixBlock(const MixBlockArgs& a) {
  for (int64_t g = 0; g < a.groups; ++g) {
    MixGroup<kChannels, kVectors>(a, a.pixels + g * a.group_step,
                                  a.out + g * kVectors * static_cast<int64_t>(hn::MaxLanes(DF())));
  }
}

using MixBlockTable = std::array<std::array<MixBlockFunction, kMostMixVectors + 1>, kMixChannels + 1>;

template <int kChannels, int... kVectors>
constexpr void FillMixRow(MixBlockTable& table, std::integer_sequence<int, kVectors...>) {
  ((table[kChannels][kVectors + 1] = &MixBlock<kChannels, kVectors + 1>), ...);
}
template <int... kChannels>
constexpr MixBlockTable MakeMixTable(std::integer_sequence<int, kChannels...>) {
  MixBlockTable table{};
  // A block of fewer channels stands beside full ones in the last group of the panel, so that it needs no
  // more vectors than its own most; and all that are fewer.
  (FillMixRow<kChannels + 1>(table, std::make_integer_sequence<int, kMixVectors[kChannels + 1]>()), ...);
  return table;
}
inline constexpr MixBlockTable kMixBlocks = MakeMixTable(std::make_integer_sequence<int, kMixChannels>());

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
