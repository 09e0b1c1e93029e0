// Numbers out of, and into, bytes that nobody vouches for. Private to media/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace tempera::media {

using Bytes = std::vector<uint8_t>;
using ByteSpan = std::span<const uint8_t>;

// Reads in one byte order; what lies beyond the end is 0.
class ByteView {
 public:
  ByteView(ByteSpan bytes, bool big_endian) : bytes_(bytes), big_(big_endian) {}

  size_t size() const { return bytes_.size(); }
  ByteSpan bytes() const { return bytes_; }
  bool big_endian() const { return big_; }
  bool Has(uint64_t at, uint64_t count) const { return at <= bytes_.size() && count <= bytes_.size() - at; }
  // `count` bytes from `at`, or nothing where they are not all there.
  ByteSpan Part(uint64_t at, uint64_t count) const {
    return Has(at, count) ? bytes_.subspan(at, count) : ByteSpan();
  }
  bool Is(uint64_t at, std::string_view word) const {
    return Has(at, word.size()) && std::memcmp(bytes_.data() + at, word.data(), word.size()) == 0;
  }
  uint32_t U8(uint64_t at) const { return Has(at, 1) ? bytes_[at] : 0; }
  uint32_t U16(uint64_t at) const { return Number(at, 2); }
  uint32_t U24(uint64_t at) const { return Number(at, 3); }
  uint32_t U32(uint64_t at) const { return Number(at, 4); }
  uint64_t U64(uint64_t at) const {
    if (!Has(at, 8)) return 0;
    const uint64_t first = U32(at), second = U32(at + 4);
    return big_ ? first << 32 | second : second << 32 | first;
  }

 private:
  uint32_t Number(uint64_t at, int count) const {
    if (!Has(at, count)) return 0;
    uint32_t n = 0;
    for (int i = 0; i < count; ++i) n = n << 8 | bytes_[at + (big_ ? i : count - 1 - i)];
    return n;
  }

  ByteSpan bytes_;
  bool big_;
};

inline void PutNumber(Bytes* to, uint32_t n, int count, bool big_endian) {
  for (int i = 0; i < count; ++i) {
    to->push_back(static_cast<uint8_t>(n >> 8 * (big_endian ? count - 1 - i : i)));
  }
}
inline void PutBytes(Bytes* to, ByteSpan from) { to->insert(to->end(), from.begin(), from.end()); }
inline void PutWord(Bytes* to, std::string_view word) { to->insert(to->end(), word.begin(), word.end()); }

// Overwrites a number in place; bytes that are not there stay away.
inline void SetNumber(Bytes* in, uint64_t at, uint32_t n, int count, bool big_endian) {
  if (at > in->size() || static_cast<uint64_t>(count) > in->size() - at) return;
  for (int i = 0; i < count; ++i)
    (*in)[at + i] = static_cast<uint8_t>(n >> 8 * (big_endian ? count - 1 - i : i));
}

}  // namespace tempera::media
