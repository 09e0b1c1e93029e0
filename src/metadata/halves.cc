#include <utility>

#include "src/base/half.h"
#include "src/metadata/picture_ends.h"

namespace tempera::metadata {

using graph::Graph;
using graph::Node;

namespace {

bool IsHalf(DataType dtype) { return dtype == DataType::kFloat16 || dtype == DataType::kBfloat16; }

Status Widen(Tensor* t) {
  if (!IsHalf(t->dtype())) return OkStatus();
  TEMPERA_ASSIGN_OR_RETURN(Tensor wide, Tensor::Create(DataType::kFloat32, t->shape()));
  const bool ieee = t->dtype() == DataType::kFloat16;
  const uint16_t* from = t->data<uint16_t>();
  for (int64_t i = 0; i < t->element_count(); ++i)
    wide.data<float>()[i] = ieee ? HalfToFloat(from[i]) : BfloatToFloat(from[i]);
  *t = std::move(wide);
  return OkStatus();
}

}  // namespace

Status WidenHalves(Graph* model) {
  for (graph::Value& value : model->values) {
    if (value.constant) TEMPERA_RETURN_IF_ERROR(Widen(&*value.constant));
    if (IsHalf(value.info.dtype)) value.info.dtype = DataType::kFloat32;
  }
  for (Node& node : model->nodes) {
    for (onnx::Attribute attribute : node.attributes.list()) {
      const bool is_type = attribute.name == "to" || attribute.name == "dtype";
      if (is_type && IsHalf(static_cast<DataType>(attribute.i))) {
        attribute.i = static_cast<int64_t>(DataType::kFloat32);
      } else if (attribute.type == onnx::Attribute::Type::kTensor && IsHalf(attribute.t.dtype())) {
        TEMPERA_RETURN_IF_ERROR(Widen(&attribute.t));
      } else {
        continue;
      }
      node.attributes.Set(std::move(attribute));
      break;  // the list has changed; a node has one type, and one tensor, at most
    }
  }
  return OkStatus();
}

}  // namespace tempera::metadata
