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

namespace {

// From any type to its wide one, and back.
template <typename T, typename Wide>
void Convert(const T* from, int64_t count, Wide* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<Wide>(from[i]);
}

Status ConvertAll(const Tensor& from, Tensor* to) {
  const int64_t count = from.element_count();
  const DataType narrow = WideType(from.dtype()) == from.dtype() ? to->dtype() : from.dtype();
  const bool widens = narrow == from.dtype();
  if (narrow == DataType::kBool) {
    if (widens) Convert(from.data<uint8_t>(), count, to->data<uint64_t>());
    if (!widens) Convert(from.data<uint64_t>(), count, to->data<uint8_t>());
    return OkStatus();
  }
  return DispatchNumeric(narrow, [&]<typename T>() {
    using Wide =
        std::conditional_t<kIsFloating<T>, std::conditional_t<std::is_same_v<T, double>, double, float>,
                           std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>>;
    if (widens) Convert(from.data<T>(), count, to->data<Wide>());
    if (!widens) Convert(from.data<Wide>(), count, to->data<T>());
    return OkStatus();
  });
}

}  // namespace

Result<Widened> Widened::Of(const Tensor& tensor) {
  Widened w;
  w.given_ = &tensor;
  if (WideType(tensor.dtype()) == tensor.dtype()) return w;
  TEMPERA_ASSIGN_OR_RETURN(w.copy_, Tensor::Create(WideType(tensor.dtype()), tensor.shape()));
  TEMPERA_RETURN_IF_ERROR(ConvertAll(tensor, &w.copy_));
  return w;
}

Result<WideOutput> WideOutput::For(Tensor* out) {
  WideOutput w;
  w.out_ = out;
  if (WideType(out->dtype()) == out->dtype()) return w;
  TEMPERA_ASSIGN_OR_RETURN(w.copy_, Tensor::Create(WideType(out->dtype()), out->shape()));
  return w;
}

Status WideOutput::Store() const { return copy_.defined() ? ConvertAll(copy_, out_) : OkStatus(); }

}  // namespace tempera::ops
