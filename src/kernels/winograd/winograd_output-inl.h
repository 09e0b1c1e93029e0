// Per-target code: products to the pixels of one output channel.
#if defined(TEMPERA_KERNELS_WINOGRAD_OUTPUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_WINOGRAD_OUTPUT_INL_H_
#undef TEMPERA_KERNELS_WINOGRAD_OUTPUT_INL_H_
#else
#define TEMPERA_KERNELS_WINOGRAD_OUTPUT_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "src/kernels/winograd/winograd_input-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// y[0], y[1], ... of kOutputs interleaved: to[i * kOutputs + j] = y[j][i].
template <int kOutputs>
HWY_INLINE void StoreTiles(const VF (&y)[1][kOutputs], float* to) {
  const DF d;
  if constexpr (kOutputs == 2) hn::StoreInterleaved2(y[0][0], y[0][1], d, to);
  if constexpr (kOutputs == 3) hn::StoreInterleaved3(y[0][0], y[0][1], y[0][2], d, to);
  if constexpr (kOutputs == 4) hn::StoreInterleaved4(y[0][0], y[0][1], y[0][2], y[0][3], d, to);
}

#if HWY_TARGET != HWY_SCALAR
// The 128-bit blocks of v, `stride` numbers apart.
template <class D>
HWY_INLINE void StoreBlocks(D d, hn::Vec<D> v, int64_t stride, float* to) {
  if constexpr (hn::MaxLanes(D()) == 4) {
    hn::StoreU(v, d, to);
  } else {
    const hn::Half<D> half;
    StoreBlocks(half, hn::LowerHalf(half, v), stride, to);
    StoreBlocks(half, hn::UpperHalf(half, v), stride,
                to + static_cast<int64_t>(hn::MaxLanes(half)) / 4 * stride);
  }
}
#endif

// Two phases, interleaved as well: to[2 * (i * kOutputs + j) + phase] = y[phase][j][i].
template <int kOutputs>
HWY_INLINE void StoreTiles(const VF (&y)[2][kOutputs], float* to) {
  static_assert(kOutputs == 4);
  const DF d;
#if HWY_TARGET == HWY_SCALAR
  for (int j = 0; j < 2 * kOutputs; ++j) hn::StoreU(y[j % 2][j / 2], d, to + j);
#else
  // A transposition in 128-bit blocks: a block of `low` holds two pixels, one of each phase, of two tiles.
  const hn::Repartition<uint64_t, DF> d64;
  constexpr int64_t kTile = 2 * kOutputs, kStride = 4 * kTile;
  for (int j = 0; j < kOutputs; j += 2) {
    const auto low_a = hn::BitCast(d64, hn::InterleaveLower(d, y[0][j], y[1][j]));
    const auto low_b = hn::BitCast(d64, hn::InterleaveLower(d, y[0][j + 1], y[1][j + 1]));
    const auto high_a = hn::BitCast(d64, hn::InterleaveUpper(d, y[0][j], y[1][j]));
    const auto high_b = hn::BitCast(d64, hn::InterleaveUpper(d, y[0][j + 1], y[1][j + 1]));
    float* at = to + 2 * j;
    StoreBlocks(d, hn::BitCast(d, hn::InterleaveLower(d64, low_a, low_b)), kStride, at);
    StoreBlocks(d, hn::BitCast(d, hn::InterleaveUpper(d64, low_a, low_b)), kStride, at + kTile);
    StoreBlocks(d, hn::BitCast(d, hn::InterleaveLower(d64, high_a, high_b)), kStride, at + 2 * kTile);
    StoreBlocks(d, hn::BitCast(d, hn::InterleaveUpper(d64, high_a, high_b)), kStride, at + 3 * kTile);
  }
#endif
}

