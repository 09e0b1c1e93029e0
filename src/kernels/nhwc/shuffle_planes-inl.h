// Per-target code: pixels whose channels are blocks of pixels to their planes.
#if defined(TEMPERA_KERNELS_NHWC_SHUFFLE_PLANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_NHWC_SHUFFLE_PLANES_INL_H_
#undef TEMPERA_KERNELS_NHWC_SHUFFLE_PLANES_INL_H_
#else
#define TEMPERA_KERNELS_NHWC_SHUFFLE_PLANES_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "src/kernels/conv/conv_f32.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {

// kCount neighbouring numbers of each pixel, `columns` apart, to `step` apart.
template <size_t kCount>
HWY_INLINE void CopyPieces(const float* HWY_RESTRICT from, int64_t pixels, int64_t columns, int64_t step,
                           float* HWY_RESTRICT to) {
  for (int64_t p = 0; p < pixels; ++p) std::memcpy(to + p * step, from + p * columns, kCount * sizeof(float));
}

// Numbers [pixels][columns], of which `first` is the first column's and `channels` are in use.
struct PixelColumns {
  const float* numbers;
  int64_t pixels, columns, first, channels;
};

// Column c * r * r + dy * r + dx of pixel p goes to plane c, row dy, r * p + dx, r being `shuffle`.
inline HWY_NOINLINE void StoreShuffledPlanes(const PixelColumns& from, int64_t shuffle, float* out,
                                             const PlaneSteps& steps) {
  const int64_t last = from.first + from.channels;
  for (int64_t o = from.first; o < last;) {
    const int64_t dx = o % shuffle, count = std::min(shuffle - dx, last - o);
    const float* piece = from.numbers + o - from.first;
    float* to = out + o / (shuffle * shuffle) * steps.plane + o / shuffle % shuffle * steps.row + dx;
    if (count == 1) CopyPieces<1>(piece, from.pixels, from.columns, shuffle, to);
    if (count == 2) CopyPieces<2>(piece, from.pixels, from.columns, shuffle, to);
    if (count == 3) CopyPieces<3>(piece, from.pixels, from.columns, shuffle, to);
    if (count == 4) CopyPieces<4>(piece, from.pixels, from.columns, shuffle, to);
    o += count;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
