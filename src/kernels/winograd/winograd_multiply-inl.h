// Per-target code: the products of one point, a dense [channels out, channels in] x [channels in, tiles].
#if defined(TEMPERA_KERNELS_WINOGRAD_MULTIPLY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_WINOGRAD_MULTIPLY_INL_H_
#undef TEMPERA_KERNELS_WINOGRAD_MULTIPLY_INL_H_
#else
#define TEMPERA_KERNELS_WINOGRAD_MULTIPLY_INL_H_
#endif

#include <hwy/highway.h>

#include <array>
#include <cstdint>
#include <utility>

#include "src/kernels/conv/conv_block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct PanelArgs {
  const float* v;  // [in_channel][vector][lane], channels v_stride apart
  int64_t v_stride, in_channels, vectors;
  const float* weights;  // [in_channel][channel of the block]
  float* out;            // [channel of the block][vector][lane], channels out_stride apart
  int64_t out_stride;
};

template <int kChannels, int kVectors>
HWY_INLINE void MultiplyBlock(const PanelArgs& a, int64_t first) {
  const DF d;
  constexpr int64_t kLanes = hn::MaxLanes(DF());
  VF acc[kChannels][kVectors];
  for (auto& row : acc) {
    for (VF& x : row) x = hn::Zero(d);
  }
  const float* HWY_RESTRICT in = a.v + first * kLanes;
  const float* HWY_RESTRICT w = a.weights;
  const int64_t stride = a.v_stride;  // KeepOrder makes the compiler read `a` again
  for (int64_t ci = a.in_channels; ci > 0; --ci) {
    VF x[kVectors];
    for (int v = 0; v < kVectors; ++v) x[v] = hn::LoadU(d, in + v * kLanes);
    for (int c = 0; c < kChannels; ++c) {
      const VF k = hn::Set(d, w[c]);
      for (int v = 0; v < kVectors; ++v) acc[c][v] = hn::MulAdd(x[v], k, acc[c][v]);
      for (int v = 0; v < kVectors; ++v) KeepOrder(acc[c][v]);
    }
    in += stride;
    w += kChannels;
  }
  float* HWY_RESTRICT out = a.out + first * kLanes;
  for (int c = 0; c < kChannels; ++c) {
    for (int v = 0; v < kVectors; ++v) hn::Store(acc[c][v], d, out + c * a.out_stride + v * kLanes);
  }
}

// All vectors of a block, in the fewest steps, dealt evenly: 7 in steps of at most 3 are 3 + 2 + 2.
template <int kChannels>
void MultiplyPanel(const PanelArgs& a) {
  constexpr int kMost = kMaxVectors[kChannels];
  const int64_t steps = (a.vectors + kMost - 1) / kMost;
  int64_t first = 0;
  for (int64_t left = steps; left > 0; --left) {
    const int64_t count = (a.vectors - first + left - 1) / left;
    switch (count) {
      case 1:
        MultiplyBlock<kChannels, 1>(a, first);
        break;
      case 2:
        MultiplyBlock<kChannels, 2>(a, first);
        break;
      case 3:
        MultiplyBlock<kChannels, 3>(a, first);
        break;
      default:
        // Narrow blocks only, which hold up to six vectors.
        if constexpr (kMost >= 4) {
          if (count == 4) MultiplyBlock<kChannels, 4>(a, first);
        }
        if constexpr (kMost >= 5) {
          if (count == 5) MultiplyBlock<kChannels, 5>(a, first);
        }
        if constexpr (kMost >= 6) {
          if (count == 6) MultiplyBlock<kChannels, 6>(a, first);
        }
    }
    first += count;
  }
}

using PanelFunction = void (*)(const PanelArgs& a);
template <int... kChannels>
constexpr std::array<PanelFunction, kMaxChannels + 1> MakePanels(std::integer_sequence<int, kChannels...>) {
  return {nullptr, &MultiplyPanel<kChannels + 1>...};
}
inline constexpr auto kPanels = MakePanels(std::make_integer_sequence<int, kMaxChannels>());

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
