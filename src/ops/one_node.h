// For the tests of this room: one operator on given tensors, as a graph of one node would run it.
#pragma once

#include <cstring>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "src/onnx/attributes.h"
#include "src/ops/op.h"

namespace tempera::ops {

using onnx::FloatAttribute;
using onnx::FloatsAttribute;
using onnx::IntAttribute;
using onnx::IntsAttribute;
using onnx::TextAttribute;

template <typename T>
Tensor TensorOf(DataType type, Shape shape, const std::vector<T>& values) {
  Tensor t = Tensor::Create(type, std::move(shape)).value();
  std::copy(values.begin(), values.end(), t.data<T>());
  return t;
}
inline Tensor Floats(Shape shape, const std::vector<float>& v) {
  return TensorOf(DataType::kFloat32, std::move(shape), v);
}
inline Tensor Longs(const std::vector<int64_t>& v) {
  return TensorOf(DataType::kInt64, {static_cast<int64_t>(v.size())}, v);
}
inline std::vector<float> FloatsIn(const Tensor& t) {
  return {t.data<float>(), t.data<float>() + t.element_count()};
}

// Inputs that are not defined() stand for absent ones.
inline Result<std::vector<Tensor>> RunOneNode(std::string op_type, std::vector<onnx::Attribute> attributes,
                                              const std::vector<Tensor>& inputs, int opset = 17,
                                              size_t outputs = 1) {
  graph::Node node;
  node.name = "n";
  node.op_type = std::move(op_type);
  node.attributes = graph::Attributes(std::move(attributes));
  std::vector<const TensorInfo*> infos;
  std::vector<const Tensor*> tensors;
  for (const Tensor& t : inputs) {
    infos.push_back(t.defined() ? &t.info() : nullptr);
    tensors.push_back(t.defined() ? &t : nullptr);
  }
  for (size_t i = 0; i < outputs; ++i) node.outputs.push_back(static_cast<graph::ValueId>(i));
  const Operator* op = FindOperator(node.op_type);
  if (op == nullptr) return Unsupported("no such operator");
  std::vector<TensorInfo> out_infos(outputs);
  InferContext infer{node, opset, infos, tensors, out_infos};
  TEMPERA_RETURN_IF_ERROR(op->infer(infer));
  std::vector<Tensor> out(outputs);
  std::vector<Tensor*> out_pointers;
  for (size_t i = 0; i < outputs; ++i) {
    TEMPERA_ASSIGN_OR_RETURN(out[i], Tensor::Create(out_infos[i].dtype, out_infos[i].shape));
    // In a session it is memory that other steps have used.
    if (out[i].size_bytes() > 0) std::memset(out[i].raw(), 0xa5, out[i].size_bytes());
    out_pointers.push_back(&out[i]);
  }
  TEMPERA_RETURN_IF_ERROR(Compute(*op, {node, opset, tensors, out_pointers}));
  return out;
}

}  // namespace tempera::ops
