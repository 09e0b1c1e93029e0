#include "src/base/aligned_buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "src/base/memory.h"
#include "src/base/platform/platform.h"

namespace tempera {
namespace {

#if defined(__wasm__)
// No huge pages, and a memory that cannot grow, where nothing small may settle amid the room of a plan: the
// next one, of the same size, would not fit. An allocator asked for an alignment takes more, and gives back
// what lies before and behind for small ones; so ours asks for one piece, and remembers its start before the
// first byte. What is small goes to the smallest gap: one is left before each large buffer.
constexpr size_t kBefore = sizeof(void*), kLarge = size_t{1} << 20, kGap = size_t{1} << 19;
void* AllocateAligned(size_t size) {
  if (size > SIZE_MAX / 2) return nullptr;
  const size_t whole = size + AlignedBuffer::kAlignment + kBefore;
  void* const gap = size < kLarge ? nullptr : std::malloc(kGap);
  auto* piece = static_cast<uint8_t*>(std::malloc(whole));
  std::free(gap);
  if (piece == nullptr && gap != nullptr) piece = static_cast<uint8_t*>(std::malloc(whole));
  if (piece == nullptr) return nullptr;
  const auto at = reinterpret_cast<uintptr_t>(piece) + kBefore;
  uint8_t* const data = piece + kBefore + (0 - at) % AlignedBuffer::kAlignment;
  std::memcpy(data - kBefore, &piece, sizeof(piece));
  return data;
}
void FreeAligned(uint8_t* data) {
  if (data == nullptr) return;
  void* piece = nullptr;
  std::memcpy(&piece, data - kBefore, sizeof(piece));
  std::free(piece);
}
#else
// From here on a buffer starts on a huge page and asks Linux for more of them: at 3840x2160 a network's
// planes otherwise lie on more 4 KiB pages than a processor keeps track of, and each row of each channel
// waits for a walk of the page table.
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kHugeFrom = 2 * kHugePage;

// Not aligned_alloc: C leaves it undefined for a size that is no multiple of the alignment.
void* AllocateAligned(size_t size) {
  void* p = nullptr;
  const size_t alignment = size >= kHugeFrom ? kHugePage : AlignedBuffer::kAlignment;
  if (posix_memalign(&p, alignment, size) != 0) return nullptr;
  if (size >= kHugeFrom) platform::AskForHugePages(p, size, kHugePage);
  return p;
}
void FreeAligned(uint8_t* data) { std::free(data); }
#endif

}  // namespace

AlignedBuffer::~AlignedBuffer() { FreeAligned(data_); }

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
  const size_t rounded = std::max(size_bytes + kAlignment - 1, kAlignment) / kAlignment * kAlignment;
  void* const p = AllocateAligned(rounded);
  if (p == nullptr) {
    return OutOfMemory("a buffer of " + BytesToString(static_cast<double>(size_bytes)) +
                       " does not fit into memory; use a smaller size");
  }
  std::memset(p, 0, rounded);
  AlignedBuffer buffer;
  buffer.data_ = static_cast<uint8_t*>(p);
  buffer.size_bytes_ = size_bytes;
  return buffer;
}

}  // namespace tempera
