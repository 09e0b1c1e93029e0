// Small models written in memory for the tests of this room.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "src/onnx/writer.h"

namespace tempera::stylize {

struct TestModel {
  onnx::Model model;

  // One float input "input" with these dims (-1 = open) and one output "output".
  explicit TestModel(std::vector<int64_t> dims = {1, 3, -1, -1}) {
    onnx::ValueInfo v;
    v.dtype = DataType::kFloat32;
    v.has_shape = true;
    for (int64_t d : dims) v.shape.push_back({d, d < 0 ? "N" + std::to_string(v.shape.size()) : ""});
    v.name = "input";
    model.graph.inputs.push_back(v);
    onnx::ValueInfo out;
    out.dtype = DataType::kFloat32;
    out.name = "output";
    model.graph.outputs.push_back(out);
  }

  TestModel& Constant(const std::string& name, Shape shape, const std::vector<float>& values) {
    Tensor t = *Tensor::Create(DataType::kFloat32, std::move(shape));
    for (size_t i = 0; i < values.size(); ++i) t.data<float>()[i] = values[i];
    model.graph.initializers.push_back({name, t});
    return *this;
  }
  TestModel& Constant(const std::string& name, const std::vector<int64_t>& values) {
    Tensor t = *Tensor::Create(DataType::kInt64, {static_cast<int64_t>(values.size())});
    for (size_t i = 0; i < values.size(); ++i) t.data<int64_t>()[i] = values[i];
    model.graph.initializers.push_back({name, t});
    return *this;
  }
  TestModel& Node(const std::string& op, std::vector<std::string> inputs, const std::string& output) {
    onnx::Node node;
    node.name = op + "_" + std::to_string(model.graph.nodes.size());
    node.op_type = op;
    node.inputs = std::move(inputs);
    node.outputs = {output};
    model.graph.nodes.push_back(node);
    return *this;
  }
  TestModel& Ints(const std::string& name, std::vector<int64_t> values) {
    onnx::Attribute a;
    a.name = name;
    a.type = onnx::Attribute::Type::kInts;
    a.ints = std::move(values);
    model.graph.nodes.back().attributes.push_back(a);
    return *this;
  }
  TestModel& Metadata(const std::string& key, const std::string& value) {
    model.metadata_props.emplace_back(key, value);
    return *this;
  }
  std::string Bytes() const { return *onnx::WriteModel(model); }
};

// output = gain * input + offset
inline TestModel AffineModel(float gain, float offset, std::vector<int64_t> dims = {1, 3, -1, -1}) {
  TestModel m(std::move(dims));
  m.Constant("gain", {1}, {gain}).Constant("offset", {1}, {offset});
  m.Node("Mul", {"input", "gain"}, "scaled").Node("Add", {"scaled", "offset"}, "output");
  return m;
}

}  // namespace tempera::stylize
