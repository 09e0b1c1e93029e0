// Sizes are checked before they are multiplied: models and media are untrusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tempera {

// False, and *out untouched, when the product or sum does not fit.
inline bool CheckedMul(int64_t a, int64_t b, int64_t* out) {
  int64_t r;
  if (__builtin_mul_overflow(a, b, &r)) return false;
  *out = r;
  return true;
}
inline bool CheckedAdd(int64_t a, int64_t b, int64_t* out) {
  int64_t r;
  if (__builtin_add_overflow(a, b, &r)) return false;
  *out = r;
  return true;
}

// The most bytes of one tensor. Where addresses have 32 bits, a quarter of what they reach: a few times a
// tensor's bytes (padded channels, another type) is still a size_t.
inline constexpr int64_t kMostTensorBytes = sizeof(size_t) < 8 ? int64_t{1} << 30 : int64_t{16} << 30;

// Product of non-negative dims; false on a negative dim, and where the dims other than zero
// multiply to more than any tensor's bytes: beside a zero too, so that whoever multiplies some
// of a checked shape's dims, and the size of an element, cannot overflow, and each dim is a size_t.
inline bool CheckedElementCount(std::span<const int64_t> dims, int64_t* out) {
  constexpr int64_t kMost = sizeof(size_t) < 8 ? kMostTensorBytes : INT64_MAX / 16;
  int64_t n = 1;
  bool zero = false;
  for (int64_t d : dims) {
    if (d < 0) return false;
    zero = zero || d == 0;
    if (d != 0 && (!CheckedMul(n, d, &n) || n > kMost)) return false;
  }
  *out = zero ? 0 : n;
  return true;
}

inline int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t RoundUp(int64_t a, int64_t multiple) { return CeilDiv(a, multiple) * multiple; }

}  // namespace tempera
