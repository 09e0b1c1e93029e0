#include "train/winograd.h"

#include <algorithm>
#include <array>

// The kernel below keeps vectors in arrays, which vectors of unknown size cannot be.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/winograd.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef TEMPERA_TRAIN_WINOGRAD_SHARED_
#define TEMPERA_TRAIN_WINOGRAD_SHARED_
namespace tempera::train {

inline constexpr int kPoints = 36;  // 6x6 values of a tile, for 4x4 results
inline constexpr int kPanel = 16;   // output channels packed together

// Tiles a block: as many as keep its transformed input near 1 MB (L2 and a share of L3), a multiple of the
// kernel's 6 rows.
inline int64_t TilesPerBlock(int in_channels) {
  return std::clamp<int64_t>((1 << 20) / (kPoints * 4 * in_channels), 24, 96) / 6 * 6;
}

// Floats between the planes of two points. The extra cache line keeps the 36 streams of a tile from falling
// into the same cache set.
inline size_t PlaneStride(int64_t tiles, int channels) { return static_cast<size_t>(tiles) * channels + 16; }

}  // namespace tempera::train
#endif

HWY_BEFORE_NAMESPACE();
namespace tempera::train::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 8>;
using V = hn::Vec<D>;
constexpr size_t kLanes = hn::MaxLanes(D());

// B^T d for one line of six.
HWY_INLINE void InputTransform(const V* d, size_t step, V* out, size_t out_step) {
  const D f;
  const V two = hn::Set(f, 2.0f), four = hn::Set(f, 4.0f), five = hn::Set(f, 5.0f);
  const V d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
  const V a = hn::NegMulAdd(four, d2, d4), b = hn::NegMulAdd(four, d1, d3);
  const V c = hn::Sub(d4, d2), e = hn::Mul(two, hn::Sub(d3, d1));
  out[0] = hn::MulAdd(four, d0, hn::NegMulAdd(five, d2, d4));
  out[out_step] = hn::Add(a, b);
  out[2 * out_step] = hn::Sub(a, b);
  out[3 * out_step] = hn::Add(c, e);
  out[4 * out_step] = hn::Sub(c, e);
  out[5 * out_step] = hn::MulAdd(four, d1, hn::NegMulAdd(five, d3, d5));
}

// A^T m for one line of six: four results.
HWY_INLINE void OutputTransform(const V* m, size_t step, V* out, size_t out_step) {
  const D f;
  const V two = hn::Set(f, 2.0f), four = hn::Set(f, 4.0f), eight = hn::Set(f, 8.0f);
  const V s = hn::Add(m[step], m[2 * step]), t = hn::Sub(m[step], m[2 * step]);
  const V u = hn::Add(m[3 * step], m[4 * step]), v = hn::Sub(m[3 * step], m[4 * step]);
  out[0] = hn::Add(hn::Add(m[0], s), u);
  out[out_step] = hn::MulAdd(two, v, t);
  out[2 * out_step] = hn::MulAdd(four, u, s);
  out[3 * out_step] = hn::Add(hn::MulAdd(eight, v, t), m[5 * step]);
}

