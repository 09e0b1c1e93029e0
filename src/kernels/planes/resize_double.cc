// Planes enlarged twice by linear interpolation between pixels' middles ("half pixel"): what decoders of
// masks do most. An output lies a quarter of a pixel from one input and three quarters from the other, so
// that no index and no weight is looked up.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "src/base/checked_math.h"
#include "src/kernels/planes/resize_f32.h"
#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/planes/resize_double.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr float kNear = 0.75f, kFar = 0.25f;

// The two outputs of each of a vector of pixels, of it and its neighbours. Sums in the order of the general
// kernel.
HWY_INLINE void DoublePixels(DF d, VF before, VF here, VF behind, float* HWY_RESTRICT to) {
  const VF near = hn::Set(d, kNear), far = hn::Set(d, kFar);
  const VF first = hn::MulAdd(here, near, hn::Mul(before, far));
  const VF second = hn::MulAdd(behind, far, hn::Mul(here, near));
  hn::StoreInterleaved2(first, second, d, to);
}

// A row doubled. At its ends a pixel is its own neighbour.
class RowDoubler {
 public:
  RowDoubler() {
    HWY_ALIGN int32_t up[kLanes], down[kLanes];
    for (int64_t i = 0; i < kLanes; ++i) {
      up[i] = static_cast<int32_t>(std::max<int64_t>(i - 1, 0));
      down[i] = static_cast<int32_t>(std::min(i + 1, kLanes - 1));
    }
    before_ = hn::SetTableIndices(DF(), up);
    behind_ = hn::SetTableIndices(DF(), down);
  }
  // Writes whole vectors: 2 * RoundUp(width, 16) numbers at most.
  HWY_INLINE void operator()(const float* HWY_RESTRICT row, int64_t width, float* HWY_RESTRICT to) const {
    const DF d;
    if (width < kLanes) {
      HWY_ALIGN float padded[2 * kLanes] = {};
      padded[0] = row[0];
      std::memcpy(padded + 1, row, static_cast<size_t>(width) * sizeof(float));
      padded[width + 1] = row[width - 1];
      return DoublePixels(d, hn::Load(d, padded), hn::LoadU(d, padded + 1), hn::LoadU(d, padded + 2), to);
    }
    const VF first = hn::LoadU(d, row);
    const int64_t last = width - kLanes;
    if (last == 0) {
      return DoublePixels(d, hn::TableLookupLanes(first, before_), first,
                          hn::TableLookupLanes(first, behind_), to);
    }
    DoublePixels(d, hn::TableLookupLanes(first, before_), first, hn::LoadU(d, row + 1), to);
    for (int64_t i = kLanes; i < last; i += kLanes) {
      DoublePixels(d, hn::LoadU(d, row + i - 1), hn::LoadU(d, row + i), hn::LoadU(d, row + i + 1),
                   to + 2 * i);
    }
    const VF end = hn::LoadU(d, row + last);
    DoublePixels(d, hn::LoadU(d, row + last - 1), end, hn::TableLookupLanes(end, behind_), to + 2 * last);
  }

 private:
  static constexpr int64_t kLanes = hn::MaxLanes(DF());
  decltype(hn::SetTableIndices(DF(), static_cast<const int32_t*>(nullptr))) before_, behind_;
};

// out[i] = a[i] * weight_a + b[i] * weight_b.
HWY_INLINE void BlendTwo(const float* HWY_RESTRICT a, float weight_a, const float* HWY_RESTRICT b,
                         float weight_b, int64_t width, float* HWY_RESTRICT out) {
  const DF d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const VF wa = hn::Set(d, weight_a), wb = hn::Set(d, weight_b);
  int64_t i = 0;
  for (; i + lanes <= width; i += lanes) {
    hn::StoreU(hn::MulAdd(hn::LoadU(d, b + i), wb, hn::Mul(hn::LoadU(d, a + i), wa)), d, out + i);
  }
  for (; i < width; ++i)
    out[i] = hn::GetLane(hn::MulAdd(hn::Set(d, b[i]), wb, hn::Mul(hn::Set(d, a[i]), wa)));
}

// As ResizeRows of the general kernel, and in its scratch: two doubled rows of whole vectors, and one as it
// is read.
void DoubleRows(const ResizeArgs& args, int64_t first, int64_t last, float* scratch) {
  const int64_t height = args.y.in, width = args.x.in, room = RoundUp(width, 16);
  const bool pending = !args.read.is_identity();
  float* const read = scratch + 4 * room;
  const RowDoubler double_row;
  int64_t kept[2] = {-1, -1};
  // Neighbours have different places.
  const auto doubled = [&](int64_t row) HWY_ATTR -> const float* {
    row = std::clamp<int64_t>(row, 0, height - 1);
    float* const to = scratch + row % 2 * 2 * room;
    if (kept[row % 2] == row) return to;
    kept[row % 2] = row;
    const float* from = args.input + row * width;
    if (pending) PointwiseRow(args.read, args.channel, from, read, width);
    double_row(pending ? read : from, width, to);
    return to;
  };
  for (int64_t o = first; o < last; ++o) {
    const int64_t upper = o / 2 - (o % 2 == 0 ? 1 : 0);
    const float* const a = doubled(upper);
    const float* const b = doubled(upper + 1);
    const float weight = o % 2 == 0 ? kFar : kNear;
    BlendTwo(a, weight, b, 1 - weight, 2 * width, args.output + o * 2 * width);
  }
}

ResizeRowsF32 GetDoubleRows() { return &DoubleRows; }

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(ResizeRowsF32, ChooseRows, GetDoubleRows);

namespace {

bool Doubles(const ResizeAxis& axis) {
  if (axis.taps != 2 || axis.out != 2 * axis.in) return false;
  for (int64_t o = 0; o < axis.out; ++o) {
    const auto at = static_cast<size_t>(o), next = static_cast<size_t>(axis.out + o);
    const int64_t first = o / 2 - (o % 2 == 0 ? 1 : 0);
    const float weight = o % 2 == 0 ? 0.25f : 0.75f;
    if (axis.index[at] != std::max<int64_t>(first, 0) || axis.weight[at] != weight ||
        axis.index[next] != std::min(first + 1, axis.in - 1) || axis.weight[next] != 1 - weight)
      return false;
  }
  return true;
}

}  // namespace

ResizeRowsF32 ChooseDoubleRowsF32(const ResizeAxis& y, const ResizeAxis& x, int64_t highway_bit) {
  return Doubles(y) && Doubles(x) ? ChooseRows(highway_bit) : nullptr;
}
}  // namespace tempera::kernels
#endif  // HWY_ONCE
