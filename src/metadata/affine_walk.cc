#include "src/metadata/affine_walk.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>

#include "src/base/half.h"

namespace tempera::metadata {
namespace {

using graph::Graph;
using graph::Node;
using graph::Uses;
using graph::ValueId;

std::optional<double> NumberAt(const Tensor& t, int64_t i) {
  switch (t.dtype()) {
    case DataType::kFloat32:
      return t.data<float>()[i];
    case DataType::kFloat64:
      return t.data<double>()[i];
    case DataType::kFloat16:
      return HalfToFloat(t.data<uint16_t>()[i]);
    case DataType::kInt64:
      return static_cast<double>(t.data<int64_t>()[i]);
    case DataType::kInt32:
      return t.data<int32_t>()[i];
    case DataType::kUint8:
      return t.data<uint8_t>()[i];
    case DataType::kInt8:
      return t.data<int8_t>()[i];
    default:
      return std::nullopt;
  }
}

std::optional<ThreeNumbers> NumbersOf(const Tensor& t) {
  if (t.element_count() != 1 && t.element_count() != 3) return std::nullopt;
  ThreeNumbers numbers = {};
  for (size_t i = 0; i < 3; ++i) {
    const auto number = NumberAt(t, t.element_count() == 1 ? 0 : static_cast<int64_t>(i));
    if (!number || !std::isfinite(*number)) return std::nullopt;
    numbers[i] = *number;
  }
  return numbers;
}

// y = scale * (x - mean) / sqrt(variance + epsilon) + shift
std::optional<Affine> AffineOfBatchNorm(const Graph& graph, const Uses& uses, const Node& node) {
  const auto scale = ConstantNumbers(graph, uses, InputOf(node, 1));
  const auto shift = ConstantNumbers(graph, uses, InputOf(node, 2));
  const auto mean = ConstantNumbers(graph, uses, InputOf(node, 3));
  const auto variance = ConstantNumbers(graph, uses, InputOf(node, 4));
  if (!scale || !shift || !mean || !variance) return std::nullopt;
  Affine affine;
  for (size_t c = 0; c < 3; ++c) {
    affine.gain[c] = (*scale)[c] / std::sqrt((*variance)[c] + node.attributes.Float("epsilon", 1e-5f));
    affine.offset[c] = (*shift)[c] - (*mean)[c] * affine.gain[c];
  }
  return affine;
}

// Of three channels, each made of itself alone.
std::optional<Affine> AffineOfConv(const Graph& graph, const Node& node) {
  const ValueId w = InputOf(node, 1), b = InputOf(node, 2);
  const Tensor* weights = graph::ConstantFloats(graph, w);
  const Tensor* bias = graph::ConstantFloats(graph, b);
  // One filter for each channel, or filters over all that leave the others out.
  const bool each =
      weights != nullptr && weights->shape() == Shape{3, 1, 1, 1} && node.attributes.Int("group", 1) == 3;
  const bool all = weights != nullptr && weights->shape() == Shape{3, 3, 1, 1};
  if ((!each && !all) || (b != graph::kNoValue && bias == nullptr)) return std::nullopt;
  const std::vector<int64_t> ones = {1, 1};
  const bool moves = node.attributes.Ints("strides", ones) != ones ||
                     node.attributes.Ints("pads", {0, 0, 0, 0}) != std::vector<int64_t>{0, 0, 0, 0};
  if (moves || (bias != nullptr && bias->element_count() != 3)) return std::nullopt;
  Affine affine;
  for (size_t o = 0; o < 3; ++o) {
    for (size_t i = 0; all && i < 3; ++i) {
      if (i != o && weights->data<float>()[3 * o + i] != 0) return std::nullopt;
    }
    affine.gain[o] = weights->data<float>()[all ? 4 * o : o];
    affine.offset[o] = bias != nullptr ? bias->data<float>()[o] : 0;
  }
  return affine;
}

Affine AffineOfImageScaler(const Node& node) {
  Affine affine;
  affine.gain.fill(node.attributes.Float("scale", 1));
  const std::vector<float> bias = node.attributes.Floats("bias");
  for (size_t c = 0; c < 3 && !bias.empty(); ++c) affine.offset[c] = bias[bias.size() == 3 ? c : 0];
  return affine;
}

}  // namespace

bool Affine::identity() const { return gain == ThreeNumbers{1, 1, 1} && offset == ThreeNumbers{0, 0, 0}; }

std::optional<ThreeNumbers> ConstantNumbers(const Graph& graph, const Uses& uses, ValueId value) {
  // Through casts and reshapes of constants, which exporters write out; a few at most.
  for (int step = 0; step < 4 && value != graph::kNoValue; ++step) {
    if (graph.value(value).constant) return NumbersOf(*graph.value(value).constant);
    const int64_t maker = uses.producer(value);
    if (maker < 0) return std::nullopt;
    const Node& node = graph.nodes[static_cast<size_t>(maker)];
    if (node.op_type == "Constant") {
      if (const onnx::Attribute* t = node.attributes.Find("value")) return NumbersOf(t->t);
      const std::vector<float> list =
          node.attributes.Floats("value_floats", {node.attributes.Float("value_float", NAN)});
      if (list.size() == 3) return ThreeNumbers{list[0], list[1], list[2]};
      if (list.size() != 1 || !std::isfinite(list[0])) return std::nullopt;
      return ThreeNumbers{list[0], list[0], list[0]};
    }
    if (!MovesNumbers(node.op_type)) return std::nullopt;
    value = InputOf(node, 0);
  }
  return std::nullopt;
}

std::optional<double> OneConstant(const Graph& graph, const Uses& uses, ValueId value) {
  const auto numbers = ConstantNumbers(graph, uses, value);
  if (!numbers || (*numbers)[1] != (*numbers)[0] || (*numbers)[2] != (*numbers)[0]) return std::nullopt;
  return (*numbers)[0];
}

std::optional<Affine> AffineOf(const Graph& graph, const Uses& uses, const Node& node, size_t from) {
  const std::string& op = node.op_type;
  Affine affine;
  if (op == "Neg") {
    affine.gain = {-1, -1, -1};
    return affine;
  }
  if (op == "ImageScaler") return AffineOfImageScaler(node);
  if (op == "Conv") return from == 0 ? AffineOfConv(graph, node) : std::nullopt;
  if (op == "BatchNormalization") return from == 0 ? AffineOfBatchNorm(graph, uses, node) : std::nullopt;
  if ((op != "Add" && op != "Sub" && op != "Mul" && op != "Div") || node.inputs.size() != 2)
    return std::nullopt;
  const auto other = ConstantNumbers(graph, uses, node.inputs[1 - from]);
  if (!other) return std::nullopt;
  for (size_t c = 0; c < 3; ++c) {
    const double k = (*other)[c];
    if (op == "Add") {
      affine.offset[c] = k;
    } else if (op == "Sub") {
      affine.gain[c] = from == 0 ? 1 : -1;
      affine.offset[c] = from == 0 ? -k : k;
    } else if (op == "Mul") {
      affine.gain[c] = k;
    } else {
      if (from != 0 || k == 0) return std::nullopt;
      affine.gain[c] = 1 / k;
    }
  }
  return affine;
}

Affine Then(const Affine& first, const Affine& second) {
  Affine both;
  for (size_t c = 0; c < 3; ++c) {
    both.gain[c] = first.gain[c] * second.gain[c];
    both.offset[c] = first.offset[c] * second.gain[c] + second.offset[c];
  }
  return both;
}

bool MovesNumbers(std::string_view op_type) {
  static constexpr std::string_view kMoving[] = {
      "Identity", "Cast",         "CastLike",     "Transpose", "Squeeze",     "Unsqueeze", "Reshape",
      "Flatten",  "Pad",          "Resize",       "Upsample",  "Dropout",     "Slice",     "Crop",
      "Gather",   "DepthToSpace", "SpaceToDepth", "Expand",    "AveragePool", "MaxPool",   "Round"};
  return std::find(std::begin(kMoving), std::end(kMoving), op_type) != std::end(kMoving);
}

Bounds BoundsOf(const Graph& graph, const Uses& uses, const Node& node) {
  Bounds bounds;
  if (node.op_type == "Max" || node.op_type == "Min") {
    if (node.inputs.size() != 2) return bounds;
    for (const ValueId v : node.inputs) {
      if (const auto number = OneConstant(graph, uses, v))
        (node.op_type == "Max" ? bounds.low : bounds.high) = number;
    }
    return bounds;
  }
  // An absent bound of old files is the least or the greatest float.
  const auto attribute = [&](const char* name) -> std::optional<double> {
    const float number = node.attributes.Float(name, NAN);
    return std::abs(number) < 1e30f ? std::optional<double>(number) : std::nullopt;
  };
  bounds.low = node.attributes.Has("min") ? attribute("min") : OneConstant(graph, uses, InputOf(node, 1));
  bounds.high = node.attributes.Has("max") ? attribute("max") : OneConstant(graph, uses, InputOf(node, 2));
  return bounds;
}

}  // namespace tempera::metadata