// Asks for the lines that the tiles of `run` will be written to: too many streams for the processor's own
// prefetcher.
template <int64_t kTile>
HWY_INLINE void PrefetchTiles(const ConvPlan& plan, const WinogradTile& tile, const Run& run,
                              const float* plane, int64_t row_step) {
  constexpr int64_t kLine = 16;
  const ConvShape& s = plan.shape;
  const int64_t y0 = (tile.y + run.y) * kTile, x0 = (tile.x + run.x) * kTile;
  const int64_t y1 = std::min(y0 + kTile, s.out_h), x1 = std::min(x0 + run.valid * kTile, s.out_w);
  for (int64_t y = y0; y < y1; ++y) {
    for (int64_t x = x0; x < x1; x += kLine) hwy::Prefetch(plane + y * row_step + x);
  }
}

// A plane of the output: its rows lie row_step apart, `channel` indexes the Pointwise and the bias.
struct OutputPlane {
  const Pointwise& write;
  int64_t channel;
  int64_t row_step;
};

// One output channel: products to pixels. `m` is its first image, images `image_stride` apart. A parameter of
// its own, since compilers believe HWY_RESTRICT of parameters alone: `plane`.
template <class Transform, int kOutPhases>
HWY_NOINLINE void TransformOutput(const ConvPlan& plan, const WinogradTile& tile, const WinogradWork& work,
                                  const float* HWY_RESTRICT m, int64_t image_stride, const OutputPlane& out,
                                  float* HWY_RESTRICT plane) {
  constexpr int kPoints = Transform::kPoints, kOutputs = Transform::kOutputs;
  constexpr int64_t kTile = kOutputs * kOutPhases;
  const DF d;
  const ConvShape& s = plan.shape;
  const int64_t m_point = plan.winograd.m_point;
  const ChannelPointwise pointwise = LoadPointwise(d, out.write, out.channel);
  const Activation activation = out.write.activation;
  const VF bias = hn::Set(d, plan.bias[static_cast<size_t>(out.channel)]);
  const int64_t row_step = out.row_step;
  for (int64_t r = 0; r < work.num_runs; ++r) {
    const Run& run = work.runs[r];
    if (r + 1 < work.num_runs) PrefetchTiles<kTile>(plan, tile, work.runs[r + 1], plane, row_step);
    const int64_t y0 = (tile.y + run.y) * kTile + plan.winograd.origin_y.output;
    const int64_t x0 = (tile.x + run.x) * kTile + plan.winograd.origin_x.output;
    // Numbers of a row that are in the image.
    const int64_t begin = std::max<int64_t>(0, -x0), end = std::min<int64_t>(run.valid * kTile, s.out_w - x0);
    for (int phase_y = 0; phase_y < kOutPhases; ++phase_y) {
      VF middle[kOutPhases][kOutputs][kPoints];
      for (int phase_x = 0; phase_x < kOutPhases; ++phase_x) {
        const float* HWY_RESTRICT from =
            m + (phase_y * kOutPhases + phase_x) * image_stride + run.y * work.pitch + run.x;
        for (int px = 0; px < kPoints; ++px) {
          VF in[kPoints], pixels[kOutputs];
          for (int py = 0; py < kPoints; ++py) in[py] = hn::LoadU(d, from + (py * kPoints + px) * m_point);
          Transform::Output(in, pixels);
          for (int i = 0; i < kOutputs; ++i) middle[phase_x][i][px] = pixels[i];
        }
      }
      for (int i = 0; i < kOutputs; ++i) {
        const int64_t at = y0 + i * kOutPhases + phase_y;
        if (at < 0) continue;
        if (at >= s.out_h) break;
        VF y[kOutPhases][kOutputs];
        for (int phase_x = 0; phase_x < kOutPhases; ++phase_x) {
          Transform::Output(middle[phase_x][i], y[phase_x]);
          for (VF& pixels : y[phase_x]) pixels = ActivateAs(activation, hn::Add(pixels, bias), pointwise);
        }
        float* to = plane + at * row_step + x0;
        if (begin == 0 && end == kWidth * kTile) {
          StoreTiles(y, to);
        } else {
          HWY_ALIGN float buffer[kWidth * kTile];
          StoreTiles(y, buffer);
          std::memcpy(to + begin, buffer + begin, static_cast<size_t>(end - begin) * sizeof(float));
        }
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
