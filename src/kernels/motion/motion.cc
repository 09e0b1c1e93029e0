// Rows are plain loops that the compiler's vectoriser does well (pixels.cc); patches are rows of eight
// floats.
#include "src/kernels/motion/motion.h"

#include <algorithm>
#include <cmath>

#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/motion/motion.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using PatchTag = hn::CappedTag<float, kPatch>;
using PatchVector = hn::Vec<PatchTag>;
constexpr int kPatchPixels = kPatch * kPatch;

void ToBytes(const float* HWY_RESTRICT in, int n, uint8_t* HWY_RESTRICT out) {
  for (int i = 0; i < n; ++i) {
    float v = in[i] > 0.0f ? in[i] : 0.0f;  // false for NaN
    v = v < 255.0f ? v : 255.0f;
    out[i] = static_cast<uint8_t>(static_cast<int32_t>(v + 0.5f));
  }
}

void HalfLuma(const uint8_t* const top[3], const uint8_t* const bottom[3], int n, float* HWY_RESTRICT out) {
  const auto sum = [&](int colour, int i) HWY_ATTR {
    const uint8_t* const a = top[colour] + 2 * i;
    const uint8_t* const b = bottom[colour] + 2 * i;
    return int32_t{a[0]} + a[1] + b[0] + b[1];
  };
  for (int i = 0; i < n; ++i) {
    out[i] = static_cast<float>(sum(0, i) + 2 * sum(1, i) + sum(2, i)) * (1.0f / 16);
  }
}

void Halve(const float* HWY_RESTRICT top, const float* HWY_RESTRICT bottom, int n, float* HWY_RESTRICT out) {
  for (int i = 0; i < n; ++i) {
    out[i] = 0.25f * ((top[2 * i] + top[2 * i + 1]) + (bottom[2 * i] + bottom[2 * i + 1]));
  }
}

void Smooth(const float* const rows[3], int n, float* HWY_RESTRICT out) {
  const float* HWY_RESTRICT a = rows[0];
  const float* HWY_RESTRICT b = rows[1];
  const float* HWY_RESTRICT c = rows[2];
  for (int i = 0; i < n; ++i) {
    const float before = (a[i - 1] + c[i - 1]) + 2 * b[i - 1], behind = (a[i + 1] + c[i + 1]) + 2 * b[i + 1];
    out[i] = ((before + behind) + 2 * ((a[i] + c[i]) + 2 * b[i])) * (1.0f / 16);
  }
}

HWY_INLINE float Sum(PatchVector v) {
  const PatchTag d;
  return hn::GetLane(hn::SumOfLanes(d, v));
}

// Calls use(row, first column, what lies there moved by `by`) for each vector of the patch.
template <typename Use>
HWY_INLINE void ForMoved(const float* before, ptrdiff_t stride, Displacement by, Use&& use) {
  const PatchTag d;
  const float fx = std::floor(by.x), fy = std::floor(by.y);
  const float* const from = before + static_cast<ptrdiff_t>(fy) * stride + static_cast<ptrdiff_t>(fx);
  const auto x = hn::Set(d, by.x - fx), y = hn::Set(d, by.y - fy);
  const auto across = [&](const float* p) HWY_ATTR {
    const auto left = hn::LoadU(d, p);
    return hn::MulAdd(x, hn::Sub(hn::LoadU(d, p + 1), left), left);
  };
  for (int column = 0; column < kPatch; column += static_cast<int>(hn::Lanes(d))) {
    auto above = across(from + column);
    for (int row = 0; row < kPatch; ++row) {
      const auto below = across(from + (row + 1) * stride + column);
      use(row, column, hn::MulAdd(y, hn::Sub(below, above), above));
      above = below;
    }
  }
}

float PatchDistance(const float* now, ptrdiff_t now_stride, const float* before, ptrdiff_t before_stride,
                    Displacement by, float* mean) {
  const PatchTag d;
  auto sums = hn::Zero(d), squares = hn::Zero(d);
  ForMoved(before, before_stride, by, [&](int row, int column, PatchVector moved) HWY_ATTR {
    const auto difference = hn::Sub(hn::LoadU(d, now + row * now_stride + column), moved);
    sums = hn::Add(sums, difference);
    squares = hn::MulAdd(difference, difference, squares);
  });
  const float sum = Sum(sums);
  if (mean != nullptr) *mean = sum / kPatchPixels;
  return std::max(0.0f, Sum(squares) - sum * sum / kPatchPixels);
}

// The present patch: its numbers, their gradients about their means, and the inverse of the matrix of those.
struct Template {
  HWY_ALIGN float pixels[kPatchPixels];
  HWY_ALIGN float dx[kPatchPixels];
  HWY_ALIGN float dy[kPatchPixels];
  float xx, xy, yy;  // of the inverse

