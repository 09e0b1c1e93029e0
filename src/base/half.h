// 16-bit floats as bits: IEEE 754 binary16 and bfloat16, the upper half of a float. The one copy: kernels'
// vectors (nhwc/half-inl.h) are compared with it.
#pragma once

#include <bit>
#include <cstdint>

namespace tempera {

// Round to nearest even; infinities and NaN are kept, what is too large becomes infinite.
float HalfToFloat(uint16_t bits);
uint16_t FloatToHalf(float value);

inline float BfloatToFloat(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
// Round to nearest even, NaN kept.
inline uint16_t FloatToBfloat(float value) {
  const uint32_t f = std::bit_cast<uint32_t>(value);
  if ((f & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((f >> 16) | 0x40u);
  return static_cast<uint16_t>((f + 0x7fffu + ((f >> 16) & 1u)) >> 16);
}
// The largest bfloat16.
inline constexpr float kMostBfloat = 3.38953139e38f;

}  // namespace tempera
