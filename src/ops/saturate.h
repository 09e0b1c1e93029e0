// Conversions between number types that are defined for every value.
#pragma once

#include <limits>
#include <type_traits>

namespace tempera::ops {

// Like static_cast, except that a floating value outside an integer type gives its nearest
// end, and NaN gives 0 (in C++ both are undefined).
template <typename To, typename From>
To SaturateCast(From value) {
  if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    if (value != value) return To{0};
    // The ends as From: for 64-bit integers max() rounds up to 2^63, hence >= below.
    constexpr From kLow = static_cast<From>(std::numeric_limits<To>::min());
    constexpr From kHigh = static_cast<From>(std::numeric_limits<To>::max());
    if (value <= kLow) return std::numeric_limits<To>::min();
    if (value >= kHigh) return std::numeric_limits<To>::max();
  }
  return static_cast<To>(value);
}

}  // namespace tempera::ops
