#include "train/segment/mask_export.h"

#include <algorithm>
#include <cmath>

#include "src/onnx/attributes.h"
#include "src/onnx/model.h"
#include "src/onnx/writer.h"
#include "train/onnx_builder.h"

namespace tempera::train {
namespace {

constexpr auto& Ints = onnx::IntsAttribute;
constexpr auto& Int = onnx::IntAttribute;
constexpr auto& Float = onnx::FloatAttribute;
constexpr auto& Text = onnx::TextAttribute;

class Exporter : private OnnxBuilder {
 public:
  Exporter(const MaskNet& net, const std::map<std::string, FloatArray>& weights, const MaskExport& how,
           onnx::Graph& graph)
      : OnnxBuilder(graph), net_(net), weights_(weights), how_(how) {}

  Status Run() {
    std::vector<std::string> done;
    for (size_t i = 0; i < net_.layers.size(); ++i) {
      const MaskLayer& layer = net_.layers[i];
      std::vector<std::string> inputs;
      for (const int from : layer.from)
        inputs.push_back(from < 0 ? "input" : done[static_cast<size_t>(from)]);
      TEMPERA_ASSIGN_OR_RETURN(std::string made, Layer(layer, inputs));
      done.push_back(std::move(made));
    }
    if (net_.classes.size() == 1) {
      Node("output", "Sigmoid", {done.back()});
    } else {
      Node("output", "Softmax", {done.back()}, {Int("axis", 1)});
    }
    return OkStatus();
  }

 private:
  // [out, in, k, k]: in 8 bits, each output channel with a scale of its own.
  Result<std::string> Weight(const std::string& name, const FloatArray& array) {
    if (!how_.int8) return Constant(name, DataType::kFloat32, array.shape, array.values);
    const auto out = static_cast<size_t>(array.shape[0]);
    const size_t each = array.values.size() / out;
    std::vector<int8_t> bytes(array.values.size());
    std::vector<float> scales(out);
    for (size_t o = 0; o < out; ++o) {
      float most = 1e-12f;
      for (size_t i = 0; i < each; ++i) most = std::max(most, std::abs(array.values[o * each + i]));
      scales[o] = most / 127;
      for (size_t i = 0; i < each; ++i)
        bytes[o * each + i] = static_cast<int8_t>(std::lround(array.values[o * each + i] / scales[o]));
    }
    TEMPERA_ASSIGN_OR_RETURN(const std::string q, Constant(name + "_8", DataType::kInt8, array.shape, bytes));
    TEMPERA_ASSIGN_OR_RETURN(const std::string s,
                             Constant(name + "_scale", DataType::kFloat32, {array.shape[0]}, scales));
    return Node(name, "DequantizeLinear", {q, s}, {Int("axis", 0)});
  }

  Result<std::string> Conv(const std::string& name, const std::string& x, int64_t out, int64_t in,
                           int64_t kernel, int64_t stride, int64_t groups) {
    const auto weight = weights_.find(name + ".weight"), bias = weights_.find(name + ".bias");
    if (weight == weights_.end() || bias == weights_.end() ||
        weight->second.shape != std::vector<int64_t>{out, in / groups, kernel, kernel} ||
        bias->second.shape != std::vector<int64_t>{out}) {
      return InvalidArgument("the network's '" + name + "' is missing or of another shape");
    }
    TEMPERA_ASSIGN_OR_RETURN(const std::string w, Weight(name + "_weight", weight->second));
    TEMPERA_ASSIGN_OR_RETURN(const std::string b,
                             Constant(name + "_bias", DataType::kFloat32, {out}, bias->second.values));
    const int64_t pad = kernel / 2;
    return Node(name, "Conv", {x, w, b},
                {Ints("kernel_shape", {kernel, kernel}), Ints("strides", {stride, stride}),
                 Ints("pads", {pad, pad, pad, pad}), Int("group", groups)});
  }

  std::string Activated(const MaskLayer& layer, const std::string& x) {
    switch (layer.activation) {
      case MaskActivation::kRelu:
        return Node(layer.name + "_relu", "Relu", {x});
      case MaskActivation::kHardSwish:
        return Node(layer.name + "_hswish", "HardSwish", {x});
      case MaskActivation::kNone:
        break;
    }
    return x;
  }

  Result<std::string> Enlarged(const std::string& name, const std::string& x, int factor) {
    TEMPERA_ASSIGN_OR_RETURN(const std::string scales,
                             Constant<float>(name + "_scales", DataType::kFloat32, {4},
                                             {1, 1, static_cast<float>(factor), static_cast<float>(factor)}));
    return Node(name, "Resize", {x, "", scales},
                {Text("mode", "linear"), Text("coordinate_transformation_mode", "half_pixel")});
  }

  // Rows of a matrix that takes the means of `parts` parts of `count`, as adaptive pooling cuts them.
  static std::vector<float> Parts(int64_t parts, int64_t count) {
    std::vector<float> matrix(static_cast<size_t>(parts * count), 0.0f);
    for (int64_t p = 0; p < parts; ++p) {
      const int64_t begin = p * count / parts, end = ((p + 1) * count + parts - 1) / parts;
      for (int64_t i = begin; i < end; ++i)
        matrix[static_cast<size_t>(p * count + i)] = 1.0f / static_cast<float>(end - begin);
    }
    return matrix;
  }

