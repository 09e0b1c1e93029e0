// RoiAlign (He et al., arXiv 1703.06870): areas of pictures, each seen in a grid of the same size.
#include <algorithm>
#include <cmath>
#include <string>

#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

// Samples to a side of a cell: an area a thousand times as large as its grid and as the usual picture.
constexpr float kMostSamples = 1024;

// Samples of all areas and channels together, a minute's work or two: twenty times what a detector takes, a
// thousand areas of 256 channels in 14x14 cells of four samples. A file of a few bytes can ask for far more.
constexpr double kMostWork = 4294967296.0;

Status TooMuchWork() {
  return InvalidArgument(
      "its areas take more than 4294967296 samples together: a smaller sampling_ratio or grid is needed");
}

struct Aligning {
  bool maximum;
  bool half_pixel;  // coordinates are of pixels' corners, not of their middles
  float scale;
  int64_t samples;  // to a side of a cell; 0: as many as it has pixels
};

Result<Aligning> AligningOf(const graph::Node& node, int opset) {
  Aligning a{};
  const std::string mode = node.attributes.String("mode", "avg");
  if (mode != "avg" && mode != "max") return CorruptModel("mode '" + mode + "' is none of ONNX's values");
  a.maximum = mode == "max";
  constexpr int kSaysCoordinates = 16;
  const std::string coordinates = node.attributes.String(
      "coordinate_transformation_mode", opset < kSaysCoordinates ? "output_half_pixel" : "half_pixel");
  if (coordinates != "half_pixel" && coordinates != "output_half_pixel")
    return CorruptModel("coordinate_transformation_mode '" + coordinates + "' is none of ONNX's values");
  a.half_pixel = coordinates == "half_pixel";
  a.scale = node.attributes.Float("spatial_scale", 1);
  a.samples = node.attributes.Int("sampling_ratio", 0);
  if (a.samples < 0 || static_cast<float>(a.samples) > kMostSamples)
    return CorruptModel("its sampling_ratio is " + std::to_string(a.samples));
  return a;
}

// x [n, c, h, w], areas [count, 4] of (x1, y1, x2, y2), and of which of the n pictures each is.
Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckOpset(c, 10));
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 3, 3));
  TEMPERA_RETURN_IF_ERROR(AligningOf(c.node, c.opset).status());
  for (const TensorInfo* info : {c.inputs[0], c.inputs[1]}) {
    TEMPERA_RETURN_IF_ERROR(DispatchFloating(info->dtype, []<typename T>() { return OkStatus(); }));
  }
  const Shape &x = c.inputs[0]->shape, &areas = c.inputs[1]->shape, &pictures = c.inputs[2]->shape;
  if (x.size() != 4 || areas.size() != 2 || areas[1] != 4 || pictures != Shape{areas[0]} ||
      c.inputs[2]->dtype != DataType::kInt64) {
    return CorruptModel("its areas " + ShapeToString(areas) + " of pictures " + ShapeToString(pictures) +
                        " do not fit its input " + ShapeToString(x));
  }
  const int64_t rows = c.node.attributes.Int("output_height", 1);
  const int64_t columns = c.node.attributes.Int("output_width", 1);
  if (rows < 1 || columns < 1)
    return CorruptModel("its grid is " + std::to_string(columns) + "x" + std::to_string(rows));
  const double samples = static_cast<double>(c.node.attributes.Int("sampling_ratio", 0));
  const double work = static_cast<double>(areas[0]) * static_cast<double>(x[1]) * static_cast<double>(rows) *
                      static_cast<double>(columns) * samples * samples;
  if (work > kMostWork) return TooMuchWork();
  c.outputs[0] = {c.inputs[0]->dtype, {areas[0], x[1], rows, columns}};
  return OkStatus();
}

// One direction of an area: where its cells' samples lie.
struct Side {
  float start, cell;
  int64_t samples;

  float At(int64_t index, int64_t sample) const {
    return start + static_cast<float>(index) * cell +
           (static_cast<float>(sample) + 0.5f) * cell / static_cast<float>(samples);
  }
};

