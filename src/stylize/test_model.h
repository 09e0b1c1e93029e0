// Small models written in memory for the tests of this room.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "src/onnx/model_builder.h"
#include "src/onnx/writer.h"

namespace tempera::stylize {

// Its makers return it, to be written as chains of calls, and values have the names that they are given.
class TestModel : public onnx::ModelBuilder {
 public:
  // One float input "input" with these dims (-1 = open) and one output "output".
  explicit TestModel(const std::vector<int64_t>& dims = {1, 3, -1, -1}) : ModelBuilder(17) {
    Input("input", dims);
    Output("output");
  }

  TestModel& Constant(const std::string& name, Shape shape, const std::vector<float>& values) {
    ModelBuilder::Constant(name, std::move(shape), values);
    return *this;
  }
  TestModel& Constant(const std::string& name, const std::vector<int64_t>& values) {
    ModelBuilder::Constant(name, {static_cast<int64_t>(values.size())}, values);
    return *this;
  }
  TestModel& Node(const std::string& op, std::vector<std::string> inputs, const std::string& output) {
    NamedNode(output, op, std::move(inputs));
    return *this;
  }
  // Of the last node.
  TestModel& Ints(const std::string& name, std::vector<int64_t> values) {
    graph().nodes.back().attributes.push_back(onnx::IntsAttribute(name, std::move(values)));
    return *this;
  }
  TestModel& Metadata(const std::string& key, const std::string& value) {
    ModelBuilder::Metadata(key, value);
    return *this;
  }
  std::string Bytes() const { return *onnx::WriteModel(model()); }
};

// output = gain * input + offset
inline TestModel AffineModel(float gain, float offset, const std::vector<int64_t>& dims = {1, 3, -1, -1}) {
  TestModel m(dims);
  m.Constant("gain", {1}, {gain}).Constant("offset", {1}, {offset});
  m.Node("Mul", {"input", "gain"}, "scaled").Node("Add", {"scaled", "offset"}, "output");
  return m;
}

}  // namespace tempera::stylize
