// fp16 as bits, one number at a time and without any vector, for tests.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace tempera::kernels {

inline float FromHalf(uint16_t half) {
  const int exponent = half >> 10 & 31, fraction = half & 1023;
  const float magnitude = exponent == 31  ? (fraction != 0 ? NAN : INFINITY)
                          : exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                          : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
  return half >> 15 != 0 ? -magnitude : magnitude;
}

// To nearest, ties to even; too large becomes infinite.
inline uint16_t ToHalf(float x) {
  const uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  const float magnitude = std::abs(x);
  if (!(magnitude < 65520.0f)) return static_cast<uint16_t>(sign | 0x7c00);
  int exponent;
  std::frexp(magnitude, &exponent);
  const int power = std::max(exponent, -13) - 11;  // of the last bit
  const auto bits = static_cast<int>(std::nearbyint(std::ldexp(magnitude, -power)));
  // 2^11 carries over into the exponent by itself.
  const int encoded = bits < 1024 ? bits : ((power + 24) << 10) + bits;
  return static_cast<uint16_t>(sign | encoded);
}

}  // namespace tempera::kernels
