#include "train/export_onnx.h"

#include <cstring>
#include <utility>

#include "src/onnx/adjust_tail.h"
#include "src/onnx/attributes.h"
#include "src/onnx/model.h"
#include "src/onnx/writer.h"
#include "train/onnx_builder.h"

namespace tempera::train {
namespace {

constexpr auto& Ints = onnx::IntsAttribute;
constexpr auto& Int = onnx::IntAttribute;
constexpr auto& Float = onnx::FloatAttribute;
constexpr auto& String = onnx::TextAttribute;

Result<FloatArray> Take(const std::map<std::string, FloatArray>& weights, const std::string& name,
                        const std::vector<int64_t>& shape) {
  auto it = weights.find(name);
  if (it == weights.end() || it->second.shape != shape) {
    return InvalidArgument("the network's '" + name + "' is missing or not " + ShapeToString(shape));
  }
  return it->second;
}

onnx::ValueInfo Numbers(const std::string& name, int64_t count) {
  return {name, DataType::kFloat32, true, {{count, ""}}};
}

onnx::ValueInfo Picture(const char* name) {
  return {name, DataType::kFloat32, true, {{1, ""}, {3, ""}, {-1, "H"}, {-1, "W"}}};
}

// The affine rows of a conditional network, mixed inside the graph from what a host turns: inputs with
// defaults, so that whoever sets none of them gets the first style. Operators that every runtime has.
class RowMixer {
 public:
  RowMixer(const NetConfig& config, onnx::Graph& graph, OnnxBuilder& builder)
      : config_(config), graph_(graph), b_(builder) {}

  // Adds the inputs and what makes "fine_rows" and "coarse_rows" of them: shares of every row, adding up
  // to 1.
  Status AddRows() {
    const auto n = static_cast<int64_t>(config_.styles.size());
    std::vector<float> first(static_cast<size_t>(n), 0.0f);
    first[0] = 1;
    TEMPERA_RETURN_IF_ERROR(AddInput("style_weights", first));
    TEMPERA_RETURN_IF_ERROR(AddInput("strength", {1}));
    TEMPERA_RETURN_IF_ERROR(AddInput("fine_strength", {1}));
    TEMPERA_RETURN_IF_ERROR(AddInput("coarse_strength", {1}));
    TEMPERA_RETURN_IF_ERROR(AddInput("stroke_size", {kDefaultStrokeSize}));
    TEMPERA_ASSIGN_OR_RETURN(const std::string one, b_.Constant<float>("one", DataType::kFloat32, {1}, {1}));
    const std::string bold = b_.Node("bold_weights", "Mul", {"style_weights", "stroke_size"});
    const std::string fine = b_.Node("fine_weights", "Sub", {"style_weights", bold});
    const std::string styles = b_.Node("style_rows", "Concat", {fine, bold}, {Int("axis", 0)});
    for (const std::string layers : {"fine", "coarse"}) {
      const std::string share = b_.Node(layers + "_share", "Mul", {"strength", layers + "_strength"});
      const std::string painted = b_.Node(layers + "_painted", "Mul", {styles, share});
      const std::string plain = b_.Node(layers + "_plain", "Sub", {one, share});
      b_.Node(layers + "_rows", "Concat", {painted, plain}, {Int("axis", 0)});
    }
    return OkStatus();
  }

  // [rows] times a table [rows, c]: the layer's scale or shift, [c].
  Result<std::string> Mixed(const LayerSpec& layer, const std::string& name, const FloatArray& table) {
    TEMPERA_ASSIGN_OR_RETURN(const std::string t, b_.Half(name + "_table", table.shape, table.values));
    return b_.Node(name, "MatMul", {layer.fine ? "fine_rows" : "coarse_rows", t});
  }

 private:
  Status AddInput(const std::string& name, const std::vector<float>& preset) {
    graph_.inputs.push_back(Numbers(name, static_cast<int64_t>(preset.size())));
    return b_.Constant<float>(name, DataType::kFloat32, {static_cast<int64_t>(preset.size())}, preset)
        .status();
  }

