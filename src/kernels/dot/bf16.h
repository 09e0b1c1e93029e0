// bfloat16 as bits: the upper half of an fp32.
#pragma once

#include <bit>
#include <cstdint>

namespace tempera::kernels {

inline float FromBf16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
// To nearest, ties to even. x is finite and below the largest bf16.
inline uint16_t ToBf16(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
// The largest bf16; what is beyond is clamped, so that a product with a zero weight stays zero.
inline constexpr float kMostBf16 = 3.38953139e38f;

}  // namespace tempera::kernels
