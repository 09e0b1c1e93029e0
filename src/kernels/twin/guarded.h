// What tests of kernels work on: random numbers, and memory whose surroundings are watched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <vector>

namespace tempera::kernels {

// Numbers of [low, high), the same for the same seed.
inline std::vector<float> RandomNumbers(int64_t count, uint32_t seed, float low = -1, float high = 1) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> numbers(static_cast<size_t>(count));
  for (float& x : numbers) x = uniform(engine);
  return numbers;
}

// Numbers between two margins of canaries. They start at a multiple of 64 bytes, as everything in a plan's
// memory does, and hold canaries until they are written.
template <typename T>
class Guarded {
 public:
  static constexpr size_t kMarginBytes = 256;
  static constexpr uint8_t kCanary = 0xA5;  // -2.9e-16 in every float, and odd in every integer

  explicit Guarded(int64_t count) : bytes_(static_cast<size_t>(count) * sizeof(T)) {
    memory_.resize(Room());
    Clear();
  }
  explicit Guarded(std::span<const T> numbers) : Guarded(static_cast<int64_t>(numbers.size())) {
    if (bytes_ != 0) std::memcpy(data(), numbers.data(), bytes_);
  }
  Guarded(const Guarded& other) : Guarded(other.size()) {
    if (bytes_ != 0) std::memcpy(data(), other.data(), bytes_);
  }
  Guarded& operator=(const Guarded& other) {
    if (this != &other) *this = Guarded(other);
    return *this;
  }
  Guarded(Guarded&&) = default;
  Guarded& operator=(Guarded&&) = default;

  int64_t size() const { return static_cast<int64_t>(bytes_ / sizeof(T)); }
  T* data() { return reinterpret_cast<T*>(Start()); }
  const T* data() const { return reinterpret_cast<const T*>(const_cast<Guarded*>(this)->Start()); }
  T& operator[](int64_t i) { return data()[i]; }
  const T& operator[](int64_t i) const { return data()[i]; }
  std::span<const T> numbers() const { return {data(), static_cast<size_t>(size())}; }

  // Canaries everywhere.
  void Clear() { std::memset(memory_.data(), kCanary, memory_.size()); }

  // Nobody wrote beside the numbers.
  bool intact() const {
    const auto* const begin = memory_.data();
    const auto* const first = reinterpret_cast<const uint8_t*>(data());
    for (const uint8_t* p = begin; p < first; ++p) {
      if (*p != kCanary) return false;
    }
    for (const uint8_t* p = first + bytes_; p < begin + memory_.size(); ++p) {
      if (*p != kCanary) return false;
    }
    return true;
  }

 private:
  size_t Room() const { return bytes_ + 2 * kMarginBytes + 64; }
  uint8_t* Start() {
    const auto at = reinterpret_cast<uintptr_t>(memory_.data()) + kMarginBytes;
    return memory_.data() + ((at + 63) / 64 * 64 - at) + kMarginBytes;
  }

  size_t bytes_;
  std::vector<uint8_t> memory_;  // a vector's memory stays where it is when the vector is moved
};

}  // namespace tempera::kernels
