// A browser, or Node: one process with a memory of fixed size, threads that the page starts
// (wasm_thread_pool.cc).
#include <hwy/targets.h>

#include <cstddef>
#include <cstdint>

#include "src/base/platform/platform.h"
#include "src/base/platform/wasm_threads.h"

namespace tempera::platform {

int AvailableCpus() { return wasm::Workers() + 1; }
int UsefulThreads() { return AvailableCpus(); }
bool HasThreads() { return wasm::Workers() > 0; }
std::vector<int> PhysicalCores() { return std::vector<int>(static_cast<size_t>(AvailableCpus()), 0); }

void Yield() {
#if defined(__wasm_atomics__)
  // Nothing is ever written there: a nap of 20 us, in which the system may run somebody else.
  static int never = 0;
  (void)__builtin_wasm_memory_atomic_wait32(&never, 0, 20000);
#endif
}

// What the allocator has free inside of the memory is not known: it answers by itself, and for good.
size_t FreeMemoryBytes() { return SIZE_MAX; }
void AskForHugePages(void*, size_t, size_t) {}
void ReturnFreedMemory() {}
bool AskForTiles() { return false; }
ArmFeatures FeaturesOfArm() { return {}; }
std::string ProcessorName() { return "WebAssembly"; }

}  // namespace tempera::platform

// Highway's library is not there: its headers alone serve, for one target.
namespace hwy {
int64_t SupportedTargets() { return HWY_STATIC_TARGET; }
}  // namespace hwy
