// The sized structs of tempera.h, read as its rule says: what an older caller does not know has its default,
// zero; what a newer caller sets and we do not know is refused.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "src/base/status.h"

namespace tempera::stylize {

// No struct of ours will ever be as large: beyond, struct_size is a number that was never set.
inline constexpr size_t kMostStructBytes = 4096;

// A copy of *given, whose first field is size_t struct_size. `least` bytes are what a caller cannot be
// without; `type` begins the messages. `given` is not NULL, and need not be aligned.
template <typename T>
Status ReadSized(const T* given, size_t least, const char* type, T* out) {
  static_assert(offsetof(T, struct_size) == 0 && sizeof(T::struct_size) == sizeof(size_t));
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  size_t size;
  std::memcpy(&size, bytes, sizeof(size));
  if (size < least || size > kMostStructBytes) {
    return InvalidArgument(std::string(type) + ".struct_size is " + std::to_string(size) +
                           "; set it to sizeof(" + type + "), as the INIT macro of tempera.h does");
  }
  for (size_t i = sizeof(T); i < size; ++i) {
    if (bytes[i] == 0) continue;
    return Unsupported(std::string(type) + " has " + std::to_string(size) +
                       " bytes, of which this library knows " + std::to_string(sizeof(T)) + ", and byte " +
                       std::to_string(i) +
                       " is set: it asks for something newer; leave that at 0, or use a newer libtempera");
  }
  *out = T{};
  std::memcpy(out, bytes, std::min(size, sizeof(T)));
  out->struct_size = sizeof(T);
  return OkStatus();
}

// Fills a caller's struct, as far as the caller knows it; what it knows beyond is zero.
template <typename T>
Status WriteSized(const T& told, size_t least, const char* type, T* given) {
  auto* bytes = reinterpret_cast<unsigned char*>(given);
  size_t size;
  std::memcpy(&size, bytes, sizeof(size));
  if (size < least || size > kMostStructBytes) {
    return InvalidArgument(std::string(type) + ".struct_size is " + std::to_string(size) +
                           "; set it to sizeof(" + type + "), as the INIT macro of tempera.h does");
  }
  const size_t known = std::min(size, sizeof(T));
  std::memcpy(bytes + sizeof(size), reinterpret_cast<const unsigned char*>(&told) + sizeof(size),
              known - sizeof(size));
  std::memset(bytes + known, 0, size - known);
  return OkStatus();
}

// Where a caller's struct ends before a field, the field is its default; this is the size that ends behind
// it.
#define TEMPERA_SIZE_THROUGH(type, field) (offsetof(type, field) + sizeof(type::field))

}  // namespace tempera::stylize
