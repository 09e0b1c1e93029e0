// Decisions from bytes: one byte each while there are some (a fuzzer's), then numbers that follow from all of
// them. The same bytes and seed always decide the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace tempera::door {

class Dice {
 public:
  explicit Dice(std::span<const uint8_t> bytes, uint64_t seed = 0) : bytes_(bytes), state_(seed) {
    for (const uint8_t b : bytes) state_ = (state_ ^ b) * 0x100000001b3u;  // FNV-1a
  }

  // 0 to n - 1; n from 1 to 256.
  int Below(int n) { return (next_ < bytes_.size() ? bytes_[next_++] : static_cast<int>(Draw() >> 56)) % n; }
  bool OneIn(int n) { return Below(n) == n - 1; }
  template <typename T>
  T Pick(std::initializer_list<T> from) {
    return from.begin()[Below(static_cast<int>(from.size()))];
  }
  // From low to high; takes no byte.
  float Uniform(float low, float high) {
    return low + (high - low) * static_cast<float>(Draw() >> 40) / static_cast<float>(1 << 24);
  }
  uint8_t Byte() { return static_cast<uint8_t>(Draw() >> 56); }  // takes none either

 private:
  // splitmix64: Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators".
  uint64_t Draw() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  std::span<const uint8_t> bytes_;
  size_t next_ = 0;
  uint64_t state_;
};

}  // namespace tempera::door