  Result<std::string> Pyramid(const MaskLayer& layer, const std::string& x) {
    // The size here: all layers before it halve the picture's.
    const int64_t h = how_.height / 32, w = how_.width / 32;
    if (h < 1 || w < 1 || how_.height % 32 != 0 || how_.width % 32 != 0)
      return InvalidArgument("'" + net_.name +
                             "' is written for one size, in multiples of 32: give --file-size WxH");
    std::vector<std::string> beside = {x};
    for (const int64_t parts : {1, 2, 3, 6}) {
      const std::string name = layer.name + std::to_string(parts);
      std::vector<float> across = Parts(parts, w), turned(across.size());
      for (int64_t p = 0; p < parts; ++p) {
        for (int64_t i = 0; i < w; ++i)
          turned[static_cast<size_t>(i * parts + p)] = across[static_cast<size_t>(p * w + i)];
      }
      TEMPERA_ASSIGN_OR_RETURN(const std::string right,
                               Constant(name + "_across", DataType::kFloat32, {w, parts}, turned));
      TEMPERA_ASSIGN_OR_RETURN(const std::string left,
                               Constant(name + "_down", DataType::kFloat32, {parts, h}, Parts(parts, h)));
      const std::string rows = Node(name + "_rows", "MatMul", {x, right});
      const std::string means = Node(name + "_means", "MatMul", {left, rows});
      TEMPERA_ASSIGN_OR_RETURN(const std::string y,
                               Conv(name, means, layer.in_channels / 4, layer.in_channels, 1, 1, 1));
      const std::string active = Node(name + "_relu", "Relu", {y});
      TEMPERA_ASSIGN_OR_RETURN(
          const std::string size,
          Constant<int64_t>(name + "_size", DataType::kInt64, {4}, {1, layer.in_channels / 4, h, w}));
      beside.push_back(Node(name + "_up", "Resize", {active, "", "", size},
                            {Text("mode", "linear"), Text("coordinate_transformation_mode", "half_pixel")}));
    }
    return Node(layer.name, "Concat", beside, {Int("axis", 1)});
  }

  Result<std::string> Layer(const MaskLayer& l, const std::vector<std::string>& inputs) {
    switch (l.op) {
      case MaskOp::kConv: {
        TEMPERA_ASSIGN_OR_RETURN(const std::string y, Conv(l.name, inputs[0], l.out_channels, l.in_channels,
                                                           l.kernel, l.stride, l.groups));
        return Activated(l, y);
      }
      case MaskOp::kSqueezeExcite: {
        const std::string mean = Node(l.name + "_mean", "GlobalAveragePool", {inputs[0]});
        TEMPERA_ASSIGN_OR_RETURN(const std::string reduced,
                                 Conv(l.name + "_reduce", mean, l.squeezed, l.in_channels, 1, 1, 1));
        const std::string relu = Node(l.name + "_relu", "Relu", {reduced});
        TEMPERA_ASSIGN_OR_RETURN(const std::string expanded,
                                 Conv(l.name + "_expand", relu, l.in_channels, l.squeezed, 1, 1, 1));
        const std::string gate = Node(l.name + "_gate", "HardSigmoid", {expanded},
                                      {Float("alpha", 1.0f / 6), Float("beta", 0.5f)});
        return Node(l.name, "Mul", {inputs[0], gate});
      }
      case MaskOp::kGate: {
        const std::string mean = Node(l.name + "_mean", "GlobalAveragePool", {inputs[1]});
        TEMPERA_ASSIGN_OR_RETURN(const std::string y,
                                 Conv(l.name, mean, l.out_channels, l.in_channels, 1, 1, 1));
        const std::string gate = Node(l.name + "_sigmoid", "Sigmoid", {y});
        return Node(l.name + "_gated", "Mul", {inputs[0], gate});
      }
      case MaskOp::kAdd:
        return Activated(l, Node(l.name, "Add", inputs));
      case MaskOp::kEnlarge:
        return Enlarged(l.name, inputs[0], l.factor);
      case MaskOp::kPyramid:
        return Pyramid(l, inputs[0]);
    }
    return Internal("no such layer");
  }

  const MaskNet& net_;
  const std::map<std::string, FloatArray>& weights_;
  const MaskExport& how_;
};

}  // namespace

Status ExportMaskNet(const MaskNet& net, const std::map<std::string, FloatArray>& weights,
                     const MaskExport& how, const std::string& path) {
  onnx::Model model;
  model.ir_version = 7;
  model.opset = 14;  // HardSwish
  model.producer_name = "tempera-train";
  model.metadata_props = {how.metadata.begin(), how.metadata.end()};
  model.graph.name = "tempera-mask-" + net.name;
  const bool open = how.width == 0;
  const auto side = [&](const char* name, int n) { return open ? onnx::Dim{-1, name} : onnx::Dim{n, ""}; };
  model.graph.inputs = {
      {"input", DataType::kFloat32, true, {{1, ""}, {3, ""}, side("H", how.height), side("W", how.width)}}};
  const auto classes = static_cast<int64_t>(net.classes.size());
  model.graph.outputs = {{"output",
                          DataType::kFloat32,
                          true,
                          {{1, ""},
                           {classes, ""},
                           side("H_out", how.height / net.output_stride),
                           side("W_out", how.width / net.output_stride)}}};
  TEMPERA_RETURN_IF_ERROR(Exporter(net, weights, how, model.graph).Run());
  return onnx::WriteModelFile(model, path);
}

}  // namespace tempera::train
