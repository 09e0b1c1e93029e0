// Builds an ONNX network node by node, with random constants: what the makers of bench networks share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/onnx/model.h"
#include "src/onnx/writer.h"

namespace tempera {

class NetWriter {
 public:
  // The same network from the same calls, on every machine that has the same standard library.
  explicit NetWriter(int64_t opset) {
    model_.opset = opset;
    model_.producer_name = "bench_make_net";
    model_.graph.name = "bench";
  }

  onnx::Graph& graph() { return model_.graph; }
  Status WriteTo(const std::string& path) const { return onnx::WriteModelFile(model_, path); }

  static onnx::Attribute Int(const char* name, int64_t value) {
    onnx::Attribute a;
    a.name = name;
    a.type = onnx::Attribute::Type::kInt;
    a.i = value;
    return a;
  }
  static onnx::Attribute Real(const char* name, float value) {
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
  static onnx::Attribute Ints(const char* name, std::vector<int64_t> values) {
    onnx::Attribute a;
    a.name = name;
    a.type = onnx::Attribute::Type::kInts;
    a.ints = std::move(values);
    return a;
  }
  std::string Node(const std::string& out, const char* op, std::vector<std::string> in,
                   std::vector<onnx::Attribute> attributes = {}) {
    model_.graph.nodes.push_back({out, op, "", std::move(in), {out}, std::move(attributes)});
    return out;
  }
  std::vector<float> Random(int64_t count, float spread) {
    std::uniform_real_distribution<float> uniform(-spread, spread);
    std::vector<float> numbers(static_cast<size_t>(count));
    for (float& x : numbers) x = uniform(random_);
    return numbers;
  }
  // Biases that a mid-grey picture cancels, for weights [out, ...]: what follows sees numbers around 0.
  static std::vector<float> GreyBiases(const std::vector<float>& weights, int64_t out) {
    const size_t each = weights.size() / static_cast<size_t>(out);
    std::vector<float> biases;
    for (size_t i = 0; i < weights.size(); i += each) {
      biases.push_back(-127.5f * std::accumulate(weights.begin() + static_cast<std::ptrdiff_t>(i),
                                                 weights.begin() + static_cast<std::ptrdiff_t>(i + each),
                                                 0.0f));
    }
    return biases;
  }
  Status Constant(const std::string& name, Shape shape, const std::vector<float>& numbers) {
    TEMPERA_ASSIGN_OR_RETURN(Tensor t, Tensor::Create(DataType::kFloat32, std::move(shape)));
    std::copy(numbers.begin(), numbers.end(), t.data<float>());
    model_.graph.initializers.push_back({name, std::move(t)});
    return OkStatus();
  }

  // Random integers of -most..most.
  Status Integers(const std::string& name, DataType type, Shape shape, int most) {
    TEMPERA_ASSIGN_OR_RETURN(Tensor t, Tensor::Create(type, std::move(shape)));
    std::uniform_int_distribution<int> uniform(-most, most);
    for (int64_t i = 0; i < t.element_count(); ++i) {
      const int number = uniform(random_);
      if (type == DataType::kInt8) {
        t.data<int8_t>()[i] = static_cast<int8_t>(number);
      } else {
        t.data<int32_t>()[i] = number;
      }
    }
    model_.graph.initializers.push_back({name, std::move(t)});
    return OkStatus();
  }

 private:
  onnx::Model model_;
  std::mt19937 random_{1};
};

}  // namespace tempera
