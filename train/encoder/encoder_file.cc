#include "train/encoder/encoder_file.h"

#include <cstring>
#include <utility>

#include "src/base/half.h"
#include "src/onnx/attributes.h"
#include "src/onnx/model.h"
#include "src/onnx/writer.h"
#include "train/import_onnx.h"
#include "train/net_config.h"

namespace tempera::train {
namespace {

constexpr const char* kBodyKey = "tempera.encoder.body";
constexpr int64_t kMostNumbers = 1 << 20;

class Graph {
 public:
  explicit Graph(onnx::Graph& graph) : graph_(graph) {}

  std::string Node(const std::string& output, const char* op, std::vector<std::string> inputs,
                   std::vector<onnx::Attribute> attributes = {}) {
    graph_.nodes.push_back({output, op, "", std::move(inputs), {output}, std::move(attributes)});
    return output;
  }

  template <typename T>
  Status Constant(const std::string& name, DataType type, const std::vector<int64_t>& shape,
                  const std::vector<T>& values) {
    TEMPERA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(type, shape));
    if (tensor.size_bytes() != values.size() * sizeof(T))
      return InvalidArgument("the encoder's '" + name + "' does not fit its shape");
    std::memcpy(tensor.raw(), values.data(), tensor.size_bytes());
    graph_.initializers.push_back({name, std::move(tensor)});
    return OkStatus();
  }

  // In 16 bits, behind a Cast.
  Result<std::string> Weight(const EncoderFile& encoder, const std::string& name) {
    const auto shapes = EncoderShapes(encoder.numbers);
    auto it = encoder.weights.find(name);
    if (it == encoder.weights.end() || it->second.shape != shapes.at(name))
      return InvalidArgument("the encoder's '" + name + "' is missing or of another shape");
    std::vector<uint16_t> halves(it->second.values.size());
    for (size_t i = 0; i < halves.size(); ++i) halves[i] = FloatToHalf(it->second.values[i]);
    TEMPERA_RETURN_IF_ERROR(Constant(name + "_16", DataType::kFloat16, it->second.shape, halves));
    return Node(name, "Cast", {name + "_16"}, {onnx::IntAttribute("to", 1)});
  }

  // Mean over the picture, [1, c, 1, 1].
  std::string Mean(const std::string& output, const std::string& x) {
    return Node(output, "ReduceMean", {x},
                {onnx::IntsAttribute("axes", {2, 3}), onnx::IntAttribute("keepdims", 1)});
  }

 private:
  onnx::Graph& graph_;
};

}  // namespace

std::map<std::string, std::vector<int64_t>> EncoderShapes(int64_t numbers) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const EncoderConv& c : kEncoderConvs) {
    shapes[std::string(c.name) + "_weight"] = {c.out_channels, c.in_channels, c.kernel, c.kernel};
    shapes[std::string(c.name) + "_bias"] = {c.out_channels};
  }
  shapes["hidden_weight"] = {kEncoderHidden, kEncoderStatistics};
  shapes["hidden_bias"] = {kEncoderHidden};
  shapes["code_weight"] = {kEncoderCode, kEncoderHidden};
  shapes["code_bias"] = {kEncoderCode};
  shapes["rows_weight"] = {numbers, kEncoderCode};
  shapes["rows_bias"] = {numbers};
  return shapes;
}

