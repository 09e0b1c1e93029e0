#include "train/features/onnx_weights.h"

#include <cstring>
#include <map>

#include "src/onnx/reader.h"
#include "train/features/vgg19_weights.h"

namespace tempera::train {
namespace {

Result<FloatArray> Floats(const Tensor& tensor, const std::string& name) {
  if (tensor.dtype() != DataType::kFloat32)
    return Unsupported("tensor '" + name + "' is not of 32-bit floats");
  const std::span<const float> values = tensor.span<float>();
  return FloatArray{std::vector<int64_t>(tensor.shape().begin(), tensor.shape().end()),
                    std::vector<float>(values.begin(), values.end())};
}

}  // namespace

Result<Safetensors> ReadOnnxWeights(const std::string& path, bool* mxnet) {
  TEMPERA_ASSIGN_OR_RETURN(onnx::Model model, onnx::ReadModelFile(path));
  std::map<std::string, const Tensor*> tensors;
  for (const onnx::Initializer& i : model.graph.initializers) tensors[i.name] = &i.tensor;
  *mxnet = false;
  Safetensors result;
  size_t layer = 0;
  for (const onnx::Node& node : model.graph.nodes) {
    if (node.op_type == "BatchNormalization") {
      return Unsupported(
          "it has batch normalisation (vgg19_bn), which style losses do not look through: take the "
          "plain vgg19");
    }
    if (node.op_type != "Conv" || layer == kVgg19Layers.size()) continue;
    const std::string stem = kVgg19Layers[layer++].name;
    if (node.inputs.size() != 3) return CorruptModel("its convolution " + stem + " has no bias: not VGG-19");
    for (size_t i = 1; i < 3; ++i) {
      auto it = tensors.find(node.inputs[i]);
      if (it == tensors.end())
        return Unsupported("the weights of its convolution " + stem + " are no initializers");
      TEMPERA_ASSIGN_OR_RETURN(result.arrays[stem + (i == 1 ? ".weight" : ".bias")],
                               Floats(*it->second, node.inputs[i]));
      *mxnet = *mxnet || node.inputs[i].rfind("vgg0_conv", 0) == 0;
    }
  }
  return result;
}

}  // namespace tempera::train
