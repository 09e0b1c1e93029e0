// Rules that many operators share: axes, broadcasting, strides, inputs that hold sizes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/ops/op.h"

namespace tempera::ops {

// Inputs [0, required) are present, there are at most `most`, and outputs at most `outputs`.
Status CheckCounts(const InferContext& context, size_t required, size_t most, size_t outputs = 1);

// An operator whose form before opset `first` is not read says so.
Status CheckOpset(const InferContext& context, int first);

// nullptr when the optional input is absent.
inline const TensorInfo* InputInfo(const InferContext& c, size_t i) {
  return i < c.inputs.size() ? c.inputs[i] : nullptr;
}
inline const Tensor* InputTensor(const ComputeContext& c, size_t i) {
  return i < c.inputs.size() ? c.inputs[i] : nullptr;
}

// axis in [-rank, rank) -> [0, rank).
Result<int64_t> NormalizeAxis(int64_t axis, size_t rank);
// As above for a list; duplicates are an error.
Result<std::vector<int64_t>> NormalizeAxes(std::vector<int64_t> axes, size_t rank);

// NumPy's rule, applied from the last dimension.
Result<Shape> BroadcastShapes(std::span<const int64_t> a, std::span<const int64_t> b);

// Row-major strides, in elements.
Shape DenseStrides(std::span<const int64_t> shape);
// Strides that walk a tensor of `shape` along `out_shape`: 0 where it is repeated.
Shape BroadcastStrides(std::span<const int64_t> shape, std::span<const int64_t> out_shape);

// A 1-D (or scalar) tensor of int32 or int64.
Result<std::vector<int64_t>> IntsOf(const Tensor& tensor);
// The same from an input that must be known before run time; `what` names it in the error.
Result<std::vector<int64_t>> ConstantInts(const InferContext& context, size_t input, std::string_view what);

// Walks a dense output of `shape` row by row (a row is the last dimension): f(offsets), one
// offset in elements per stride list. A scalar is one row of one element.
template <size_t N, typename F>
void ForEachRow(std::span<const int64_t> shape, const std::array<Shape, N>& strides, F&& f) {
  std::array<int64_t, N> offsets{};
  for (const int64_t d : shape) {
    if (d == 0) return;
  }
  const int outer = static_cast<int>(shape.size()) - 1;
  std::vector<int64_t> index(shape.size(), 0);
  for (;;) {
    f(offsets);
    int d = outer - 1;
    for (; d >= 0; --d) {
      const auto u = static_cast<size_t>(d);
      for (size_t k = 0; k < N; ++k) offsets[k] += strides[k][u];
      if (++index[u] < shape[u]) break;
      for (size_t k = 0; k < N; ++k) offsets[k] -= strides[k][u] * shape[u];
      index[u] = 0;
    }
    if (d < 0) return;
  }
}

}  // namespace tempera::ops
