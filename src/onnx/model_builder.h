// Builds models node by node, for tests and for the makers of bench networks: not for what is hostile, sizes
// are those that the caller wrote down.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "src/onnx/attributes.h"
#include "src/onnx/model.h"

namespace tempera::onnx {

class ModelBuilder {
 public:
  static constexpr auto& Int = IntAttribute;
  static constexpr auto& Ints = IntsAttribute;
  static constexpr auto& Float = FloatAttribute;
  static constexpr auto& Text = TextAttribute;

  // The same model from the same calls, on every machine that has the same standard library.
  explicit ModelBuilder(int64_t opset, unsigned seed = 3) : random_(seed) { model_.opset = opset; }

  Model& model() { return model_; }
  const Model& model() const { return model_; }
  Graph& graph() { return model_.graph; }

  // -1: open, under a symbol of its own.
  std::string Input(const std::string& name, const Shape& shape, DataType dtype = DataType::kFloat32) {
    graph().inputs.push_back(InfoOf(name, shape, dtype));
    return name;
  }
  // Of a shape that it does not say.
  void Output(const std::string& name) { graph().outputs.push_back({name, DataType::kFloat32, false, {}}); }
  void Metadata(const std::string& key, const std::string& value) {
    model_.metadata_props.emplace_back(key, value);
  }
  // Files from before IR version 4 list every initializer among the inputs.
  void ListInitializersAsInputs() {
    for (const Initializer& init : graph().initializers) {
      graph().inputs.insert(graph().inputs.begin(),
                            InfoOf(init.name, init.tensor.shape(), init.tensor.dtype()));
    }
  }

  // A node of one output, which has its name; that is returned.
  std::string NamedNode(const std::string& name, const std::string& op, std::vector<std::string> inputs,
                        std::vector<Attribute> attributes = {}) {
    graph().nodes.push_back({name, op, "", std::move(inputs), {name}, std::move(attributes)});
    return name;
  }
  // The same under names that it finds.
  std::string Node(const std::string& op, std::vector<std::string> inputs,
                   std::vector<Attribute> attributes = {}) {
    const std::string name = op + std::to_string(graph().nodes.size());
    graph().nodes.push_back({name, op, "", std::move(inputs), {name + "_out"}, std::move(attributes)});
    return name + "_out";
  }
  std::vector<std::string> Split(const std::string& x, int64_t axis, const std::vector<int64_t>& sizes) {
    const std::string name = Node("Split", {x, Int64s(sizes)}, {Int("axis", axis)});
    std::vector<std::string> names;
    for (size_t i = 0; i < sizes.size(); ++i) names.push_back(name + std::to_string(i));
    graph().nodes.back().outputs = names;
    return names;
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

  // Constants; their names are returned. `values`: as many as the shape has.
  template <typename T>
  std::string Constant(const std::string& name, Shape shape, const std::vector<T>& values) {
    Tensor t = Tensor::Create(TypeOf<T>(), std::move(shape)).value();
    std::copy(values.begin(), values.end(), t.data<T>());
    graph().initializers.push_back({name, std::move(t)});
    return name;
  }
  std::string Floats(Shape shape, const std::vector<float>& values) {
    return Constant(NextName(), std::move(shape), values);
  }
  std::string Int64s(const std::vector<int64_t>& values) {
    return Constant(NextName(), {static_cast<int64_t>(values.size())}, values);
  }
  std::string Random(Shape shape, float low = -1, float high = 1) {
    int64_t count = 1;
    for (int64_t d : shape) count *= d;
    return Floats(std::move(shape), Draw(count, low, high));
  }

  // Equally distributed.
  std::vector<float> Draw(int64_t count, float low, float high) {
    std::uniform_real_distribution<float> uniform(low, high);
    std::vector<float> numbers(static_cast<size_t>(count));
    for (float& x : numbers) x = uniform(random_);
    return numbers;
  }
  std::mt19937& random() { return random_; }

 private:
  template <typename T>
  static constexpr DataType TypeOf() {
    if constexpr (std::is_same_v<T, float>) return DataType::kFloat32;
    if constexpr (std::is_same_v<T, int64_t>) return DataType::kInt64;
    if constexpr (std::is_same_v<T, int32_t>) return DataType::kInt32;
    if constexpr (std::is_same_v<T, int8_t>) return DataType::kInt8;
    if constexpr (std::is_same_v<T, uint8_t>) return DataType::kUint8;
  }
  std::string NextName() const { return "k" + std::to_string(model_.graph.initializers.size()); }
  static ValueInfo InfoOf(const std::string& name, const Shape& shape, DataType dtype) {
    ValueInfo info = {name, dtype, true, {}};
    for (int64_t d : shape) {
      info.shape.push_back({d, d < 0 ? name + std::to_string(info.shape.size()) : ""});
    }
    return info;
  }

  Model model_;
  std::mt19937 random_;
};

}  // namespace tempera::onnx
