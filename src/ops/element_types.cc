#include "src/ops/element_types.h"

#include <cmath>
#include <cstring>

namespace tempera::ops {

float HalfToFloat(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1fu;
  const uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 0) {  // zero and subnormals: mantissa * 2^-24
    const float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
    return sign ? -magnitude : magnitude;
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

uint16_t FloatToHalf(float value) {
  const uint32_t f = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((f >> 16) & 0x8000u);
  const uint32_t magnitude = f & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return sign | 0x7e00u;   // NaN
  if (magnitude >= 0x47800000u) return sign | 0x7c00u;  // 65536 and above, infinity
  if (magnitude < 0x38800000u) {                        // below 2^-14: subnormal, steps of 2^-24
    const float steps = std::nearbyint(std::ldexp(std::bit_cast<float>(magnitude), 24));
    return static_cast<uint16_t>(sign | static_cast<uint16_t>(steps));
  }
  // Round to nearest even at bit 13; a carry into the exponent is right, up to infinity.
  const uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
  return static_cast<uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
}

float BfloatToFloat(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

uint16_t FloatToBfloat(float value) {
  const uint32_t f = std::bit_cast<uint32_t>(value);
  if ((f & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((f >> 16) | 0x40u);
  return static_cast<uint16_t>((f + 0x7fffu + ((f >> 16) & 1u)) >> 16);
}

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
