// All but `draw` are plain loops, which the compiler's vectoriser does as well as intrinsics would.
#include "src/kernels/edges/edges.h"

#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/edges/edges.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// About the middle of their range, the products of colours keep digits.
constexpr float kMiddle = 128;

template <bool kSet>
void AddRowAs(RgbRow colours, const float* HWY_RESTRICT mask, int n, float* const sums[kEdgeSums]) {
  const float* const planes[3] = {colours.r, colours.g, colours.b};
  const auto put = [](float* to, float v) HWY_ATTR { *to = kSet ? v : *to + v; };
  int s = 0;
  for (int c = 0; c < 3; ++c) {
    const float* HWY_RESTRICT a = planes[c];
    float* HWY_RESTRICT sum = sums[s++];
    for (int i = 0; i < n; ++i) put(sum + i, a[i] - kMiddle);
  }
  for (int c = 0; c < 3; ++c) {
    for (int e = c; e < 3; ++e) {
      const float* a = planes[c];
      const float* b = planes[e];
      float* HWY_RESTRICT sum = sums[s++];
      for (int i = 0; i < n; ++i) put(sum + i, (a[i] - kMiddle) * (b[i] - kMiddle));
    }
  }
  float* HWY_RESTRICT masks = sums[s++];
  for (int i = 0; i < n; ++i) put(masks + i, mask[i]);
  for (int c = 0; c < 3; ++c) {
    const float* HWY_RESTRICT a = planes[c];
    float* HWY_RESTRICT sum = sums[s++];
    for (int i = 0; i < n; ++i) put(sum + i, (a[i] - kMiddle) * mask[i]);
  }
}

void AddRow(RgbRow colours, const float* mask, int n, bool set, float* const sums[kEdgeSums]) {
  set ? AddRowAs<true>(colours, mask, n, sums) : AddRowAs<false>(colours, mask, n, sums);
}

void Box(const float* HWY_RESTRICT in, int n, float* HWY_RESTRICT out) {
  static_assert(kEdgeRadius == 3);
  for (int i = 0; i < n; ++i) {
    const float* p = in + i;
    out[i] = ((p[-3] + p[-2]) + (p[-1] + p[0])) + ((p[1] + p[2]) + p[3]);
  }
}

void Fit(const float* const sums[kEdgeSums], float noise, int n, float* const out[kEdgeCoefficients]) {
  constexpr float kShare = 1.0f / (kEdgeSide * kEdgeSide);
  const float* HWY_RESTRICT sr = sums[0];
  const float* HWY_RESTRICT sg = sums[1];
  const float* HWY_RESTRICT sb = sums[2];
  const float* HWY_RESTRICT srr = sums[3];
  const float* HWY_RESTRICT srg = sums[4];
  const float* HWY_RESTRICT srb = sums[5];
  const float* HWY_RESTRICT sgg = sums[6];
  const float* HWY_RESTRICT sgb = sums[7];
  const float* HWY_RESTRICT sbb = sums[8];
  const float* HWY_RESTRICT sm = sums[9];
  const float* HWY_RESTRICT srm = sums[10];
  const float* HWY_RESTRICT sgm = sums[11];
  const float* HWY_RESTRICT sbm = sums[12];
  float* HWY_RESTRICT or_ = out[0];
  float* HWY_RESTRICT og = out[1];
  float* HWY_RESTRICT ob = out[2];
  float* HWY_RESTRICT oc = out[3];
  const float least = noise * noise;
  for (int i = 0; i < n; ++i) {
    const float r = sr[i] * kShare, g = sg[i] * kShare, b = sb[i] * kShare, m = sm[i] * kShare;
    const float rr = srr[i] * kShare - r * r + least, rg = srg[i] * kShare - r * g,
                rb = srb[i] * kShare - r * b;
    const float gg = sgg[i] * kShare - g * g + least, gb = sgb[i] * kShare - g * b;
    const float bb = sbb[i] * kShare - b * b + least;
    const float rm = srm[i] * kShare - r * m, gm = sgm[i] * kShare - g * m, bm = sbm[i] * kShare - b * m;
    // Cramer's rule on the symmetric matrix, whose least eigenvalue is `least`.
    const float i00 = gg * bb - gb * gb, i01 = rb * gb - rg * bb, i02 = rg * gb - rb * gg;
    const float i11 = rr * bb - rb * rb, i12 = rg * rb - rr * gb, i22 = rr * gg - rg * rg;
    const float inverse = 1 / (rr * i00 + rg * i01 + rb * i02);
    const float ar = (i00 * rm + i01 * gm + i02 * bm) * inverse;
    const float ag = (i01 * rm + i11 * gm + i12 * bm) * inverse;
    const float ab = (i02 * rm + i12 * gm + i22 * bm) * inverse;
    or_[i] = ar, og[i] = ag, ob[i] = ab;
    oc[i] = m - ar * (r + kMiddle) - ag * (g + kMiddle) - ab * (b + kMiddle);
  }
}

