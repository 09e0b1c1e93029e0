// Numbers in 8 and 16 bits that stand for real ones: real = (number - zero point) * scale.
#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/ops/op.h"

namespace tempera::ops {

// One number for all of a tensor, or one for each place along a dimension.
struct PerAxis {
  int64_t count = 1;  // numbers
  int64_t inner = 1;  // elements that follow one another and share one

  int64_t NumberOf(int64_t element) const { return count == 1 ? 0 : element / inner % count; }
};

inline constexpr int64_t kOnlyOne = INT64_MIN;  // no axis: there is one number for all

// `numbers` hold one number, or one for each place of `shape` along `axis`; otherwise an error that calls
// them `what`.
Result<PerAxis> PerAxisOf(const Shape& numbers, const Shape& shape, int64_t axis, const char* what);

// Whether zero points, absent or not, are of `type` and as many as `scales`.
Status CheckZeroPoints(const TensorInfo* zero_points, DataType type, const Shape& scales);

// A scale is a floating-point number of at most 32 bits.
Status CheckScale(const TensorInfo& scale);

// x less its zero points (nullptr: none), as int32 or float32, which hold 8 and 16 bits exactly.
Result<Tensor> WithoutZeroPoints(const Tensor& x, const Tensor* zero_points, PerAxis axis, DataType type);

// Integers of any type that is quantised to or from, as int64.
int64_t IntegerAt(const Tensor& t, int64_t i);

// Halves to even, and saturates: what numbers of type `type` become. NaN gives the zero point.
void StoreQuantized(float over_scale, int64_t zero_point, int64_t i, Tensor* out);

}  // namespace tempera::ops
