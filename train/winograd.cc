#include "train/winograd.h"

#include <algorithm>
#include <array>

// The kernel below keeps vectors in arrays, which vectors of unknown size cannot be.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/winograd.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "train/compute/multiply-inl.h"

#ifndef TEMPERA_TRAIN_WINOGRAD_SHARED_
#define TEMPERA_TRAIN_WINOGRAD_SHARED_
namespace tempera::train {

inline constexpr int kPoints = 36;  // 6x6 values of a tile, for 4x4 results
// Input and products of a block: more than L2 holds for many channels, where reading each point's plane back
// from L3 costs less than fetching the weights for fewer tiles would.
inline constexpr int64_t kBlockBytes = int64_t{4} << 20;

// Output channels packed together.
inline int PanelWidth(int out_channels) { return out_channels % 32 == 0 ? 32 : 16; }

// Tiles a block. The transformed weights pass through the caches once a block, so blocks are large, but so
// that a layer has several, of equal size, for several threads. Multiples of the 12 rows that a kernel takes.
// No sum runs over tiles: results do not depend on this.
inline int64_t TilesPerBlock(const WinogradWeights& weights, int64_t tiles) {
  const int64_t channels = weights.in_channels + weights.out_channels;
  const int64_t most = std::clamp<int64_t>(kBlockBytes / (kPoints * 4 * channels), 24, 96);
  const int64_t blocks = (tiles + most - 1) / most;
  const int64_t even = blocks > 1 ? (blocks + 1) / 2 * 2 : (tiles > 24 ? 2 : 1);
  return ((tiles + even - 1) / even + 11) / 12 * 12;
}

// Floats between the planes of two points. The extra cache line keeps the 36 streams of a tile from falling
// into the same cache set.
inline size_t PlaneStride(int64_t tiles, int channels) { return static_cast<size_t>(tiles) * channels + 16; }

}  // namespace tempera::train
#endif

HWY_BEFORE_NAMESPACE();
namespace tempera::train::HWY_NAMESPACE {

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

// What a block is made of.
struct Block {
  Block(const WinogradConv& conv, int64_t index, float* scratch)
      : tiles_x((conv.w + 3) / 4), per_image(static_cast<int64_t>(tiles_x) * ((conv.h + 3) / 4)) {
    const int64_t capacity = TilesPerBlock(*conv.weights, per_image * conv.n);
    first = index * capacity;
    count = static_cast<int>(std::min(capacity, per_image * conv.n - first));
    in_plane = PlaneStride(capacity, conv.weights->in_channels);
    out_plane = PlaneStride(capacity, conv.weights->out_channels);
    transformed = scratch;
    products = transformed + kPoints * in_plane;
    zeros = products + kPoints * out_plane;
  }

