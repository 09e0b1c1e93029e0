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

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {

// kCount neighbouring numbers of each pixel, `columns` apart, to `step` apart.
template <size_t kCount>
HWY_INLINE void CopyPieces(const float* HWY_RESTRICT from, int64_t pixels, int64_t columns, int64_t step,
                           float* HWY_RESTRICT to) {
  for (int64_t p = 0; p < pixels; ++p) std::memcpy(to + p * step, from + p * columns, kCount * sizeof(float));
}

// Numbers [pixels][columns] of columns [first, first + channels): column c * r * r + dy * r + dx of pixel p
// goes to plane c, row dy, r * p + dx, r being `shuffle`, rows and planes as far apart as stated.
HWY_INLINE void StoreShuffledPlanes(const float* numbers, int64_t pixels, int64_t columns, int64_t first,
                                    int64_t channels, int64_t shuffle, float* out, int64_t row,
                                    int64_t plane) {
  for (int64_t o = first; o < first + channels;) {
    const int64_t dx = o % shuffle, count = std::min(shuffle - dx, first + channels - o);
    const float* from = numbers + o - first;
    float* to = out + o / (shuffle * shuffle) * plane + o / shuffle % shuffle * row + dx;
    if (count == 1) CopyPieces<1>(from, pixels, columns, shuffle, to);
    if (count == 2) CopyPieces<2>(from, pixels, columns, shuffle, to);
    if (count == 3) CopyPieces<3>(from, pixels, columns, shuffle, to);
    if (count == 4) CopyPieces<4>(from, pixels, columns, shuffle, to);
    o += count;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
