// Nodes and constants added to a graph that is written as a file.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "src/onnx/model.h"

namespace tempera::train {

class OnnxBuilder {
 public:
  // The graph must outlive this.
  explicit OnnxBuilder(onnx::Graph& graph) : graph_(graph) {}

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

  // A constant kept in 16 bits behind a Cast to 32, as the file of many styles keeps its weights.
  Result<std::string> Half(const std::string& name, const Shape& shape, const std::vector<float>& values);

 private:
  onnx::Graph& graph_;
};

}  // namespace tempera::train