  int tiles_x;
  int64_t per_image, first;
  int count;                   // tiles
  size_t in_plane, out_plane;  // floats from one point's plane to the next
  float *transformed, *products;
  const float* zeros;  // `in_channels` of them
};

template <bool kMasked>
void TransformInput(const WinogradConv& conv, const Block& block) {
  const D f;
  const int in = conv.weights->in_channels, h = conv.h, w = conv.w;
  for (int t = 0; t < block.count; ++t) {
    const int64_t tile = block.first + t, image = tile / block.per_image;
    const int y0 = static_cast<int>(tile % block.per_image / block.tiles_x) * 4 - 1;
    const int x0 = static_cast<int>(tile % block.tiles_x) * 4 - 1;
    const float* source[kPoints];
    const float* mask[kPoints];
    for (int i = 0; i < 6; ++i) {
      for (int j = 0; j < 6; ++j) {
        const int y = y0 + i, x = x0 + j;
        const bool inside = y >= 0 && y < h && x >= 0 && x < w;
        const size_t at = inside ? ((static_cast<size_t>(image) * h + y) * w + x) * in : 0;
        source[i * 6 + j] = inside ? conv.input + at : block.zeros;
        mask[i * 6 + j] = inside && kMasked ? conv.mask + at : block.zeros;
      }
    }
    for (int c = 0; c < in; c += static_cast<int>(kLanes)) {
      V columns[kPoints], d[6], both[6];
      for (int j = 0; j < 6; ++j) {
        for (int i = 0; i < 6; ++i) {
          d[i] = hn::LoadU(f, source[i * 6 + j] + c);
          if constexpr (kMasked) {
            d[i] = hn::IfThenElseZero(hn::Gt(hn::LoadU(f, mask[i * 6 + j] + c), hn::Zero(f)), d[i]);
          }
        }
        InputTransform(d, 1, columns + j, 6);
      }
      float* to = block.transformed + static_cast<size_t>(t) * in + c;
      for (int i = 0; i < 6; ++i) {
        InputTransform(columns + i * 6, 1, both, 1);
        for (int j = 0; j < 6; ++j) hn::StoreU(both[j], f, to + (i * 6 + j) * block.in_plane);
      }
    }
  }
}

void MultiplyPoints(const WinogradConv& conv, const Block& block) {
  const int in = conv.weights->in_channels, out = conv.weights->out_channels, width = PanelWidth(out);
  for (int p = 0; p < kPoints; ++p) {
    for (int k = 0; k < out; k += width) {
      MultiplyPanel(block.transformed + p * block.in_plane, in, block.count, in,
                    conv.weights->values.data() + (static_cast<size_t>(p) * out + k) * in, width,
                    block.products + p * block.out_plane + k, out);
    }
  }
}

void TransformOutput(const WinogradConv& conv, const Block& block) {
  const D f;
  const int out = conv.weights->out_channels, h = conv.h, w = conv.w;
  for (int t = 0; t < block.count; ++t) {
    const int64_t tile = block.first + t, image = tile / block.per_image;
    const int y0 = static_cast<int>(tile % block.per_image / block.tiles_x) * 4;
    const int x0 = static_cast<int>(tile % block.tiles_x) * 4;
    const int rows = std::min(4, h - y0), columns = std::min(4, w - x0);
    for (int k = 0; k < out; k += static_cast<int>(kLanes)) {
      const float* products = block.products + static_cast<size_t>(t) * out + k;
      V m[6], half[24], result[4];
      for (int j = 0; j < 6; ++j) {
        for (int i = 0; i < 6; ++i) m[i] = hn::LoadU(f, products + (i * 6 + j) * block.out_plane);
        OutputTransform(m, 1, half + j, 6);
      }
      const V bias = conv.bias != nullptr ? hn::LoadU(f, conv.bias + k) : hn::Zero(f);
      for (int y = 0; y < rows; ++y) {
        OutputTransform(half + y * 6, 1, result, 1);
        for (int x = 0; x < columns; ++x) {
          V value = hn::Add(result[x], bias);
          if (conv.relu) value = hn::Max(value, hn::Zero(f));
          hn::StoreU(value, f,
                     conv.output + ((static_cast<size_t>(image) * h + y0 + y) * w + x0 + x) * out + k);
        }
      }
    }
  }
}

void RunBlock(const WinogradConv& conv, int64_t index, float* scratch) {
  const Block block(conv, index, scratch);
  if (conv.mask != nullptr) {
    TransformInput</*kMasked=*/true>(conv, block);
  } else {
    TransformInput</*kMasked=*/false>(conv, block);
  }
  MultiplyPoints(conv, block);
  TransformOutput(conv, block);
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
  const size_t width = PanelWidth(static_cast<int>(out));
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
          result.values[((p * (out / width) + k / width) * in + c) * width + k % width] =
              static_cast<float>(sum);
        }
      }
    }
  }
  return result;
}

int64_t WinogradConv::TileCount() const { return static_cast<int64_t>((w + 3) / 4) * ((h + 3) / 4) * n; }

int64_t WinogradConv::BlockCount() const {
  const int64_t each = TilesPerBlock(*weights, TileCount());
  return (TileCount() + each - 1) / each;
}

void WinogradConv::RunBlocks(int64_t begin, int64_t end) const {
  const int64_t tiles = TilesPerBlock(*weights, TileCount());
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
