// Resizing along one axis: where an output position lies in the input, and what it is
// made of. Coordinate modes as in ONNX's Resize.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/graph/graph.h"

namespace tempera::ops {

// Larger than any picture; keeps positions exact in float arithmetic.
inline constexpr int64_t kMaxResized = int64_t{1} << 24;

struct AxisScaling {
  int64_t in = 1, out = 1;
  float scale = 1;
  float exact_out = 1;  // in * scale before it was rounded down
  float roi_start = 0, roi_end = 1;
};

struct ResizeMode {
  enum class Filter { kNearest, kLinear, kCubic };
  enum class Coordinates {
    kHalfPixel,
    kPytorchHalfPixel,
    kHalfPixelSymmetric,
    kAlignCorners,
    kAsymmetric,
    kTfHalfPixelForNn,
    kTfCropAndResize
  };
  // kSimple: how Upsample and Resize-10 round, down when growing and up when shrinking.
  enum class Rounding { kPreferFloor, kPreferCeil, kFloor, kCeil, kSimple };

  Filter filter = Filter::kNearest;
  Coordinates coordinates = Coordinates::kHalfPixel;
  Rounding rounding = Rounding::kPreferFloor;
  float cubic_a = -0.75f;
  bool exclude_outside = false;
  float extrapolation = 0;

  // What the node's attributes say; an error for a mode ONNX does not define.
  static Result<ResizeMode> Of(const graph::Node& node, int opset);
  // Whether positions outside the input get the extrapolation value.
  bool crops() const { return coordinates == Coordinates::kTfCropAndResize; }
  // One element of `type` with the extrapolation value, in the low bytes.
  Status ExtrapolationBits(DataType type, uint64_t* bits) const;
};

// Input position per output position; -1 = extrapolate.
std::vector<int64_t> NearestTable(const ResizeMode& mode, const AxisScaling& axis);

// Every output position as a weighted sum of `count` input positions: 1 (nearest), 2 (linear) or 4 (cubic).
struct AxisTaps {
  int64_t count = 0;
  bool crops = false;          // some position lies outside and gets the extrapolation value: not in the sums
  std::vector<int64_t> index;  // [out][count]
  std::vector<float> weight;   // [out][count]
};
AxisTaps TapsOfAxis(const ResizeMode& mode, const AxisScaling& axis);

// How a Resize or Upsample of an input of shape x scales each dimension, all its other inputs constant.
// constants: one per input, nullptr where it is absent or not constant.
Result<std::vector<AxisScaling>> ResizeScalings(const graph::Node& node, int opset, const Shape& x,
                                                std::span<const Tensor* const> constants);

// Linear and cubic. in [outer, axis.in, inner] -> out [outer, axis.out, inner], dense.
void InterpolateAxis(const ResizeMode& mode, const AxisScaling& axis, const float* in, int64_t outer,
                     int64_t inner, float* out);

}  // namespace tempera::ops
