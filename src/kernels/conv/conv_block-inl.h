// Per-target code: the register block, where a convolution spends its time.
#if defined(TEMPERA_KERNELS_CONV_BLOCK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_CONV_BLOCK_INL_H_
#undef TEMPERA_KERNELS_CONV_BLOCK_INL_H_
#else
#define TEMPERA_KERNELS_CONV_BLOCK_INL_H_
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

// Register blocks: channels x vectors accumulators, plus the smaller of the two sides held, plus
// one streamed. With 16 registers 4x3 = 12 + 3 + 1 uses all; with 32, 8x3 = 24 + 3 + 1 leaves
// room for addresses spilled as broadcasts. At least 8 (fused multiply-adds in flight: latency 4 x
// 2 a cycle) are wanted.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_ARCH_ARM_A64
inline constexpr int kMaxChannels = 8;
inline constexpr std::array<int, 9> kMaxVectors = {0, 6, 6, 6, 6, 4, 4, 3, 3};
#else
inline constexpr int kMaxChannels = 4;
inline constexpr std::array<int, 5> kMaxVectors = {0, 6, 5, 4, 3};
#endif
inline constexpr int kMostVectors = 6;

// Tells the compiler to finish `v` before it loads what comes next. With 16 registers it would otherwise
// hoist the next broadcast, run out of registers and spill accumulators in the innermost loop
// (clang 19, 4x3 on AVX2: half the speed).
HWY_INLINE void KeepOrder([[maybe_unused]] VF& v) {
#if HWY_ARCH_X86 && (HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4)
  __asm__ volatile("" : "+x"(v.raw) : : "memory");
#endif
}

// A vector of neighbouring outputs of one row.
struct Run {
  int32_t scratch;  // where its first tap's first channel starts in the scratch
  int32_t y, x;     // phase coordinates of its first output
  int32_t valid;    // outputs that exist; lanes after them are thrown away
};

struct BlockArgs {
  const float* scratch;
  int64_t channel_stride;
  int64_t in_channels;
  const int32_t* taps;
  int64_t num_taps;
  const float* weights;  // [in_channel][tap][channel of the block]
  const float* bias;     // of the block's first channel
};

// out: [channel][vector][lane], channels out_channel_stride apart, each vector at its own offset.
using BlockFunction = void (*)(const BlockArgs& a, const Run* runs, const Pointwise& write, int64_t channel,
                               float* out, const int64_t* out_offsets, int64_t out_channel_stride);

template <int kChannels, int kVectors>
void ConvBlock(const BlockArgs& a, const Run* runs, const Pointwise& write, int64_t channel,
               float* HWY_RESTRICT out, const int64_t* out_offsets, int64_t out_channel_stride) {
  const DF d;
  VF acc[kChannels][kVectors];
  for (int c = 0; c < kChannels; ++c) {
    for (int v = 0; v < kVectors; ++v) acc[c][v] = hn::Set(d, a.bias[c]);
  }
  const float* in[kVectors];
  for (int v = 0; v < kVectors; ++v) in[v] = a.scratch + runs[v].scratch;
  const float* HWY_RESTRICT w = a.weights;
  const int32_t* const taps = a.taps;
  const int64_t num_taps = a.num_taps, channel_stride = a.channel_stride;
  for (int64_t ci = a.in_channels; ci > 0; --ci) {
    for (int64_t t = 0; t < num_taps; ++t) {
      const int64_t offset = taps[t];
      if constexpr (kChannels >= kVectors) {
        VF x[kVectors];
        for (int v = 0; v < kVectors; ++v) x[v] = hn::LoadU(d, in[v] + offset);
        for (int c = 0; c < kChannels; ++c) {
          const VF k = hn::Set(d, w[c]);
          for (int v = 0; v < kVectors; ++v) acc[c][v] = hn::MulAdd(x[v], k, acc[c][v]);
          for (int v = 0; v < kVectors; ++v) KeepOrder(acc[c][v]);
        }
      } else {
        VF k[kChannels];
        for (int c = 0; c < kChannels; ++c) k[c] = hn::Set(d, w[c]);
        for (int v = 0; v < kVectors; ++v) {
          const VF x = hn::LoadU(d, in[v] + offset);
          for (int c = 0; c < kChannels; ++c) acc[c][v] = hn::MulAdd(x, k[c], acc[c][v]);
        }
      }
      w += kChannels;
    }
    for (int v = 0; v < kVectors; ++v) in[v] += channel_stride;
  }
  if (write.activation == Activation::kClamp) {
    const VF lo = hn::Set(d, write.lo), hi = hn::Set(d, write.hi);
    for (int c = 0; c < kChannels; ++c) {
      for (int v = 0; v < kVectors; ++v) acc[c][v] = hn::Min(hi, hn::Max(lo, acc[c][v]));
    }
  } else if (write.activation == Activation::kSlope) {
    for (int c = 0; c < kChannels; ++c) {
      const VF slope = hn::Set(d, write.slope[channel + c]);
      for (int v = 0; v < kVectors; ++v) {
        acc[c][v] = hn::IfThenElse(hn::Lt(acc[c][v], hn::Zero(d)), hn::Mul(acc[c][v], slope), acc[c][v]);
      }
    }
  } else if (write.activation == Activation::kHardSwish) {
    for (int c = 0; c < kChannels; ++c) {
      for (int v = 0; v < kVectors; ++v) acc[c][v] = HardSwish(d, acc[c][v]);
    }
  }
  for (int c = 0; c < kChannels; ++c) {
    for (int v = 0; v < kVectors; ++v)
      hn::StoreU(acc[c][v], d, out + c * out_channel_stride + out_offsets[v]);
  }
}

using BlockTable = std::array<std::array<BlockFunction, kMostVectors + 1>, kMaxChannels + 1>;

template <int kChannels, int... kVectors>
constexpr void FillTableRow(BlockTable& table, std::integer_sequence<int, kVectors...>) {
  ((table[kChannels][kVectors + 1] = &ConvBlock<kChannels, kVectors + 1>), ...);
}
template <int... kChannels>
constexpr BlockTable MakeBlockTable(std::integer_sequence<int, kChannels...>) {
  BlockTable table{};
  (FillTableRow<kChannels + 1>(table, std::make_integer_sequence<int, kMaxVectors[kChannels + 1]>()), ...);
  return table;
}
inline constexpr BlockTable kBlocks = MakeBlockTable(std::make_integer_sequence<int, kMaxChannels>());

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
