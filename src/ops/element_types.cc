#include "src/ops/element_types.h"

namespace tempera::ops {

Result<Tensor> ToFloat32(const Tensor& tensor) {
  if (tensor.dtype() == DataType::kFloat32) return tensor;
  TEMPERA_ASSIGN_OR_RETURN(Tensor out, Tensor::Create(DataType::kFloat32, tensor.shape()));
  TEMPERA_RETURN_IF_ERROR(DispatchFloating(tensor.dtype(), [&]<typename T>() {
    const T* from = tensor.data<T>();
    float* to = out.data<float>();
    for (int64_t i = 0; i < tensor.element_count(); ++i) to[i] = static_cast<float>(from[i]);
    return OkStatus();
  }));
  return out;
}

Status FromFloat32(const Tensor& from, Tensor* out) {
  return DispatchFloating(out->dtype(), [&]<typename T>() {
    const float* source = from.data<float>();
    T* to = out->data<T>();
    for (int64_t i = 0; i < from.element_count(); ++i) to[i] = static_cast<T>(source[i]);
    return OkStatus();
  });
}

}  // namespace tempera::ops