void Add(const float* HWY_RESTRICT in, int n, bool set, float* HWY_RESTRICT out) {
  if (set) {
    for (int i = 0; i < n; ++i) out[i] = in[i];
  } else {
    for (int i = 0; i < n; ++i) out[i] += in[i];
  }
}

void MixRows(const float* top, const float* bottom, float between, float scale, int n,
             float* HWY_RESTRICT out) {
  for (int i = 0; i < n; ++i) out[i] = scale * (top[i] + between * (bottom[i] - top[i]));
}

void Draw(RgbRow colours, const float* const coefficients[kEdgeCoefficients], const int* first,
          const float* between, int n, EdgeCurve curve, uint8_t* out) {
  const hn::CappedTag<float, 16> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  using V = hn::Vec<decltype(d)>;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const V low = hn::Set(d, curve.low), scale = hn::Set(d, 1 / (1 - 2 * curve.low));
  const V zero = hn::Zero(d), one = hn::Set(d, 1.0f), full = hn::Set(d, 255.0f), half = hn::Set(d, 0.5f);
  for (int i = 0; i < n; i += lanes) {
    // A vector's pixels lie between at most as many numbers as they are, and one more.
    const int begin = first[i];
    const auto at = hn::IndicesFromVec(
        d, hn::Min(hn::Sub(hn::LoadU(di, first + i), hn::Set(di, begin)), hn::Set(di, lanes - 1)));
    const V share = hn::LoadU(d, between + i);
    const auto coefficient = [&](int c) HWY_ATTR {
      const float* p = coefficients[c] + begin;
      const V left = hn::TableLookupLanes(hn::LoadU(d, p), at);
      const V right = hn::TableLookupLanes(hn::LoadU(d, p + 1), at);
      return hn::MulAdd(share, hn::Sub(right, left), left);
    };
    V mask = coefficient(3);
    mask = hn::MulAdd(coefficient(0), hn::LoadU(d, colours.r + i), mask);
    mask = hn::MulAdd(coefficient(1), hn::LoadU(d, colours.g + i), mask);
    mask = hn::MulAdd(coefficient(2), hn::LoadU(d, colours.b + i), mask);
    const V t = hn::Min(hn::Max(hn::Mul(hn::Sub(mask, low), scale), zero), one);
    const V soft = hn::Mul(hn::Mul(t, t), hn::NegMulAdd(hn::Set(d, 2.0f), t, hn::Set(d, 3.0f)));
    hn::StoreU(hn::DemoteTo(d8, hn::ConvertTo(di, hn::MulAdd(soft, full, half))), d8, out + i);
  }
}

const EdgeKernels& GetEdgeKernels() {
  static constexpr EdgeKernels kKernels = {&AddRow, &Box, &Fit, &Add, &MixRows, &Draw};
  return kKernels;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(const EdgeKernels&, ChooseEdgeKernels, GetEdgeKernels);
}  // namespace tempera::kernels
#endif  // HWY_ONCE