  const NetConfig& config_;
  onnx::Graph& graph_;
  OnnxBuilder& b_;
};

// The scale and shift of a norm: [c] each.
struct Affine {
  std::string scale, shift;
};

Result<Affine> AddAffine(const NetConfig& config, const LayerSpec& l,
                         const std::map<std::string, FloatArray>& weights, RowMixer& mixer, OnnxBuilder& b) {
  Affine affine;
  for (const auto& [suffix, to] :
       {std::pair("_norm_weight", &affine.scale), std::pair("_norm_bias", &affine.shift)}) {
    const std::string name = l.name + suffix;
    const int64_t c = l.out_channels;
    if (config.conditional()) {
      TEMPERA_ASSIGN_OR_RETURN(const FloatArray table, Take(weights, name, {config.rows(), c}));
      TEMPERA_ASSIGN_OR_RETURN(*to, mixer.Mixed(l, name, table));
    } else {
      TEMPERA_ASSIGN_OR_RETURN(const FloatArray row, Take(weights, name, {c}));
      TEMPERA_ASSIGN_OR_RETURN(*to, b.Constant(name, DataType::kFloat32, row.shape, row.values));
    }
  }
  return affine;
}

// Of each output channel the sum of its weights.
std::vector<double> WeightSums(const FloatArray& weight, size_t channels) {
  std::vector<double> sums(channels, 0.0);
  const size_t each = weight.values.size() / channels;
  for (size_t i = 0; i < weight.values.size(); ++i) sums[i / each] += weight.values[i];
  return sums;
}

}  // namespace

void FoldScaling(const NetConfig& config, size_t layer, FloatArray& weight, FloatArray& bias) {
  if (layer == 0) {  // conv((x - mean) / scale) as one convolution of x
    const std::vector<double> sums = WeightSums(weight, bias.values.size());
    for (float& w : weight.values) w = static_cast<float>(w / kInputScale);
    for (size_t o = 0; o < sums.size(); ++o)
      bias.values[o] = static_cast<float>(bias.values[o] - sums[o] * kInputMean / kInputScale);
  }
  if (layer + 1 == config.layers.size()) {  // conv(x) * scale + mean
    for (float& w : weight.values) w = static_cast<float>(w * kInputScale);
    for (float& b : bias.values) b = static_cast<float>(b * kInputScale + kInputMean);
  }
}

void UnfoldScaling(const NetConfig& config, size_t layer, FloatArray& weight, FloatArray& bias) {
  if (layer + 1 == config.layers.size()) {
    for (float& w : weight.values) w = static_cast<float>(w / kInputScale);
    for (float& b : bias.values) b = static_cast<float>((b - kInputMean) / kInputScale);
  }
  if (layer == 0) {
    for (float& w : weight.values) w = static_cast<float>(w * kInputScale);
    const std::vector<double> sums = WeightSums(weight, bias.values.size());
    for (size_t o = 0; o < sums.size(); ++o)
      bias.values[o] = static_cast<float>(bias.values[o] + sums[o] * kInputMean / kInputScale);
  }
}

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

  OnnxBuilder b(model.graph);
  RowMixer mixer(config, model.graph, b);
  if (config.conditional()) TEMPERA_RETURN_IF_ERROR(mixer.AddRows());
  TEMPERA_ASSIGN_OR_RETURN(const std::string scales,
                           b.Constant<float>("upsample_scales", DataType::kFloat32, {4}, {1, 1, 2, 2}));
  std::string x = "input", before_last;
  if (config.fed) {
    model.graph.inputs.push_back(Picture("previous"));
    x = b.Node("fed", "Concat", {"input", "previous"}, {Int("axis", 1)});
  }
  std::map<std::string, std::string> outputs;  // of the layers
  for (size_t i = 0; i < config.layers.size(); ++i) {
    const LayerSpec& l = config.layers[i];
    const int64_t in = l.in_channels, out = l.out_channels, k = l.kernel, pad = l.kernel / 2;
    TEMPERA_ASSIGN_OR_RETURN(FloatArray weight, Take(weights, l.name + "_conv_weight", {out, in, k, k}));
    TEMPERA_ASSIGN_OR_RETURN(FloatArray bias, Take(weights, l.name + "_conv_bias", {out}));
    const bool last = i + 1 == config.layers.size();
    FoldScaling(config, i, weight, bias);

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
    const std::string weight_name = l.name + "_conv_weight";
    TEMPERA_ASSIGN_OR_RETURN(const std::string w,
                             config.conditional()
                                 ? b.Half(weight_name, weight.shape, weight.values)
                                 : b.Constant(weight_name, DataType::kFloat32, weight.shape, weight.values));
    TEMPERA_ASSIGN_OR_RETURN(const std::string c,
                             b.Constant(l.name + "_conv_bias", DataType::kFloat32, bias.shape, bias.values));
    x = b.Node(
        last ? "output" : l.name + "_conv", "Conv", {x, w, c},
        {Ints("kernel_shape", {k, k}), Ints("strides", {l.stride, l.stride}), Ints("pads", {0, 0, 0, 0})});
    if (l.norm) {
      TEMPERA_ASSIGN_OR_RETURN(const Affine affine, AddAffine(config, l, weights, mixer, b));
      x = b.Node(l.name + "_norm", "InstanceNormalization", {x, affine.scale, affine.shift},
                 {Float("epsilon", static_cast<float>(kNormEpsilon))});
    }
    if (l.residual) x = b.Node(l.name + "_add", "Add", {x, before_last});
    if (!l.skip.empty()) x = b.Node(l.name + "_skip", "Add", {x, outputs[l.skip]});
    if (l.relu) x = b.Node(l.name + "_relu", "Relu", {x});
    outputs[l.name] = x;
    before_last = entered;
  }
  // What is fed with its own painting is to see what it painted, not what was made of it.
  if (config.conditional() && !config.fed) TEMPERA_RETURN_IF_ERROR(onnx::AddAdjustTail(&model));
  return onnx::WriteModelFile(model, path);
}

}  // namespace tempera::train