// products[t][k] = sum over c of tiles[t][c] * panel[c][k] for kRows tiles and one panel of 16 output
// channels.
template <int kRows>
HWY_INLINE void Multiply(const float* HWY_RESTRICT tiles, int in, const float* HWY_RESTRICT panel,
                         float* HWY_RESTRICT products, int out) {
  const D f;
  constexpr int kVectors = kPanel / kLanes;
  V sum[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(f);
  }
  for (int c = 0; c < in; ++c) {
    V w[kVectors];
    for (int v = 0; v < kVectors; ++v)
      w[v] = hn::LoadU(f, panel + static_cast<size_t>(c) * kPanel + v * kLanes);
    for (int r = 0; r < kRows; ++r) {
      const V x = hn::Set(f, tiles[static_cast<size_t>(r) * in + c]);
      for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(x, w[v], sum[r][v]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      hn::StoreU(sum[r][v], f, products + static_cast<size_t>(r) * out + v * kLanes);
    }
  }
}

// 6 rows x 2 vectors = 12 sums, 2 weights and 1 value fill AVX2's 16 registers; with 4 lanes, 3 rows x 4.
constexpr int kRows = kLanes == 8 ? 6 : 3;

void RunBlock(const WinogradConv& conv, int64_t block, float* scratch) {
  const D f;
  const int in = conv.weights->in_channels, out = conv.weights->out_channels, h = conv.h, w = conv.w;
  const int tiles_x = (w + 3) / 4, tiles_y = (h + 3) / 4;
  const int64_t per_image = static_cast<int64_t>(tiles_x) * tiles_y, total = per_image * conv.n;
  const int64_t capacity = TilesPerBlock(in), first = block * capacity;
  const int count = static_cast<int>(std::min(capacity, total - first));
  const size_t in_plane = PlaneStride(capacity, in), out_plane = PlaneStride(capacity, out);
  float* transformed = scratch;
  float* products = transformed + kPoints * in_plane;
  const float* zeros = products + kPoints * out_plane;  // `in` of them

  for (int t = 0; t < count; ++t) {
    const int64_t tile = first + t, image = tile / per_image;
    const int y0 = static_cast<int>(tile % per_image / tiles_x) * 4 - 1;
    const int x0 = static_cast<int>(tile % tiles_x) * 4 - 1;
    const float* source[kPoints];
    const float* mask[kPoints];
    for (int i = 0; i < 6; ++i) {
      for (int j = 0; j < 6; ++j) {
        const int y = y0 + i, x = x0 + j;
        const bool inside = y >= 0 && y < h && x >= 0 && x < w;
        const size_t at = inside ? ((static_cast<size_t>(image) * h + y) * w + x) * in : 0;
        source[i * 6 + j] = inside ? conv.input + at : zeros;
        mask[i * 6 + j] = inside && conv.mask != nullptr ? conv.mask + at : zeros;
      }
    }
    for (int c = 0; c < in; c += static_cast<int>(kLanes)) {
      V d[kPoints], columns[kPoints], both[6];
      if (conv.mask != nullptr) {
        for (int i = 0; i < kPoints; ++i) {
          d[i] =
              hn::IfThenElseZero(hn::Gt(hn::LoadU(f, mask[i] + c), hn::Zero(f)), hn::LoadU(f, source[i] + c));
        }
      } else {
        for (int i = 0; i < kPoints; ++i) d[i] = hn::LoadU(f, source[i] + c);
      }
      for (int j = 0; j < 6; ++j) InputTransform(d + j, 6, columns + j, 6);
      for (int i = 0; i < 6; ++i) {
        InputTransform(columns + i * 6, 1, both, 1);
        for (int j = 0; j < 6; ++j) {
          hn::StoreU(both[j], f, transformed + (i * 6 + j) * in_plane + static_cast<size_t>(t) * in + c);
        }
      }
    }
  }

  for (int p = 0; p < kPoints; ++p) {
    for (int k = 0; k < out; k += kPanel) {
      const float* panel = conv.weights->values.data() + (static_cast<size_t>(p) * out + k) * in;
      const float* rows = transformed + p * in_plane;
      float* to = products + p * out_plane + k;
      int t = 0;
      for (; t + kRows <= count; t += kRows) {
        Multiply<kRows>(rows + static_cast<size_t>(t) * in, in, panel, to + static_cast<size_t>(t) * out,
                        out);
      }
      for (; t < count; ++t) {
        Multiply<1>(rows + static_cast<size_t>(t) * in, in, panel, to + static_cast<size_t>(t) * out, out);
      }
    }
  }

  for (int t = 0; t < count; ++t) {
    const int64_t tile = first + t, image = tile / per_image;
    const int y0 = static_cast<int>(tile % per_image / tiles_x) * 4;
    const int x0 = static_cast<int>(tile % tiles_x) * 4;
    const int rows = std::min(4, h - y0), columns = std::min(4, w - x0);
    for (int k = 0; k < out; k += static_cast<int>(kLanes)) {
      V m[kPoints], half[24], result[16];
      for (int i = 0; i < kPoints; ++i) {
        m[i] = hn::LoadU(f, products + i * out_plane + static_cast<size_t>(t) * out + k);
      }
      for (int j = 0; j < 6; ++j) OutputTransform(m + j, 6, half + j, 6);
      for (int i = 0; i < 4; ++i) OutputTransform(half + i * 6, 1, result + i * 4, 1);
      const V bias = conv.bias != nullptr ? hn::LoadU(f, conv.bias + k) : hn::Zero(f);
      for (int y = 0; y < rows; ++y) {
        for (int x = 0; x < columns; ++x) {
          V value = hn::Add(result[y * 4 + x], bias);
          if (conv.relu) value = hn::Max(value, hn::Zero(f));
          hn::StoreU(value, f,
                     conv.output + ((static_cast<size_t>(image) * h + y0 + y) * w + x0 + x) * out + k);
        }
      }
    }
  }
}

}  // namespace tempera::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::train {

