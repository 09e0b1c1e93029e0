#include "src/base/aligned_buffer.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "src/base/memory.h"

namespace tempera {

AlignedBuffer::~AlignedBuffer() { std::free(data_); }

Result<AlignedBuffer> AlignedBuffer::Allocate(size_t size_bytes) {
  const size_t limit = SIZE_MAX / 2;
  // Small ones are not worth the question (some 30 us).
  constexpr size_t kAsksFrom = size_t{64} << 20;
  const size_t available = size_bytes < kAsksFrom ? SIZE_MAX : AvailableMemoryBytes();
  if (size_bytes > available) {
    return OutOfMemory("a buffer of " + BytesToString(static_cast<double>(size_bytes)) +
                       " does not fit into memory (" + BytesToString(static_cast<double>(available)) +
                       " free); use a smaller size");
  }
  const size_t rounded = (size_bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* p = size_bytes > limit ? nullptr : std::aligned_alloc(kAlignment, rounded ? rounded : kAlignment);
  if (p == nullptr) {
    return OutOfMemory("a buffer of " + BytesToString(static_cast<double>(size_bytes)) +
                       " does not fit into memory; use a smaller size");
  }
  std::memset(p, 0, rounded ? rounded : kAlignment);
  AlignedBuffer buffer;
  buffer.data_ = static_cast<uint8_t*>(p);
  buffer.size_bytes_ = size_bytes;
  return buffer;
}

}  // namespace tempera