  Template(const float* now, ptrdiff_t stride) {
    const PatchTag d;
    const auto half = hn::Set(d, 0.5f);
    auto sx = hn::Zero(d), sy = hn::Zero(d), sxx = hn::Zero(d), sxy = hn::Zero(d), syy = hn::Zero(d);
    for (int row = 0; row < kPatch; ++row) {
      for (int column = 0; column < kPatch; column += static_cast<int>(hn::Lanes(d))) {
        const float* const p = now + row * stride + column;
        const auto gx = hn::Mul(half, hn::Sub(hn::LoadU(d, p + 1), hn::LoadU(d, p - 1)));
        const auto gy = hn::Mul(half, hn::Sub(hn::LoadU(d, p + stride), hn::LoadU(d, p - stride)));
        hn::StoreU(hn::LoadU(d, p), d, pixels + row * kPatch + column);
        hn::StoreU(gx, d, dx + row * kPatch + column);
        hn::StoreU(gy, d, dy + row * kPatch + column);
        sx = hn::Add(sx, gx), sy = hn::Add(sy, gy);
        sxx = hn::MulAdd(gx, gx, sxx), sxy = hn::MulAdd(gx, gy, sxy), syy = hn::MulAdd(gy, gy, syy);
      }
    }
    const float mean_x = Sum(sx) / kPatchPixels, mean_y = Sum(sy) / kPatchPixels;
    // As much as a gradient of half a level everywhere: a flat patch stays where it is, and one with edges of
    // one direction does not slide along them.
    constexpr float kDamping = 0.25f * kPatchPixels;
    const float a = Sum(sxx) - kPatchPixels * mean_x * mean_x + kDamping;
    const float b = Sum(sxy) - kPatchPixels * mean_x * mean_y;
    const float c = Sum(syy) - kPatchPixels * mean_y * mean_y + kDamping;
    const float scale = 1 / (a * c - b * b);
    xx = c * scale, xy = -b * scale, yy = a * scale;
    for (int i = 0; i < kPatchPixels; i += static_cast<int>(hn::Lanes(d))) {
      hn::StoreU(hn::Sub(hn::LoadU(d, dx + i), hn::Set(d, mean_x)), d, dx + i);
      hn::StoreU(hn::Sub(hn::LoadU(d, dy + i), hn::Set(d, mean_y)), d, dy + i);
    }
  }
};

PatchFit FitPatch(const float* now, ptrdiff_t now_stride, const float* before, ptrdiff_t before_stride,
                  Displacement by, Displacement low, Displacement high, int steps) {
  const PatchTag d;
  const Template t(now, now_stride);
  PatchFit best;
  best.by = by;
  for (int step = 0;; ++step) {
    auto sums = hn::Zero(d), squares = hn::Zero(d), along_x = hn::Zero(d), along_y = hn::Zero(d);
    ForMoved(before, before_stride, by, [&](int row, int column, PatchVector moved) HWY_ATTR {
      const int at = row * kPatch + column;
      const auto error = hn::Sub(hn::LoadU(d, t.pixels + at), moved);
      sums = hn::Add(sums, error);
      squares = hn::MulAdd(error, error, squares);
      along_x = hn::MulAdd(hn::LoadU(d, t.dx + at), error, along_x);
      along_y = hn::MulAdd(hn::LoadU(d, t.dy + at), error, along_y);
    });
    const float sum = Sum(sums);
    const float distance = std::max(0.0f, Sum(squares) - sum * sum / kPatchPixels);
    if (step == 0 || distance < best.distance) best = {by, distance};
    if (step == steps || distance > best.distance) return best;
    const float bx = Sum(along_x), b_y = Sum(along_y);
    const Displacement move = {t.xx * bx + t.xy * b_y, t.xy * bx + t.yy * b_y};
    const Displacement next = {by.x + move.x, by.y + move.y};
    // False for NaN.
    if (!(next.x >= low.x && next.x <= high.x && next.y >= low.y && next.y <= high.y)) return best;
    constexpr float kStill = 1.0f / 64;
    if (std::max(std::abs(move.x), std::abs(move.y)) < kStill) return best;
    by = next;
  }
}

struct CubicWeights {
  float w[4];
  explicit CubicWeights(int step) {
    const float t = static_cast<float>(step) / kSubpixels;
    w[0] = ((-0.5f * t + 1.0f) * t - 0.5f) * t;
    w[1] = (1.5f * t - 2.5f) * t * t + 1.0f;
    w[2] = ((-1.5f * t + 2.0f) * t + 0.5f) * t;
    w[3] = (0.5f * t - 0.5f) * t * t;
  }
};

