#include "src/base/aligned_buffer.h"

#include <cstdlib>
#include <cstring>
#include <string>

namespace tempera {

AlignedBuffer::~AlignedBuffer() { std::free(data_); }

Result<AlignedBuffer> AlignedBuffer::Allocate(size_t size_bytes) {
  const size_t limit = SIZE_MAX / 2;
  const size_t rounded = (size_bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* p = size_bytes > limit ? nullptr : std::aligned_alloc(kAlignment, rounded ? rounded : kAlignment);
  if (p == nullptr) {
    return OutOfMemory("not enough memory for a buffer of " + std::to_string(size_bytes >> 20) +
                       " MiB; use a smaller frame size");
  }
  std::memset(p, 0, rounded ? rounded : kAlignment);
  AlignedBuffer buffer;
  buffer.data_ = static_cast<uint8_t*>(p);
  buffer.size_bytes_ = size_bytes;
  return buffer;
}

}  // namespace tempera