Status WriteEncoderFile(const EncoderFile& encoder, const std::string& path) {
  onnx::Model model;
  model.ir_version = 7;
  model.opset = 13;
  model.producer_name = "tempera-train";
  for (const auto& entry : encoder.metadata) model.metadata_props.push_back(entry);
  model.metadata_props.emplace_back(kBodyKey, encoder.body);
  model.graph.name = "tempera-style-encoder";
  model.graph.inputs = {{"picture", DataType::kFloat32, true, {{1, ""}, {3, ""}, {-1, "H"}, {-1, "W"}}}};
  model.graph.outputs = {{"rows", DataType::kFloat32, true, {{1, ""}, {encoder.numbers, ""}}}};
  Graph g(model.graph);
  auto scalar = [&](const char* name, double value) {
    return g.Constant<float>(name, DataType::kFloat32, {1}, {static_cast<float>(value)});
  };
  TEMPERA_RETURN_IF_ERROR(scalar("mean", kInputMean));
  TEMPERA_RETURN_IF_ERROR(scalar("scale", 1 / kInputScale));
  TEMPERA_RETURN_IF_ERROR(scalar("variance", kEncoderVariance));
  std::string x = g.Node("scaled", "Mul", {g.Node("centred", "Sub", {"picture", "mean"}), "scale"});
  std::vector<std::string> statistics;
  for (const EncoderConv& c : kEncoderConvs) {
    const std::string name = c.name;
    const int64_t k = c.kernel, pad = k / 2;
    TEMPERA_ASSIGN_OR_RETURN(const std::string w, g.Weight(encoder, name + "_weight"));
    TEMPERA_ASSIGN_OR_RETURN(const std::string b, g.Weight(encoder, name + "_bias"));
    x = g.Node(name, "Conv", {x, w, b},
               {onnx::IntsAttribute("kernel_shape", {k, k}), onnx::IntsAttribute("strides", {2, 2}),
                onnx::IntsAttribute("pads", {pad, pad, pad, pad})});
    x = g.Node(name + "_relu", "Relu", {x});
    const std::string mean = g.Mean(name + "_mean", x);
    const std::string apart = g.Node(name + "_apart", "Sub", {x, mean});
    const std::string square = g.Mean(name + "_variance", g.Node(name + "_squares", "Mul", {apart, apart}));
    const std::string deviation =
        g.Node(name + "_deviation", "Sqrt", {g.Node(name + "_above_0", "Add", {square, "variance"})});
    for (const std::string& s : {mean, deviation})
      statistics.push_back(g.Node(s + "_row", "Flatten", {s}, {onnx::IntAttribute("axis", 1)}));
  }
  x = g.Node("statistics", "Concat", statistics, {onnx::IntAttribute("axis", 1)});
  for (const std::string name : {"hidden", "code", "rows"}) {
    TEMPERA_ASSIGN_OR_RETURN(const std::string w, g.Weight(encoder, name + "_weight"));
    TEMPERA_ASSIGN_OR_RETURN(const std::string b, g.Weight(encoder, name + "_bias"));
    x = g.Node(name, "Gemm", {x, w, b}, {onnx::IntAttribute("transB", 1)});
    if (name == "hidden") x = g.Node("hidden_relu", "Relu", {x});
  }
  return onnx::WriteModelFile(model, path);
}

Result<EncoderFile> ReadEncoderFile(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(NamedArrays file, ReadOnnxArrays(path));
  EncoderFile encoder;
  auto body = file.metadata.find(kBodyKey);
  if (body == file.metadata.end()) {
    return InvalidArgument("'" + path +
                           "' is no style encoder: give one that 'tempera-train encoder' wrote, or none");
  }
  encoder.body = body->second;
  auto bias = file.arrays.find("rows_bias");
  if (bias == file.arrays.end() || bias->second.shape.size() != 1 || bias->second.shape[0] < 1 ||
      bias->second.shape[0] > kMostNumbers)
    return CorruptModel("'" + path + "' is a style encoder without proper 'rows_bias'");
  encoder.numbers = bias->second.shape[0];
  for (const auto& [name, shape] : EncoderShapes(encoder.numbers)) {
    TEMPERA_ASSIGN_OR_RETURN(encoder.weights[name], TakeArray(file, name, shape, path));
  }
  file.metadata.erase(kBodyKey);
  encoder.metadata = std::move(file.metadata);
  return encoder;
}

}  // namespace tempera::train
