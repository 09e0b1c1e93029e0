// A fingerprint of bytes, 128 bits wide: MurmurHash3_x64_128 (Austin Appleby, 2011), which reads some
// gigabytes a second. It tells things apart that differ by accident; whoever wants to can make two of one
// digest.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tempera {

struct Digest {
  uint64_t low = 0, high = 0;
  bool operator==(const Digest&) const = default;
};

// 32 hexadecimal digits, `low` first.
std::string Hex(const Digest& digest);

// Of `bytes` behind what `before` stands for; Digest{} where nothing is.
Digest DigestOf(std::span<const uint8_t> bytes, const Digest& before = {});

// A digest of several things, one after the other. Each counts with its length, so that "ab", "c" is not
// "a", "bc".
class Digester {
 public:
  void Add(int64_t number);
  void Add(double number);
  void Add(std::string_view text);
  void Add(std::span<const uint8_t> bytes);
  const Digest& digest() const { return digest_; }

 private:
  Digest digest_ = {1, 1};  // nothing behind nothing would be nothing again
};

}  // namespace tempera
