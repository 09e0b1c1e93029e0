#include "tests/door/net_builder.h"

#include <algorithm>
#include <numeric>

namespace tempera::door {

std::vector<std::string> NetBuilder::NodeOfSeveral(const char* op, std::vector<std::string> inputs,
                                                   size_t outputs, std::vector<onnx::Attribute> attributes) {
  const std::string name = op + std::to_string(model_.graph.nodes.size());
  std::vector<std::string> names;
  for (size_t i = 0; i < outputs; ++i) names.push_back(name + "_out" + std::to_string(i));
  model_.graph.nodes.push_back({name, op, "", std::move(inputs), names, std::move(attributes)});
  return names;
}

std::string NetBuilder::Node(const char* op, std::vector<std::string> inputs,
                             std::vector<onnx::Attribute> attributes) {
  return NodeOfSeveral(op, std::move(inputs), 1, std::move(attributes))[0];
}

std::string NetBuilder::Keep(Tensor t) {
  const std::string name = "k" + std::to_string(model_.graph.initializers.size());
  model_.graph.initializers.push_back({name, std::move(t)});
  return name;
}

std::string NetBuilder::Floats(const Shape& shape, float low, float high) {
  Tensor t = Tensor::Create(DataType::kFloat32, shape).value();
  for (int64_t i = 0; i < t.element_count(); ++i) t.data<float>()[i] = dice_.Uniform(low, high);
  return Keep(std::move(t));
}

std::string NetBuilder::Int64s(const std::vector<int64_t>& numbers) {
  Tensor t = Tensor::Create(DataType::kInt64, {static_cast<int64_t>(numbers.size())}).value();
  std::copy(numbers.begin(), numbers.end(), t.data<int64_t>());
  return Keep(std::move(t));
}

Extent NetBuilder::Times(Extent e, int num, int den) {
  e.num *= num, e.den *= den;
  const int common = std::gcd(e.num, e.den);
  e.num /= common, e.den /= common;
  return e;
}

}  // namespace tempera::door
