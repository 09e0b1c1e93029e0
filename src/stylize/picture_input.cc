#include "src/stylize/picture_input.h"

namespace tempera::stylize {

Result<Size> PictureInput(const graph::Graph& model, size_t index, const std::string& refusal) {
  const auto not_ours = [&](const std::string& why) {
    return Unsupported(refusal + ": " + why + " (needed: a picture of 1, 3 or 4 channels in and out)");
  };
  if (model.outputs.empty()) return not_ours("it has no output");
  const graph::Value& input = model.value(model.inputs[index]);
  if (input.info.dtype != DataType::kFloat32) {
    return not_ours("input '" + input.name + "' is " + DataTypeName(input.info.dtype));
  }
  const auto& dims = model.input_dims[index];
  if (dims.empty()) return Size{};
  Shape shape;
  for (const onnx::Dim& d : dims) shape.push_back(d.value);
  const auto takes = [&](size_t i, int64_t n) { return shape[i] < 0 || shape[i] == n; };
  // [1, H, W, 3] would pass for a picture three pixels wide.
  const bool channels_last = shape.size() == 4 && shape[3] == 3 && shape[1] != 3;
  if (shape.size() != 4 || !takes(0, 1) || !takes(1, 3) || channels_last) {
    return not_ours("input '" + input.name + "' is " + ShapeToString(shape));
  }
  const auto extent = [&](size_t i) {
    return shape[i] > 0 && shape[i] <= kMaxExtent ? static_cast<int>(shape[i]) : 0;
  };
  return Size{extent(3), extent(2)};
}

}  // namespace tempera::stylize
