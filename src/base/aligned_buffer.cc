#include "src/base/aligned_buffer.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "src/base/memory.h"
#include "src/base/platform/platform.h"

namespace tempera {
namespace {

// From here on a buffer starts on a huge page and asks Linux for more of them: at 3840x2160 a network's
// planes otherwise lie on more 4 KiB pages than a processor keeps track of, and each row of each channel
// waits for a walk of the page table.
constexpr size_t kHugePage = size_t{2} << 20;
#if defined(__wasm__)
// None there, and every alignment leaves a hole that large in a memory that cannot grow.
constexpr size_t kHugeFrom = SIZE_MAX;
#else
constexpr size_t kHugeFrom = 2 * kHugePage;
#endif

}  // namespace

AlignedBuffer::~AlignedBuffer() { std::free(data_); }

Result<AlignedBuffer> AlignedBuffer::Allocate(uint64_t asked) {
  // No object is larger than what a ptrdiff_t counts.
  if (asked > SIZE_MAX / 2) {
    return OutOfMemory("a buffer of " + BytesToString(static_cast<double>(asked)) +
                       " does not fit into memory; use a smaller size");
  }
  const auto size_bytes = static_cast<size_t>(asked);
  // Small ones are not worth the question (some 30 us).
  constexpr size_t kAsksFrom = size_t{64} << 20;
  const size_t available = size_bytes < kAsksFrom ? SIZE_MAX : AvailableMemoryBytes();
  if (size_bytes > available) {
    return OutOfMemory("a buffer of " + BytesToString(static_cast<double>(size_bytes)) +
                       " does not fit into memory (" + BytesToString(static_cast<double>(available)) +
                       " free); use a smaller size");
  }
  const size_t rounded = (size_bytes + kAlignment - 1) / kAlignment * kAlignment;
  const size_t alignment = rounded >= kHugeFrom ? kHugePage : kAlignment;
  // Not aligned_alloc: C leaves it undefined for a size that is no multiple of the alignment.
  void* p = nullptr;
  if (posix_memalign(&p, alignment, rounded ? rounded : kAlignment) != 0) {
    return OutOfMemory("a buffer of " + BytesToString(static_cast<double>(size_bytes)) +
                       " does not fit into memory; use a smaller size");
  }
  if (rounded >= kHugeFrom) platform::AskForHugePages(p, rounded, kHugePage);
  std::memset(p, 0, rounded ? rounded : kAlignment);
  AlignedBuffer buffer;
  buffer.data_ = static_cast<uint8_t*>(p);
  buffer.size_bytes_ = size_bytes;
  return buffer;
}

}  // namespace tempera
