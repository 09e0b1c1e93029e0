// The products of small rows with packed panels that most of a training step consists of. Included once per
// instruction set.
#if defined(TEMPERA_TRAIN_COMPUTE_MULTIPLY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_TRAIN_COMPUTE_MULTIPLY_INL_H_
#undef TEMPERA_TRAIN_COMPUTE_MULTIPLY_INL_H_
#else
#define TEMPERA_TRAIN_COMPUTE_MULTIPLY_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace tempera::train::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr size_t kLanes = hn::MaxLanes(D());

// Sums held in registers: 12 rows x 2 vectors of AVX-512's 32 registers, 6 x 2 of AVX2's 16 (2 more hold
// weights, 1 a value), with 4 lanes 6 x 4 of ARM's 32, 3 x 4 of SSE4's 16.
constexpr int kVectors = kLanes >= 8 ? 2 : 4;
constexpr int kWidth = kVectors * static_cast<int>(kLanes);  // channels a call
#if HWY_ARCH_ARM_A64
constexpr int kRows = 6;
#else
constexpr int kRows = kLanes == 16 ? 12 : kLanes == 8 ? 6 : 3;
#endif

// products[r][k] = sum over c of rows[r][c] * panel[c][k], in the order of c, whatever kHeight: so results do
// not depend on how rows are grouped.
template <int kHeight, int kColumns>
HWY_INLINE void MultiplyBlock(const float* HWY_RESTRICT rows, size_t row_stride, int depth,
                              const float* HWY_RESTRICT panel, size_t panel_stride,
                              float* HWY_RESTRICT products, size_t product_stride) {
  const D f;
  V sum[kHeight][kColumns];
  for (int r = 0; r < kHeight; ++r) {
    for (int v = 0; v < kColumns; ++v) sum[r][v] = hn::Zero(f);
  }
  for (int c = 0; c < depth; ++c) {
    V w[kColumns];
    for (int v = 0; v < kColumns; ++v) {
      w[v] = hn::LoadU(f, panel + static_cast<size_t>(c) * panel_stride + v * kLanes);
    }
    for (int r = 0; r < kHeight; ++r) {
      const V x = hn::Set(f, rows[static_cast<size_t>(r) * row_stride + c]);
      for (int v = 0; v < kColumns; ++v) sum[r][v] = hn::MulAdd(x, w[v], sum[r][v]);
    }
  }
  for (int r = 0; r < kHeight; ++r) {
    for (int v = 0; v < kColumns; ++v) {
      hn::StoreU(sum[r][v], f, products + static_cast<size_t>(r) * product_stride + v * kLanes);
    }
  }
}

template <int kColumns>
HWY_INLINE void MultiplyColumns(const float* rows, size_t row_stride, int count, int depth,
                                const float* panel, size_t panel_stride, float* products,
                                size_t product_stride) {
  int r = 0;
  for (; r + kRows <= count; r += kRows) {
    MultiplyBlock<kRows, kColumns>(rows + r * row_stride, row_stride, depth, panel, panel_stride,
                                   products + r * product_stride, product_stride);
  }
  for (; r + 3 <= count; r += 3) {
    MultiplyBlock<3, kColumns>(rows + r * row_stride, row_stride, depth, panel, panel_stride,
                               products + r * product_stride, product_stride);
  }
  for (; r < count; ++r) {
    MultiplyBlock<1, kColumns>(rows + r * row_stride, row_stride, depth, panel, panel_stride,
                               products + r * product_stride, product_stride);
  }
}

// products[r][0..width) = rows[r] times one packed panel [depth][width]; width a multiple of 16.
HWY_INLINE void MultiplyPanel(const float* rows, size_t row_stride, int count, int depth, const float* panel,
                              int width, float* products, size_t product_stride) {
  int k = 0;
  for (; k + kWidth <= width; k += kWidth) {
    MultiplyColumns<kVectors>(rows, row_stride, count, depth, panel + k, width, products + k, product_stride);
  }
  // What is left of a panel of 16, where one vector is that wide.
  for (; k < width; k += static_cast<int>(kLanes)) {
    MultiplyColumns<1>(rows, row_stride, count, depth, panel + k, width, products + k, product_stride);
  }
}

}  // namespace tempera::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