HWY_EXPORT(RunBlock);

WinogradWeights TransformWeights(const float* weights, int out_channels, int in_channels, bool transposed) {
  static constexpr double kG[6][3] = {{0.25, 0, 0},
                                      {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                      {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                      {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                      {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                      {0, 0, 1}};
  WinogradWeights result;
  result.in_channels = transposed ? out_channels : in_channels;
  result.out_channels = transposed ? in_channels : out_channels;
  const size_t in = result.in_channels, out = result.out_channels;
  result.values.resize(kPoints * in * out);
  for (size_t k = 0; k < out; ++k) {
    for (size_t c = 0; c < in; ++c) {
      const float* g = weights + (transposed ? c * out + k : k * in + c) * 9;
      double half[6][3] = {};
      for (int i = 0; i < 6; ++i) {
        for (int x = 0; x < 3; ++x) {
          for (int y = 0; y < 3; ++y) half[i][x] += kG[i][y] * g[transposed ? 8 - (y * 3 + x) : y * 3 + x];
        }
      }
      for (int i = 0; i < 6; ++i) {
        for (int j = 0; j < 6; ++j) {
          double sum = 0;
          for (int x = 0; x < 3; ++x) sum += half[i][x] * kG[j][x];
          const size_t p = static_cast<size_t>(i) * 6 + j;
          result.values[((p * (out / kPanel) + k / kPanel) * in + c) * kPanel + k % kPanel] =
              static_cast<float>(sum);
        }
      }
    }
  }
  return result;
}

int64_t WinogradConv::BlockCount() const {
  const int64_t tiles = static_cast<int64_t>((w + 3) / 4) * ((h + 3) / 4) * n;
  const int64_t each = TilesPerBlock(weights->in_channels);
  return (tiles + each - 1) / each;
}

void WinogradConv::RunBlocks(int64_t begin, int64_t end) const {
  const int64_t tiles = TilesPerBlock(weights->in_channels);
  const size_t floats =
      kPoints * (PlaneStride(tiles, weights->in_channels) + PlaneStride(tiles, weights->out_channels));
  // Kept by each thread from call to call; the tail holds the zeros that stand for pixels outside the
  // picture.
  thread_local std::vector<float> scratch;
  if (scratch.size() < floats + weights->in_channels) scratch.resize(floats + weights->in_channels);
  std::fill_n(scratch.begin() + static_cast<ptrdiff_t>(floats), weights->in_channels, 0.0f);
  for (int64_t b = begin; b < end; ++b) HWY_DYNAMIC_DISPATCH(RunBlock)(*this, b, scratch.data());
}

}  // namespace tempera::train
#endif