template <typename T>
void WarpBlock(const T* HWY_RESTRICT from, ptrdiff_t stride, int x, int y, int rows, int columns,
               float* HWY_RESTRICT to, ptrdiff_t to_stride) {
  if (x == 0 && y == 0) {
    for (int row = 0; row < rows; ++row) {
      for (int i = 0; i < columns; ++i) to[row * to_stride + i] = from[row * stride + i];
    }
    return;
  }
  HWY_ALIGN float across[(kMostWarpBlock + 3) * kMostWarpBlock];
  const CubicWeights wx(x), wy(y);
  const float a = wx.w[0], b = wx.w[1], c = wx.w[2], e = wx.w[3];
  for (int row = 0; row < rows + 3; ++row) {
    const T* HWY_RESTRICT p = from + (row - 1) * stride;
    float* HWY_RESTRICT q = across + row * kMostWarpBlock;
    for (int i = 0; i < columns; ++i) q[i] = (a * p[i - 1] + b * p[i]) + (c * p[i + 1] + e * p[i + 2]);
  }
  for (int row = 0; row < rows; ++row) {
    const float* HWY_RESTRICT p = across + row * kMostWarpBlock;
    float* HWY_RESTRICT q = to + row * to_stride;
    for (int i = 0; i < columns; ++i) {
      q[i] = (wy.w[0] * p[i] + wy.w[1] * p[i + kMostWarpBlock]) +
             (wy.w[2] * p[i + 2 * kMostWarpBlock] + wy.w[3] * p[i + 3 * kMostWarpBlock]);
    }
  }
}
void Warp(WarpFrom from, int x, int y, int rows, int columns, float* to, ptrdiff_t to_stride) {
  WarpBlock(from.from, from.stride, x, y, rows, columns, to, to_stride);
}
void WarpBytes(WarpBytesFrom from, int x, int y, int rows, int columns, float* to, ptrdiff_t to_stride) {
  WarpBlock(from.from, from.stride, x, y, rows, columns, to, to_stride);
}

void Difference(const uint8_t* const now[3], const float* const before[3], float lighter, int n,
                uint8_t* HWY_RESTRICT out) {
  const auto apart = [&](int colour, int i) HWY_ATTR {
    const float v = static_cast<float>(now[colour][i]) - before[colour][i] - lighter;
    return v < 0 ? -v : v;
  };
  for (int i = 0; i < n; ++i) {
    const float v = 0.25f * ((apart(0, i) + apart(2, i)) + 2 * apart(1, i));
    out[i] = static_cast<uint8_t>(static_cast<int32_t>(v < 255.0f ? v : 255.0f));
  }
}

void Weights(const uint8_t* const rows[5], const SteadyGate& gate, int n, float* HWY_RESTRICT out) {
  constexpr int kPart = 256;
  const float slope = 1 / (9 * (gate.closed - gate.open)), closed = 9 * gate.closed, most = gate.most;
  // Of each column, the largest sum of three rows' means of three, with one column before and behind.
  HWY_ALIGN uint16_t sums[5][kPart + 4], largest[kPart + 4];
  for (int begin = 0; begin < n; begin += kPart) {
    const int count = std::min(kPart, n - begin);
    for (int k = 0; k < 5; ++k) {
      const uint8_t* HWY_RESTRICT p = rows[k] + begin - 2;
      for (int i = 0; i < count + 2; ++i) sums[k][i] = static_cast<uint16_t>(p[i] + p[i + 1] + p[i + 2]);
    }
    for (int i = 0; i < count + 2; ++i) {
      const int middle = sums[1][i] + sums[2][i] + sums[3][i];
      const int above = middle - sums[3][i] + sums[0][i], below = middle - sums[1][i] + sums[4][i];
      const int most_of_two = above > below ? above : below;
      largest[i] = static_cast<uint16_t>(middle > most_of_two ? middle : most_of_two);
    }
    for (int i = 0; i < count; ++i) {
      int v = largest[i] > largest[i + 1] ? largest[i] : largest[i + 1];
      v = v > largest[i + 2] ? v : largest[i + 2];
      float share = (closed - static_cast<float>(v)) * slope;
      share = share < 1 ? share : 1;
      out[begin + i] = share > 0 ? share * most : 0;
    }
  }
}

void Mix(float* HWY_RESTRICT painted, const float* HWY_RESTRICT history, const float* HWY_RESTRICT weights,
         float lighter, int n) {
  for (int i = 0; i < n; ++i) {
    float mixed = painted[i] + weights[i] * ((history[i] + lighter) - painted[i]);
    mixed = mixed > 0.0f ? mixed : 0.0f;
    mixed = mixed < 255.0f ? mixed : 255.0f;
    painted[i] = weights[i] == 0.0f ? painted[i] : mixed;
  }
}

double SumDifference(const float* HWY_RESTRICT painted, const float* HWY_RESTRICT history, int n) {
  const hn::CappedTag<float, 8> d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  auto sums = hn::Zero(d);
  int i = 0;
  for (; i + lanes <= n; i += lanes)
    sums = hn::Add(sums, hn::Sub(hn::LoadU(d, painted + i), hn::LoadU(d, history + i)));
  double sum = static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sums)));
  for (; i < n; ++i) sum += static_cast<double>(painted[i]) - static_cast<double>(history[i]);
  return sum;
}

const MotionKernels& GetMotionKernels() {
  static constexpr MotionKernels kKernels = {&ToBytes,       &HalfLuma, &Halve, &Smooth,
                                             &PatchDistance, &FitPatch, &Warp,  &WarpBytes,
                                             &Difference,    &Weights,  &Mix,   &SumDifference};
  return kKernels;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(const MotionKernels&, ChooseMotionKernels, GetMotionKernels);
}  // namespace tempera::kernels
#endif  // HWY_ONCE
