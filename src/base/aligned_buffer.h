// Owned, 64-byte aligned bytes. Movable, not copyable. Never throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "src/base/status.h"

namespace tempera {

class AlignedBuffer {
 public:
  // A full cache line, and the widest vector (AVX-512).
  static constexpr size_t kAlignment = 64;

  AlignedBuffer() = default;
  ~AlignedBuffer();
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_bytes_, other.size_bytes_);
    return *this;
  }

  // Zero-filled. Out of memory comes back as a status, with the size in MiB. The size has 64 bits where
  // addresses have 32 too: what is beyond them is refused, not taken modulo 4 GiB.
  static Result<AlignedBuffer> Allocate(uint64_t size_bytes);

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size_bytes() const { return size_bytes_; }

 private:
  uint8_t* data_ = nullptr;
  size_t size_bytes_ = 0;
};

}  // namespace tempera
