// GridSample (Jaderberg et al., arXiv 1506.02025): pictures looked up where a grid says, in -1..1.
#include <algorithm>
#include <cmath>
#include <string>

#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

enum class Mode { kNearest, kLinear, kCubic };
enum class Padding { kZeros, kBorder, kReflection };

struct Sampling {
  Mode mode;
  Padding padding;
  bool align_corners;
};

Result<Sampling> SamplingOf(const graph::Node& node) {
  Sampling s{};
  const std::string mode = node.attributes.String("mode", "linear");
  if (mode == "nearest") {
    s.mode = Mode::kNearest;
  } else if (mode == "linear" || mode == "bilinear") {  // since opset 20, and before
    s.mode = Mode::kLinear;
  } else if (mode == "cubic" || mode == "bicubic") {
    s.mode = Mode::kCubic;
  } else {
    return CorruptModel("mode '" + mode + "' is none of ONNX's values");
  }
  const std::string padding = node.attributes.String("padding_mode", "zeros");
  if (padding == "zeros") {
    s.padding = Padding::kZeros;
  } else if (padding == "border") {
    s.padding = Padding::kBorder;
  } else if (padding == "reflection") {
    s.padding = Padding::kReflection;
  } else {
    return CorruptModel("padding_mode '" + padding + "' is none of ONNX's values");
  }
  s.align_corners = node.attributes.Int("align_corners", 0) != 0;
  return s;
}

// x [n, c, h, w], grid [n, rows, columns, 2] of (x, y)
Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 2));
  TEMPERA_RETURN_IF_ERROR(SamplingOf(c.node).status());
  for (const TensorInfo* info : {c.inputs[0], c.inputs[1]}) {
    TEMPERA_RETURN_IF_ERROR(DispatchFloating(info->dtype, []<typename T>() { return OkStatus(); }));
  }
  const Shape& x = c.inputs[0]->shape;
  const Shape& grid = c.inputs[1]->shape;
  if (x.size() == 5) return Unsupported("volumes are not supported; only pictures of four dimensions are");
  if (x.size() != 4 || grid.size() != 4 || grid[3] != 2 || grid[0] != x[0]) {
    return CorruptModel("its grid " + ShapeToString(grid) + " does not fit its input " + ShapeToString(x));
  }
  if (x[2] == 0 || x[3] == 0) return InvalidArgument("there is nothing to look up in an empty picture");
  c.outputs[0] = {c.inputs[0]->dtype, {x[0], x[1], grid[1], grid[2]}};
  return OkStatus();
}

// Places are in pixels and may be anything, NaN too.
class Sampler {
 public:
  Sampler(const Sampling& sampling, int64_t height, int64_t width)
      : s_(sampling), height_(height), width_(width) {}

  // grid_x and grid_y in -1..1.
  float At(const float* plane, float grid_x, float grid_y) const {
    float x = Place(grid_x, width_), y = Place(grid_y, height_);
    const bool finite = std::isfinite(x) && std::isfinite(y);
    if (s_.mode == Mode::kCubic && finite) return Cubic(plane, x, y);  // pads each of its taps
    x = Inside(x, width_);
    y = Inside(y, height_);
    if (!std::isfinite(x) || !std::isfinite(y)) return 0;
    if (s_.mode == Mode::kNearest) return Tap(plane, std::nearbyint(x), std::nearbyint(y));
    const float left = std::floor(x), top = std::floor(y), right = x - left, down = y - top;
    return (Tap(plane, left, top) * (1 - right) + Tap(plane, left + 1, top) * right) * (1 - down) +
           (Tap(plane, left, top + 1) * (1 - right) + Tap(plane, left + 1, top + 1) * right) * down;
  }

 private:
  float Place(float grid, int64_t size) const {
    const auto n = static_cast<float>(size);
    return s_.align_corners ? (grid + 1) / 2 * (n - 1) : ((grid + 1) * n - 1) / 2;
  }

  // Where a place outside is looked up instead.
  float Inside(float place, int64_t size) const {
    if (s_.padding == Padding::kZeros) return place;
    const auto last = static_cast<float>(size - 1);
    if (s_.padding == Padding::kReflection) {
      const float low = s_.align_corners ? 0 : -0.5f, span = s_.align_corners ? last : last + 1;
      if (span == 0) return 0;
      const float off = std::abs(place - low), extra = std::fmod(off, span);
      const bool flipped = std::fmod(std::floor(off / span), 2.0f) != 0;
      place = flipped ? span - extra + low : extra + low;
    }
    return place > 0 ? std::min(place, last) : 0;  // NaN too
  }

  // x and y are whole; outside, which only padding with zeros lets happen here or a weight of 0, it is black.
  float Tap(const float* plane, float x, float y) const {
    const bool inside = x >= 0 && x < static_cast<float>(width_) && y >= 0 && y < static_cast<float>(height_);
    if (!inside) return 0;
    // A float above 2^24 may round up to a size that it is below.
    const int64_t column = std::min(static_cast<int64_t>(x), width_ - 1);
    const int64_t row = std::min(static_cast<int64_t>(y), height_ - 1);
    return plane[row * width_ + column];
  }

  // Keys, 1981, with a = -0.75.
  static void CubicWeights(float t, float* w) {
    constexpr float kA = -0.75f;
    const auto near = [](float d) { return ((kA + 2) * d - (kA + 3)) * d * d + 1; };
    const auto far = [](float d) { return ((kA * d - 5 * kA) * d + 8 * kA) * d - 4 * kA; };
    w[0] = far(t + 1), w[1] = near(t), w[2] = near(1 - t), w[3] = far(2 - t);
  }

  float Cubic(const float* plane, float x, float y) const {
    const float left = std::floor(x), top = std::floor(y);
    float across[4], down[4];
    CubicWeights(x - left, across);
    CubicWeights(y - top, down);
    float sum = 0;
    for (int j = 0; j < 4; ++j) {
      float row = 0;
      const float tap_y = Inside(top - 1 + static_cast<float>(j), height_);
      for (int i = 0; i < 4; ++i) {
        const float tap_x = Inside(left - 1 + static_cast<float>(i), width_);
        row += across[i] * Tap(plane, tap_x, tap_y);
      }
      sum += down[j] * row;
    }
    return sum;
  }

  Sampling s_;
  int64_t height_, width_;
};

Status Reference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const Sampling sampling, SamplingOf(c.node));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor x, ToFloat32(*c.inputs[0]));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor grid, ToFloat32(*c.inputs[1]));
  TEMPERA_ASSIGN_OR_RETURN(Tensor y, Tensor::Create(DataType::kFloat32, c.outputs[0]->shape()));
  const int64_t channels = x.shape()[1], height = x.shape()[2], width = x.shape()[3];
  const int64_t pixels = y.shape()[2] * y.shape()[3];
  const Sampler sampler(sampling, height, width);
  for (int64_t plane = 0; plane < x.shape()[0] * channels; ++plane) {
    const float* in = x.data<float>() + plane * height * width;
    const float* places = grid.data<float>() + plane / channels * pixels * 2;
    float* out = y.data<float>() + plane * pixels;
    for (int64_t i = 0; i < pixels; ++i) out[i] = sampler.At(in, places[2 * i], places[2 * i + 1]);
  }
  return FromFloat32(y, c.outputs[0]);
}

}  // namespace

Operator GridSampleOperator() { return {"GridSample", Infer, Reference}; }

}  // namespace tempera::ops
