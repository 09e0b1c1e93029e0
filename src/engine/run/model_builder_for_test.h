// Builds small models in tests.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/engine/run/session.h"
#include "src/onnx/model.h"
#include "src/onnx/writer.h"

namespace tempera::engine {

class TestModel {
 public:
  explicit TestModel(int64_t opset = 13) {
    model_.opset = opset;
    model_.graph.inputs = {{"x", DataType::kFloat32, true, {{1, ""}, {-1, "C"}, {-1, "H"}, {-1, "W"}}}};
    model_.graph.inputs[0].shape[0].value = -1;
  }

  static onnx::Attribute Int(const char* name, int64_t value) {
    onnx::Attribute a;
    a.name = name;
    a.type = onnx::Attribute::Type::kInt;
    a.i = value;
    return a;
  }
  static onnx::Attribute Ints(const char* name, std::vector<int64_t> values) {
    onnx::Attribute a;
    a.name = name;
    a.type = onnx::Attribute::Type::kInts;
    a.ints = std::move(values);
    return a;
  }
  static onnx::Attribute Float(const char* name, float value) {
    onnx::Attribute a;
    a.name = name;
    a.type = onnx::Attribute::Type::kFloat;
    a.f = value;
    return a;
  }
  static onnx::Attribute Text(const char* name, const char* value) {
    onnx::Attribute a;
    a.name = name;
    a.type = onnx::Attribute::Type::kString;
    a.s = value;
    return a;
  }

  // An input beside "x"; -1: open.
  std::string Input(const std::string& name, const Shape& shape, DataType dtype = DataType::kFloat32) {
    std::vector<onnx::Dim> dims;
    for (int64_t d : shape) dims.push_back({d, d < 0 ? name + std::to_string(dims.size()) : ""});
    model_.graph.inputs.push_back({name, dtype, true, std::move(dims)});
    return name;
  }
  void Metadata(const std::string& key, const std::string& value) {
    model_.metadata_props.emplace_back(key, value);
  }
  // Files from before IR version 4 list every initializer among the inputs.
  void ListInitializersAsInputs() {
    for (const onnx::Initializer& init : model_.graph.initializers) {
      std::vector<onnx::Dim> dims;
      for (int64_t d : init.tensor.shape()) dims.push_back({d, ""});
      model_.graph.inputs.insert(model_.graph.inputs.begin(), {init.name, init.tensor.dtype(), true, dims});
    }
  }

  std::string Node(const char* op, std::vector<std::string> inputs,
                   std::vector<onnx::Attribute> attributes = {}) {
    const std::string name = std::string(op) + std::to_string(model_.graph.nodes.size());
    model_.graph.nodes.push_back({name, op, "", std::move(inputs), {name + "_out"}, std::move(attributes)});
    return name + "_out";
  }
  std::vector<std::string> Split(const std::string& x, int64_t axis, const std::vector<int64_t>& sizes) {
    const std::string name = Node("Split", {x, Int64s(sizes)}, {Int("axis", axis)});
    std::vector<std::string> names;
    for (size_t i = 0; i < sizes.size(); ++i) names.push_back(name + std::to_string(i));
    model_.graph.nodes.back().outputs = names;
    return names;
  }
  std::string Floats(Shape shape, const std::vector<float>& values) {
    Tensor t = Tensor::Create(DataType::kFloat32, std::move(shape)).value();
    std::copy(values.begin(), values.end(), t.data<float>());
    return Keep(std::move(t));
  }
  std::string Random(Shape shape, float low = -1, float high = 1) {
    Tensor t = Tensor::Create(DataType::kFloat32, std::move(shape)).value();
    std::uniform_real_distribution<float> uniform(low, high);
    for (int64_t i = 0; i < t.element_count(); ++i) t.data<float>()[i] = uniform(random_);
    return Keep(std::move(t));
  }
  std::string Int64s(const std::vector<int64_t>& values) {
    Tensor t = Tensor::Create(DataType::kInt64, {static_cast<int64_t>(values.size())}).value();
    std::copy(values.begin(), values.end(), t.data<int64_t>());
    return Keep(std::move(t));
  }

  // Reflection by `pad` on every side, a convolution, and where asked an instance norm.
  std::string PaddedConv(const std::string& x, int64_t in, int64_t out, int64_t k, int64_t stride,
                         int64_t pad, bool norm) {
    const std::string padded =
        Node("Pad", {x, Int64s({0, 0, pad, pad, 0, 0, pad, pad})}, {Text("mode", "reflect")});
    const std::string y =
        Node("Conv", {padded, Random({out, in, k, k}), Random({out})}, {Ints("strides", {stride, stride})});
    return norm ? Node("InstanceNormalization", {y, Random({out}, 0.5f, 2), Random({out})}) : y;
  }

  void Output(const std::string& name) {
    model_.graph.outputs.push_back({name, DataType::kFloat32, false, {}});
  }

  Result<ModelPtr> Load() const {
    TEMPERA_ASSIGN_OR_RETURN(const std::string bytes, onnx::WriteModel(model_));
    return LoadModelMemory({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  }

 private:
  std::string Keep(Tensor t) {
    const std::string name = "k" + std::to_string(model_.graph.initializers.size());
    model_.graph.initializers.push_back({name, std::move(t)});
    return name;
  }

  onnx::Model model_;
  std::mt19937 random_{3};
};

}  // namespace tempera::engine
