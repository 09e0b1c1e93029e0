#include "src/base/digest.h"

#include <bit>
#include <cstring>

namespace tempera {
namespace {

constexpr uint64_t kC1 = 0x87c37b91114253d5, kC2 = 0x4cf5ad432745937f;

uint64_t Mix1(uint64_t k) { return std::rotl(k * kC1, 31) * kC2; }
uint64_t Mix2(uint64_t k) { return std::rotl(k * kC2, 33) * kC1; }

uint64_t Finish(uint64_t h) {
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
  return h ^ (h >> 33);
}

}  // namespace

std::string Hex(const Digest& digest) {
  std::string text;
  for (uint64_t half : {digest.low, digest.high}) {
    for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[(half >> shift) & 15];
  }
  return text;
}

Digest DigestOf(std::span<const uint8_t> bytes, const Digest& before) {
  uint64_t h1 = before.low, h2 = before.high;
  const size_t whole = bytes.size() / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) {
    uint64_t k[2];
    std::memcpy(k, bytes.data() + i, 16);
    h1 = (std::rotl(h1 ^ Mix1(k[0]), 27) + h2) * 5 + 0x52dce729;
    h2 = (std::rotl(h2 ^ Mix2(k[1]), 31) + h1) * 5 + 0x38495ab5;
  }
  if (whole < bytes.size()) {
    // Missing bytes are zeros; Mix of zero is zero, as in the original, which leaves the half out.
    uint64_t k[2] = {};
    std::memcpy(k, bytes.data() + whole, bytes.size() - whole);
    h1 ^= Mix1(k[0]);
    h2 ^= Mix2(k[1]);
  }
  h1 ^= bytes.size();
  h2 ^= bytes.size();
  h1 += h2;
  h2 += h1;
  h1 = Finish(h1);
  h2 = Finish(h2);
  h1 += h2;
  h2 += h1;
  return {h1, h2};
}

void Digester::Add(int64_t number) {
  uint8_t bytes[sizeof(number)];
  std::memcpy(bytes, &number, sizeof(number));
  digest_ = DigestOf(bytes, digest_);
}

void Digester::Add(double number) { Add(std::bit_cast<int64_t>(number)); }

void Digester::Add(std::string_view text) {
  Add(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

void Digester::Add(std::span<const uint8_t> bytes) { digest_ = DigestOf(bytes, digest_); }

}  // namespace tempera
