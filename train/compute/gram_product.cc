#include "train/compute/gram_product.h"

#include <algorithm>
#include <new>
#include <vector>

#include "train/compute/parallel.h"

// The kernel below keeps vectors in arrays, which vectors of unknown size cannot be.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/compute/gram_product.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "train/compute/multiply-inl.h"

#ifndef TEMPERA_TRAIN_GRAM_PRODUCT_SHARED_
#define TEMPERA_TRAIN_GRAM_PRODUCT_SHARED_
namespace tempera::train {

// Pixels whose features stay in the caches while every pair of channels passes over them.
inline int64_t ChunkPixels(int c) { return std::clamp<int64_t>(32768 / c, 64, 512); }

}  // namespace tempera::train
#endif

HWY_BEFORE_NAMESPACE();
namespace tempera::train::HWY_NAMESPACE {

// sums[i0 .. i0 + kHeight)[j0 .. j0 + width of kColumns) += over pixels of features[p][i] * features[p][j].
template <int kHeight, int kColumns>
HWY_INLINE void AddOuter(const float* HWY_RESTRICT features, int64_t pixels, int c, int i0, int j0,
                         float* HWY_RESTRICT sums) {
  const D f;
  V sum[kHeight][kColumns];
  for (int r = 0; r < kHeight; ++r) {
    for (int v = 0; v < kColumns; ++v) sum[r][v] = hn::Zero(f);
  }
  for (int64_t p = 0; p < pixels; ++p) {
    const float* at = features + static_cast<size_t>(p) * c;
    V w[kColumns];
    for (int v = 0; v < kColumns; ++v) w[v] = hn::LoadU(f, at + j0 + v * kLanes);
    for (int r = 0; r < kHeight; ++r) {
      const V x = hn::Set(f, at[i0 + r]);
      for (int v = 0; v < kColumns; ++v) sum[r][v] = hn::MulAdd(x, w[v], sum[r][v]);
    }
  }
  for (int r = 0; r < kHeight; ++r) {
    for (int v = 0; v < kColumns; ++v) {
      float* to = sums + static_cast<size_t>(i0 + r) * c + j0 + v * kLanes;
      hn::StoreU(hn::Add(hn::LoadU(f, to), sum[r][v]), f, to);
    }
  }
}

template <int kColumns>
HWY_INLINE void AddColumns(const float* features, int64_t pixels, int c, int j0, float* sums) {
  // Products are the same either way round: rows from the first that this column block does not mirror.
  int i = j0;
  for (; i + kRows <= c; i += kRows) AddOuter<kRows, kColumns>(features, pixels, c, i, j0, sums);
  for (; i + 4 <= c; i += 4) AddOuter<4, kColumns>(features, pixels, c, i, j0, sums);
  for (; i < c; ++i)
    AddOuter<1, kColumns>(features, pixels, c, i, j0, sums);  // steps of 6 and 3 leave 1 or 2
}

// sums [c, c] += F^T F where row >= column's block; the rest is left alone.
void AddGram(const float* features, int64_t pixels, int c, float* sums) {
  const int64_t chunk = ChunkPixels(c);
  for (int64_t p = 0; p < pixels; p += chunk) {
    const float* at = features + static_cast<size_t>(p) * c;
    const int64_t count = std::min(chunk, pixels - p);
    int j = 0;
    for (; j + kWidth <= c; j += kWidth) AddColumns<kVectors>(at, count, c, j, sums);
    for (; j < c; j += static_cast<int>(kLanes)) AddColumns<1>(at, count, c, j, sums);
  }
}

void TimesMatrix(const float* features, int64_t pixels, int c, const float* panels, float* result) {
  const int64_t chunk = ChunkPixels(c);
  const int width = c % 32 == 0 ? 32 : 16;
  for (int64_t p = 0; p < pixels; p += chunk) {
    const size_t at = static_cast<size_t>(p) * c;
    for (int k = 0; k < c; k += width) {
      MultiplyPanel(features + at, c, static_cast<int>(std::min(chunk, pixels - p)), c,
                    panels + static_cast<size_t>(k) * c, width, result + at + k, c);
    }
  }
}

}  // namespace tempera::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::train {

HWY_EXPORT(AddGram);
HWY_EXPORT(TimesMatrix);

bool GramProduct(const float* features, int64_t pixels, int c, float scale, float* gram) {
  // Shares of the picture, summed in their order: enough for threads, few enough that c x c sums each are
  // little beside the features.
  const int64_t most = std::clamp<int64_t>(pixels / std::max<int64_t>(c, 256), 1, 16);
  const int64_t share = (pixels + most - 1) / most, shares = (pixels + share - 1) / share;
  const size_t size = static_cast<size_t>(c) * c;
  std::vector<float> sums;
  try {
    sums.resize(size * static_cast<size_t>(shares));
  } catch (const std::bad_alloc&) {
    return false;
  }
  ParallelFor(shares, [&](int64_t s) {
    HWY_DYNAMIC_DISPATCH(AddGram)
    (features + static_cast<size_t>(s * share) * c, std::min(share, pixels - s * share), c,
     sums.data() + size * static_cast<size_t>(s));
  });
  for (int i = 0; i < c; ++i) {
    for (int j = 0; j <= i; ++j) {
      const size_t at = static_cast<size_t>(i) * c + j;
      float sum = 0;
      for (int64_t s = 0; s < shares; ++s) sum += sums[size * static_cast<size_t>(s) + at];
      gram[at] = gram[static_cast<size_t>(j) * c + i] = sum * scale;
    }
  }
  return true;
}

bool GramGradient(const float* features, int64_t pixels, int c, const float* matrix, float* result) {
  const int width = c % 32 == 0 ? 32 : 16;
  std::vector<float> panels;  // [c / width][c][width]
  try {
    panels.resize(static_cast<size_t>(c) * c);
  } catch (const std::bad_alloc&) {
    return false;
  }
  for (int k = 0; k < c; k += width) {
    for (int r = 0; r < c; ++r) {
      std::copy_n(matrix + static_cast<size_t>(r) * c + k, width,
                  panels.data() + (static_cast<size_t>(k) * c + static_cast<size_t>(r) * width));
    }
  }
  // About 2 million multiply-adds a task: above what waking a thread costs.
  const int64_t share = std::max<int64_t>(ChunkPixels(c), (int64_t{1} << 21) / (static_cast<int64_t>(c) * c));
  ParallelFor((pixels + share - 1) / share, [&](int64_t s) {
    const size_t at = static_cast<size_t>(s * share) * c;
    HWY_DYNAMIC_DISPATCH(TimesMatrix)
    (features + at, std::min(share, pixels - s * share), c, panels.data(), result + at);
  });
  return true;
}

}  // namespace tempera::train
#endif