Result<Side> SideOf(const Aligning& a, float from, float to, int64_t cells) {
  const float offset = a.half_pixel ? 0.5f : 0.0f;
  Side side{from * a.scale - offset, 0, a.samples};
  float length = to * a.scale - offset - side.start;
  if (!a.half_pixel && std::isfinite(length)) length = std::max(length, 1.0f);
  side.cell = length / static_cast<float>(cells);
  const float samples = a.samples > 0 ? static_cast<float>(a.samples) : std::ceil(side.cell);
  if (!std::isfinite(side.start) || !std::isfinite(length) || !(samples <= kMostSamples))
    return InvalidArgument("an area from " + std::to_string(from) + " to " + std::to_string(to) + " is none");
  side.samples = samples > 0 ? static_cast<int64_t>(samples) : 0;
  return side;
}

// The two pixels of a line around a place, and how near the second is; false: too far outside.
struct Between {
  int64_t first, second;
  float second_share;
};
bool Find(float place, int64_t size, Between* b) {
  if (!(place >= -1 && place <= static_cast<float>(size))) return false;
  place = std::max(place, 0.0f);
  b->first = std::min(static_cast<int64_t>(place), size - 1);
  b->second = std::min(b->first + 1, size - 1);
  b->second_share = b->first == b->second ? 0 : place - static_cast<float>(b->first);
  return true;
}

// A cell of the grid. The largest is, as in ONNX Runtime, that of the pixels by their shares.
float Cell(const float* plane, int64_t height, int64_t width, const Aligning& a, const Side& down,
           const Side& across, int64_t row, int64_t column) {
  float sum = 0, largest = 0;
  bool seen = false;
  for (int64_t i = 0; i < down.samples; ++i) {
    for (int64_t j = 0; j < across.samples; ++j) {
      Between y{}, x{};
      float parts[4] = {};
      if (Find(down.At(row, i), height, &y) && Find(across.At(column, j), width, &x)) {
        parts[0] = (1 - y.second_share) * (1 - x.second_share) * plane[y.first * width + x.first];
        parts[1] = (1 - y.second_share) * x.second_share * plane[y.first * width + x.second];
        parts[2] = y.second_share * (1 - x.second_share) * plane[y.second * width + x.first];
        parts[3] = y.second_share * x.second_share * plane[y.second * width + x.second];
      }
      sum += parts[0] + parts[1] + parts[2] + parts[3];
      const float most = *std::max_element(parts, parts + 4);
      largest = seen ? std::max(largest, most) : most;
      seen = true;
    }
  }
  if (a.maximum) return largest;
  return sum / static_cast<float>(std::max<int64_t>(1, down.samples * across.samples));
}

Status Reference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const Aligning aligning, AligningOf(c.node, c.opset));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor x, ToFloat32(*c.inputs[0]));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor areas, ToFloat32(*c.inputs[1]));
  TEMPERA_ASSIGN_OR_RETURN(Tensor y, Tensor::Create(DataType::kFloat32, c.outputs[0]->shape()));
  const int64_t pictures = x.shape()[0], channels = x.shape()[1], height = x.shape()[2], width = x.shape()[3];
  const int64_t rows = y.shape()[2], columns = y.shape()[3];
  float* out = y.data<float>();
  double work = 0;
  for (int64_t area = 0; area < y.shape()[0]; ++area) {
    const int64_t picture = c.inputs[2]->data<int64_t>()[area];
    if (picture < 0 || picture >= pictures || height == 0 || width == 0)
      return InvalidArgument("an area lies in picture " + std::to_string(picture) + " of " +
                             std::to_string(pictures));
    const float* corners = areas.data<float>() + 4 * area;
    TEMPERA_ASSIGN_OR_RETURN(const Side across, SideOf(aligning, corners[0], corners[2], columns));
    TEMPERA_ASSIGN_OR_RETURN(const Side down, SideOf(aligning, corners[1], corners[3], rows));
    work += static_cast<double>(channels) * static_cast<double>(rows * columns) *
            static_cast<double>(down.samples * across.samples);
    if (work > kMostWork) return TooMuchWork();
    for (int64_t channel = 0; channel < channels; ++channel) {
      const float* plane = x.data<float>() + (picture * channels + channel) * height * width;
      for (int64_t row = 0; row < rows; ++row) {
        for (int64_t column = 0; column < columns; ++column)
          *out++ = Cell(plane, height, width, aligning, down, across, row, column);
      }
    }
  }
  return FromFloat32(y, c.outputs[0]);
}

}  // namespace

Operator RoiAlignOperator() { return {"RoiAlign", Infer, Reference}; }

}  // namespace tempera::ops
