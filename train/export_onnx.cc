#include "train/export_onnx.h"

#include <cstring>
#include <utility>

#include "src/onnx/attributes.h"
#include "src/onnx/model.h"
#include "src/onnx/writer.h"

namespace tempera::train {
namespace {

constexpr auto& Ints = onnx::IntsAttribute;
constexpr auto& Float = onnx::FloatAttribute;
constexpr auto& String = onnx::TextAttribute;

class Builder {
 public:
  explicit Builder(onnx::Graph& graph) : graph_(graph) {}

  // Adds a node with one output, named like it; returns that name.
  std::string Node(const std::string& output, const char* op, std::vector<std::string> inputs,
                   std::vector<onnx::Attribute> attributes = {}) {
    graph_.nodes.push_back({output, op, "", std::move(inputs), {output}, std::move(attributes)});
    return output;
  }

  template <typename T>
  Result<std::string> Constant(const std::string& name, DataType type, Shape shape,
                               const std::vector<T>& values) {
    TEMPERA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(type, std::move(shape)));
    if (tensor.size_bytes() != values.size() * sizeof(T))
      return Internal("'" + name + "' does not fit its shape");
    std::memcpy(tensor.raw(), values.data(), tensor.size_bytes());
    graph_.initializers.push_back({name, std::move(tensor)});
    return name;
  }

 private:
  onnx::Graph& graph_;
};

Result<FloatArray> Take(const std::map<std::string, FloatArray>& weights, const std::string& name,
                        const std::vector<int64_t>& shape) {
  auto it = weights.find(name);
  if (it == weights.end() || it->second.shape != shape) {
    return InvalidArgument("the network's '" + name + "' is missing or not " + ShapeToString(shape));
  }
  return it->second;
}

// conv((x - mean) / scale) as one convolution of x.
void FoldInputScaling(FloatArray& weight, FloatArray& bias) {
  const size_t each = weight.values.size() / bias.values.size();
  for (size_t o = 0; o < bias.values.size(); ++o) {
    double sum = 0;
    for (size_t i = 0; i < each; ++i) {
      sum += weight.values[o * each + i];
      weight.values[o * each + i] = static_cast<float>(weight.values[o * each + i] / kInputScale);
    }
    bias.values[o] = static_cast<float>(bias.values[o] - sum * kInputMean / kInputScale);
  }
}

// conv(x) * scale + mean.
void FoldOutputScaling(FloatArray& weight, FloatArray& bias) {
  for (float& w : weight.values) w = static_cast<float>(w * kInputScale);
  for (float& b : bias.values) b = static_cast<float>(b * kInputScale + kInputMean);
}

onnx::ValueInfo Picture(const char* name) {
  return {name, DataType::kFloat32, true, {{1, ""}, {3, ""}, {-1, "H"}, {-1, "W"}}};
}

}  // namespace

Status ExportOnnx(const NetConfig& config, const std::map<std::string, FloatArray>& weights,
                  const Metadata& metadata, const std::string& path) {
  onnx::Model model;
  model.ir_version = 7;
  model.opset = 13;
  model.producer_name = "tempera-train";
  model.metadata_props = metadata;
  model.graph.name = "tempera-" + config.name;
  model.graph.inputs = {Picture("input")};
  model.graph.outputs = {Picture("output")};

  Builder b(model.graph);
  TEMPERA_ASSIGN_OR_RETURN(const std::string scales,
                           b.Constant<float>("upsample_scales", DataType::kFloat32, {4}, {1, 1, 2, 2}));
  std::string x = "input", before_last;
  for (size_t i = 0; i < config.layers.size(); ++i) {
    const LayerSpec& l = config.layers[i];
    const int64_t in = l.in_channels, out = l.out_channels, k = l.kernel, pad = l.kernel / 2;
    TEMPERA_ASSIGN_OR_RETURN(FloatArray weight, Take(weights, l.name + "_conv_weight", {out, in, k, k}));
    TEMPERA_ASSIGN_OR_RETURN(FloatArray bias, Take(weights, l.name + "_conv_bias", {out}));
    const bool last = i + 1 == config.layers.size();
    if (i == 0) FoldInputScaling(weight, bias);
    if (last) FoldOutputScaling(weight, bias);

    const std::string entered = x;
    if (l.upsample) {
      x = b.Node(l.name + "_resize", "Resize", {x, "", scales},
                 {String("mode", "nearest"), String("coordinate_transformation_mode", "asymmetric"),
                  String("nearest_mode", "floor")});
    }
    if (pad > 0) {
      TEMPERA_ASSIGN_OR_RETURN(
          const std::string pads,
          b.Constant<int64_t>(l.name + "_pads", DataType::kInt64, {8}, {0, 0, pad, pad, 0, 0, pad, pad}));
      x = b.Node(l.name + "_pad", "Pad", {x, pads}, {String("mode", "reflect")});
    }
    TEMPERA_ASSIGN_OR_RETURN(const std::string w, b.Constant(l.name + "_conv_weight", DataType::kFloat32,
                                                             weight.shape, weight.values));
    TEMPERA_ASSIGN_OR_RETURN(const std::string c,
                             b.Constant(l.name + "_conv_bias", DataType::kFloat32, bias.shape, bias.values));
    x = b.Node(
        last ? "output" : l.name + "_conv", "Conv", {x, w, c},
        {Ints("kernel_shape", {k, k}), Ints("strides", {l.stride, l.stride}), Ints("pads", {0, 0, 0, 0})});
    if (l.norm) {
      TEMPERA_ASSIGN_OR_RETURN(FloatArray scale, Take(weights, l.name + "_norm_weight", {out}));
      TEMPERA_ASSIGN_OR_RETURN(FloatArray shift, Take(weights, l.name + "_norm_bias", {out}));
      TEMPERA_ASSIGN_OR_RETURN(const std::string s, b.Constant(l.name + "_norm_weight", DataType::kFloat32,
                                                               scale.shape, scale.values));
      TEMPERA_ASSIGN_OR_RETURN(const std::string t, b.Constant(l.name + "_norm_bias", DataType::kFloat32,
                                                               shift.shape, shift.values));
      x = b.Node(l.name + "_norm", "InstanceNormalization", {x, s, t},
                 {Float("epsilon", static_cast<float>(kNormEpsilon))});
    }
    if (l.residual) x = b.Node(l.name + "_add", "Add", {x, before_last});
    if (l.relu) x = b.Node(l.name + "_relu", "Relu", {x});
    before_last = entered;
  }
  return onnx::WriteModelFile(model, path);
}

}  // namespace tempera::train
