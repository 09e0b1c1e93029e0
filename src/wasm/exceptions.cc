// Exceptions. Debian's libc++abi for wasm32 comes without them, so here is the part of the Itanium C++ ABI
// that clang's code for WebAssembly exceptions calls: a throw, and the choice of a handler by type. The model
// reader's library reports damaged files that way. One copy an exception, no foreign ones, no specifications.
// And what is asked for memory: an exception where the reader waits for one, the end of the instance
// elsewhere.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <new>
#include <typeinfo>

#include "src/base/memory.h"

namespace __cxxabiv1 {

// As libc++abi declares it for itself: the first virtual functions of every type_info there.
class __shim_type_info : public std::type_info {
 public:
  ~__shim_type_info() override;
  virtual void noop1() const;
  virtual void noop2() const;
  virtual bool can_catch(const __shim_type_info* thrown, void*& adjusted) const = 0;
};

}  // namespace __cxxabiv1

namespace {

struct Exception {
  const __cxxabiv1::__shim_type_info* type;
  void* (*destroy)(void*);  // destructors of this ABI give back what they destroyed
  void* adjusted;           // what the chosen handler is given
  int handlers;             // that hold it; below zero: as many, and it has been thrown on
  Exception* outer;         // caught before it and not left yet
  // The object follows, aligned for any.
};
constexpr size_t kHeader = (sizeof(Exception) + 15) / 16 * 16;

Exception* HeaderOf(void* object) {
  return reinterpret_cast<Exception*>(static_cast<char*>(object) - kHeader);
}
void* ObjectOf(Exception* e) { return reinterpret_cast<char*>(e) + kHeader; }

thread_local Exception* t_caught = nullptr;

// For std::bad_alloc, which is thrown where no memory is left for it. Models are read on one thread.
alignas(16) char g_last[kHeader + sizeof(std::bad_alloc)];
bool g_last_used = false;

void Free(Exception* e) {
  if (reinterpret_cast<char*>(e) == g_last) {
    g_last_used = false;
  } else {
    std::free(e);
  }
}

uint32_t ReadUnsigned(const uint8_t*& at) {
  uint32_t value = 0;
  for (int shift = 0;; shift += 7) {
    const uint8_t byte = *at++;
    value |= static_cast<uint32_t>(byte & 127) << shift;
    if ((byte & 128) == 0) return value;
  }
}

int32_t ReadSigned(const uint8_t*& at) {
  uint32_t value = 0;
  int shift = 0;
  uint8_t byte;
  do {
    byte = *at++;
    value |= static_cast<uint32_t>(byte & 127) << shift;
    shift += 7;
  } while ((byte & 128) != 0);
  if ((byte & 64) != 0 && shift < 32) value |= ~0U << shift;
  return static_cast<int32_t>(value);
}

// The handler of this landing pad that takes the exception: its number, 0 for code that only tidies up.
int ChooseHandler(const uint8_t* lsda, int pad, Exception* e) {
  ++lsda;  // start of landing pads: never given
  const uint8_t type_encoding = *lsda++;
  const uint8_t* types = nullptr;
  if (type_encoding != 0xff) {
    const uint32_t offset = ReadUnsigned(lsda);
    types = lsda + offset;
  }
  ++lsda;  // encoding of the table below: always ULEB here
  const uint32_t table_bytes = ReadUnsigned(lsda);
  const uint8_t* actions = lsda + table_bytes;
  uint32_t action = 0;
  for (int i = 0; i <= pad; ++i) {
    ReadUnsigned(lsda);
    action = ReadUnsigned(lsda);
  }
  if (action == 0) return 0;
  const uint8_t* at = actions + (action - 1);
  while (true) {
    const int32_t index = ReadSigned(at);
    if (index > 0) {
      const auto* type = reinterpret_cast<const __cxxabiv1::__shim_type_info* const*>(types)[-index];
      void* adjusted = ObjectOf(e);
      if (type == nullptr || type->can_catch(e->type, adjusted)) {
        e->adjusted = adjusted;
        return index;
      }
    }
    const uint8_t* const here = at;
    const int32_t next = ReadSigned(at);
    if (next == 0) return 0;
    at = here + next;
  }
}

}  // namespace

extern "C" {

// Filled by a landing pad's code, which reads the answer in `selector`.
struct LandingPad {
  int32_t index;
  const uint8_t* lsda;
  int32_t selector;
};
thread_local LandingPad __wasm_lpad_context;

int _Unwind_CallPersonality(void* exception) {
  __wasm_lpad_context.selector =
      ChooseHandler(__wasm_lpad_context.lsda, __wasm_lpad_context.index, static_cast<Exception*>(exception));
  return 0;
}
// Named in tables, never called.
int __gxx_wasm_personality_v0() { std::abort(); }

void* __cxa_allocate_exception(size_t bytes) {
  void* memory = std::malloc(kHeader + bytes);
  if (memory == nullptr) {
    if (g_last_used || kHeader + bytes > sizeof(g_last)) std::abort();
    g_last_used = true;
    memory = g_last;
  }
  return static_cast<char*>(memory) + kHeader;
}
void __cxa_free_exception(void* object) { Free(HeaderOf(object)); }

[[noreturn]] void __cxa_throw(void* object, std::type_info* type, void* (*destroy)(void*)) {
  Exception* const e = HeaderOf(object);
  *e = {static_cast<const __cxxabiv1::__shim_type_info*>(type), destroy, object, 0, nullptr};
  __builtin_wasm_throw(0, e);
}

void* __cxa_get_exception_ptr(void* exception) { return static_cast<Exception*>(exception)->adjusted; }

void* __cxa_begin_catch(void* exception) {
  auto* const e = static_cast<Exception*>(exception);
  e->handlers = (e->handlers < 0 ? -e->handlers : e->handlers) + 1;
  if (e != t_caught) {
    e->outer = t_caught;
    t_caught = e;
  }
  return e->adjusted;
}

void __cxa_end_catch() {
  Exception* const e = t_caught;
  if (e == nullptr) return;
  if (e->handlers < 0) {
    // Thrown on: its handlers are left, the object goes to the next one.
    if (++e->handlers == 0) t_caught = e->outer;
    return;
  }
  if (--e->handlers > 0) return;
  t_caught = e->outer;
  if (e->destroy != nullptr) e->destroy(ObjectOf(e));
  Free(e);
}

[[noreturn]] void __cxa_rethrow() {
  Exception* const e = t_caught;
  if (e == nullptr) std::abort();
  e->handlers = -e->handlers;
  __builtin_wasm_throw(0, e);
}

}  // extern "C"

// libc++'s own aborts wherever memory runs out. An exception that passes rooms compiled without them leaves
// their locks held and their objects alive, and a page would take it for a frame that failed: a trap, as
// abort is, says that this instance is not to be used again.
void* operator new(size_t bytes) {
  void* const memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory != nullptr) return memory;
  if (!tempera::BadAllocIsCaught()) std::abort();
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
