// Per-target code: rows of several planes into one row, pixel by pixel: what DepthToSpace does to a row, and
// a convolution's shuffle to a task's planes.
#if defined(TEMPERA_KERNELS_SHUFFLE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_SHUFFLE_INL_H_
#undef TEMPERA_KERNELS_SHUFFLE_INL_H_
#else
#define TEMPERA_KERNELS_SHUFFLE_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "src/kernels/conv/conv_f32.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <int kBlock>
HWY_INLINE void InterleaveRowOf(const float* HWY_RESTRICT from, int64_t plane, int64_t count,
                                float* HWY_RESTRICT to) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t x = 0;
  for (; x + lanes <= count; x += lanes) {
    const auto at = [&](int k) HWY_ATTR { return hn::LoadU(d, from + k * plane + x); };
    if constexpr (kBlock == 2) hn::StoreInterleaved2(at(0), at(1), d, to + 2 * x);
    if constexpr (kBlock == 3) hn::StoreInterleaved3(at(0), at(1), at(2), d, to + 3 * x);
    if constexpr (kBlock == 4) hn::StoreInterleaved4(at(0), at(1), at(2), at(3), d, to + 4 * x);
  }
  for (; x < count; ++x) {
    for (int k = 0; k < kBlock; ++k) to[x * kBlock + k] = from[k * plane + x];
  }
}

// to[x * block + k] = from[k * plane + x] for x < count, k < block; fast where block is 2, 3 or 4.
HWY_INLINE void InterleaveRow(const float* HWY_RESTRICT from, int64_t plane, int64_t block, int64_t count,
                              float* HWY_RESTRICT to) {
  if (block == 2) return InterleaveRowOf<2>(from, plane, count, to);
  if (block == 3) return InterleaveRowOf<3>(from, plane, count, to);
  if (block == 4) return InterleaveRowOf<4>(from, plane, count, to);
  for (int64_t k = 0; k < block; ++k) {
    for (int64_t x = 0; x < count; ++x) to[x * block + k] = from[k * plane + x];
  }
}

// A task's tile: the image, and its first pixel before the shuffle.
struct ShuffledTile {
  int64_t n, y0, x0;
};

// Channels [first, last), whole blocks' rows, from the planes that ConvPlan::shuffle describes to the output.
HWY_INLINE void StoreShuffled(const ConvPlan& plan, const ConvArgs& args, const ShuffledTile& tile,
                              const float* planes, int64_t first, int64_t last) {
  const ConvShape& s = plan.shape;
  const int64_t r = s.shuffle, plane = plan.shuffle.plane;
  const int64_t rows = std::min(plan.tile_h, s.out_h - tile.y0);
  const int64_t columns = std::min(plan.tile_w, s.out_w - tile.x0);
  const PlaneSteps steps = args.OutputSteps(s);
  for (int64_t o = first; o < last; o += r) {
    const int64_t channel = (tile.n * s.out_channels + o) / s.pixels_a_channel();
    const float* from = planes + o % plan.shuffle.slots * plane;
    float* to = args.output + channel * steps.plane + (tile.y0 * r + o / r % r) * steps.row + tile.x0 * r;
    for (int64_t y = 0; y < rows; ++y) {
      InterleaveRow(from + y * plan.shuffle.row, plane, r, columns, to + y * r * steps.row);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
