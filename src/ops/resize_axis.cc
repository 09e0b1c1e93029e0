#include "src/ops/resize_axis.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "src/ops/element_types.h"
#include "src/ops/saturate.h"

namespace tempera::ops {
namespace {

using Coordinates = ResizeMode::Coordinates;
using Filter = ResizeMode::Filter;
using Rounding = ResizeMode::Rounding;

template <typename Enum>
struct Name {
  const char* name;
  Enum value;
};

constexpr Name<Coordinates> kCoordinates[] = {
    {"half_pixel", Coordinates::kHalfPixel},
    {"pytorch_half_pixel", Coordinates::kPytorchHalfPixel},
    {"half_pixel_symmetric", Coordinates::kHalfPixelSymmetric},
    {"align_corners", Coordinates::kAlignCorners},
    {"asymmetric", Coordinates::kAsymmetric},
    {"tf_half_pixel_for_nn", Coordinates::kTfHalfPixelForNn},
    {"tf_crop_and_resize", Coordinates::kTfCropAndResize},
};
constexpr Name<Filter> kFilters[] = {{"nearest", Filter::kNearest},
                                     {"linear", Filter::kLinear},
                                     {"bilinear", Filter::kLinear},
                                     {"cubic", Filter::kCubic}};
constexpr Name<Rounding> kRoundings[] = {{"round_prefer_floor", Rounding::kPreferFloor},
                                         {"round_prefer_ceil", Rounding::kPreferCeil},
                                         {"floor", Rounding::kFloor},
                                         {"ceil", Rounding::kCeil}};

template <typename Enum, size_t N>
Status Lookup(const Name<Enum> (&table)[N], const std::string& name, const char* what, Enum* out) {
  for (const auto& entry : table) {
    if (name == entry.name) {
      *out = entry.value;
      return OkStatus();
    }
  }
  return Unsupported("its " + std::string(what) + " '" + name + "' is not supported");
}

// Where output position o lies in the input.
float SourcePosition(Coordinates mode, const AxisScaling& a, int64_t o) {
  const auto x = static_cast<float>(o);
  const auto last_in = static_cast<float>(a.in - 1);
  const float half_pixel = (x + 0.5f) / a.scale - 0.5f;
  switch (mode) {
    case Coordinates::kHalfPixel:
      return half_pixel;
    case Coordinates::kPytorchHalfPixel:
      return a.out > 1 ? half_pixel : 0.0f;
    case Coordinates::kHalfPixelSymmetric: {
      const float adjustment = static_cast<float>(a.out) / (a.scale * static_cast<float>(a.in));
      return static_cast<float>(a.in) / 2 * (1 - adjustment) + half_pixel;
    }
    case Coordinates::kAlignCorners:
      // ONNX's own tests take the size before it is rounded down here.
      return a.exact_out == 1.0f ? 0.0f : x * last_in / (a.exact_out - 1);
    case Coordinates::kAsymmetric:
      return x / a.scale;
    case Coordinates::kTfHalfPixelForNn:
      return (x + 0.5f) / a.scale;
    case Coordinates::kTfCropAndResize:
      if (a.out == 1) return 0.5f * (a.roi_start + a.roi_end) * last_in;
      return a.roi_start * last_in + x * (a.roi_end - a.roi_start) * last_in / static_cast<float>(a.out - 1);
  }
  return half_pixel;
}

bool Outside(const ResizeMode& mode, const AxisScaling& a, float position) {
  return mode.crops() && (position < 0 || position > static_cast<float>(a.in - 1));
}

float Round(Rounding rounding, bool shrinks, float position) {
  switch (rounding) {
    case Rounding::kPreferFloor:
      return std::ceil(position - 0.5f);
    case Rounding::kPreferCeil:
      return std::floor(position + 0.5f);
    case Rounding::kFloor:
      return std::floor(position);
    case Rounding::kCeil:
      return std::ceil(position);
    case Rounding::kSimple:
      return shrinks ? std::ceil(position) : std::floor(position);
  }
  return position;
}

// Keys, "Cubic convolution interpolation for digital image processing" (1981): the
// weights of the four neighbours of a point `t` behind the second of them.
void CubicWeights(float a, float t, float w[4]) {
  w[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
  w[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
  w[2] = ((a + 2) * (1 - t) - (a + 3)) * (1 - t) * (1 - t) + 1;
  w[3] = ((a * (2 - t) - 5 * a) * (2 - t) + 8 * a) * (2 - t) - 4 * a;
}

// An output position as a weighted sum of up to four input positions.
struct Taps {
  int count = 0;
  int64_t index[4] = {};
  float weight[4] = {};
};

Taps TapsAt(const ResizeMode& mode, const AxisScaling& a, float position) {
  Taps taps;
  const float base = std::floor(position);
  const float t = position - base;
  int64_t first = static_cast<int64_t>(base);
  if (mode.filter == Filter::kCubic) {
    taps.count = 4;
    first -= 1;
    CubicWeights(mode.cubic_a, t, taps.weight);
  } else {
    taps.count = 2;
    taps.weight[0] = 1 - t;
    taps.weight[1] = t;
  }
  float sum = 0;
  for (int k = 0; k < taps.count; ++k) {
    const int64_t i = first + k;
    taps.index[k] = std::clamp<int64_t>(i, 0, a.in - 1);
    if (mode.exclude_outside && i != taps.index[k]) taps.weight[k] = 0;
    sum += taps.weight[k];
  }
  if (mode.exclude_outside && sum != 0) {
    for (int k = 0; k < taps.count; ++k) taps.weight[k] /= sum;
  }
  return taps;
}

}  // namespace

Result<ResizeMode> ResizeMode::Of(const graph::Node& node, int opset) {
  const graph::Attributes& a = node.attributes;
  ResizeMode m;
  TEMPERA_RETURN_IF_ERROR(Lookup(kFilters, a.String("mode", "nearest"), "mode", &m.filter));
  if (opset < 11) {
    m.coordinates = Coordinates::kAsymmetric;
    m.rounding = Rounding::kSimple;
    return m;
  }
  TEMPERA_RETURN_IF_ERROR(Lookup(kCoordinates, a.String("coordinate_transformation_mode", "half_pixel"),
                                 "coordinate_transformation_mode", &m.coordinates));
  TEMPERA_RETURN_IF_ERROR(
      Lookup(kRoundings, a.String("nearest_mode", "round_prefer_floor"), "nearest_mode", &m.rounding));
  m.cubic_a = a.Float("cubic_coeff_a", -0.75f);
  m.exclude_outside = a.Int("exclude_outside", 0) != 0;
  m.extrapolation = a.Float("extrapolation_value", 0.0f);
  return m;
}

Status ResizeMode::ExtrapolationBits(DataType type, uint64_t* bits) const {
  *bits = 0;
  if (type == DataType::kBool) return OkStatus();
  return DispatchNumeric(type, [&]<typename T>() {
    const T typed = SaturateCast<T>(extrapolation);
    std::memcpy(bits, &typed, sizeof(T));
    return OkStatus();
  });
}

std::vector<int64_t> NearestTable(const ResizeMode& mode, const AxisScaling& axis) {
  std::vector<int64_t> table(static_cast<size_t>(axis.out));
  const bool identity = axis.scale == 1.0f && axis.in == axis.out && !mode.crops();
  for (int64_t o = 0; o < axis.out; ++o) {
    int64_t i = o;
    if (!identity) {
      const float position = SourcePosition(mode.coordinates, axis, o);
      const float rounded = Round(mode.rounding, axis.scale < 1, position);
      i = Outside(mode, axis, position) ? -1
                                        : std::clamp<int64_t>(SaturateCast<int64_t>(rounded), 0, axis.in - 1);
    }
    table[static_cast<size_t>(o)] = i;
  }
  return table;
}

void InterpolateAxis(const ResizeMode& mode, const AxisScaling& axis, const float* in, int64_t outer,
                     int64_t inner, float* out) {
  for (int64_t j = 0; j < axis.out; ++j) {
    // A hostile roi may put it anywhere; beyond the clamp all taps are the border anyway.
    const auto reach = static_cast<float>(axis.in) + 4;
    float position = SourcePosition(mode.coordinates, axis, j);
    const bool outside = Outside(mode, axis, position) || position != position;
    position = outside ? 0.0f : std::clamp(position, -4.0f, reach);
    const Taps taps = TapsAt(mode, axis, position);
    for (int64_t o = 0; o < outer; ++o) {
      float* to = out + (o * axis.out + j) * inner;
      std::fill_n(to, inner, outside ? mode.extrapolation : 0.0f);
      for (int k = 0; k < taps.count && !outside; ++k) {
        const float* from = in + (o * axis.in + taps.index[k]) * inner;
        const float w = taps.weight[k];
        for (int64_t x = 0; x < inner; ++x) to[x] += w * from[x];
      }
    }
  }
}

AxisTaps TapsOfAxis(const ResizeMode& mode, const AxisScaling& axis) {
  AxisTaps taps;
  if (mode.filter == Filter::kNearest || (axis.scale == 1.0f && axis.in == axis.out && !mode.crops())) {
    taps.count = 1;
    taps.index.resize(static_cast<size_t>(axis.out));
    for (int64_t j = 0; j < axis.out; ++j) taps.index[static_cast<size_t>(j)] = j;
    if (mode.filter == Filter::kNearest) taps.index = NearestTable(mode, axis);
    taps.weight.assign(taps.index.size(), 1.0f);
    for (int64_t& i : taps.index) {
      taps.crops = taps.crops || i < 0;
      i = std::max<int64_t>(0, i);
    }
    return taps;
  }
  for (int64_t j = 0; j < axis.out; ++j) {
    const float position = SourcePosition(mode.coordinates, axis, j);
    const bool outside = Outside(mode, axis, position) || position != position;
    taps.crops = taps.crops || outside;
    const auto reach = static_cast<float>(axis.in) + 4;
    const Taps at = TapsAt(mode, axis, outside ? 0.0f : std::clamp(position, -4.0f, reach));
    taps.count = at.count;
    taps.index.insert(taps.index.end(), at.index, at.index + at.count);
    taps.weight.insert(taps.weight.end(), at.weight, at.weight + at.count);
  }
  return taps;
}

}  // namespace tempera::ops
