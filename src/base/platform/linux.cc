#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

#include "src/base/platform/linux_machine.h"
#include "src/base/platform/pin.h"
#include "src/base/platform/platform.h"

namespace tempera::platform {

int AvailableCpus() { return static_cast<int>(AllowedCpus().size()); }
std::vector<int> PhysicalCores() { return PhysicalCores(LinuxMachine()); }
int UsefulThreads() { return UsefulThreads(LinuxMachine()); }

bool PinThread(std::thread::native_handle_type thread, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  return pthread_setaffinity_np(thread, sizeof(set), &set) == 0;
}

bool HasThreads() { return true; }
void Yield() { std::this_thread::yield(); }

size_t FreeMemoryBytes() { return FreeMemoryBytes(LinuxMachine()); }

void AskForHugePages([[maybe_unused]] void* begin, [[maybe_unused]] size_t bytes,
                     [[maybe_unused]] size_t page_bytes) {
#if defined(MADV_HUGEPAGE)
  // Only whole pages, so that memory does not grow.
  (void)madvise(begin, bytes / page_bytes * page_bytes, MADV_HUGEPAGE);
#endif
}

void ReturnFreedMemory() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

// The 8 KiB of tile data (Documentation/arch/x86/xstate.rst).
bool AskForTiles() {
#if defined(__x86_64__)
  constexpr int kArchReqXcompPerm = 0x1023, kXfeatureXtileData = 18;
  return syscall(SYS_arch_prctl, kArchReqXcompPerm, kXfeatureXtileData) == 0;
#else
  return false;
#endif
}

ArmFeatures FeaturesOfArm() {
#if defined(__aarch64__)
  const unsigned long one = getauxval(AT_HWCAP), two = getauxval(AT_HWCAP2);
  return {(one & HWCAP_ASIMDDP) != 0, (two & HWCAP2_I8MM) != 0, (two & HWCAP2_BF16) != 0};
#else
  return {};
#endif
}

std::string ProcessorName() { return ProcessorName(LinuxMachine()); }

}  // namespace tempera::platform
