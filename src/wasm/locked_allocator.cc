// Debian's wasi-libc is made for one thread. The linker sends every call of its allocator here (--wrap).
#include <cstddef>

#include "src/base/lock.h"

extern "C" {

void* __real_malloc(size_t);
void* __real_calloc(size_t, size_t);
void* __real_realloc(void*, size_t);
void* __real_aligned_alloc(size_t, size_t);
int __real_posix_memalign(void**, size_t, size_t);
void __real_free(void*);

static tempera::Mutex g_allocator;

void* __wrap_malloc(size_t bytes) {
  const tempera::Locked lock(g_allocator);
  return __real_malloc(bytes);
}
void* __wrap_calloc(size_t count, size_t bytes) {
  const tempera::Locked lock(g_allocator);
  return __real_calloc(count, bytes);
}
void* __wrap_realloc(void* memory, size_t bytes) {
  const tempera::Locked lock(g_allocator);
  return __real_realloc(memory, bytes);
}
void* __wrap_aligned_alloc(size_t alignment, size_t bytes) {
  const tempera::Locked lock(g_allocator);
  return __real_aligned_alloc(alignment, bytes);
}
int __wrap_posix_memalign(void** memory, size_t alignment, size_t bytes) {
  const tempera::Locked lock(g_allocator);
  return __real_posix_memalign(memory, alignment, bytes);
}
void __wrap_free(void* memory) {
  const tempera::Locked lock(g_allocator);
  __real_free(memory);
}

}  // extern "C"
