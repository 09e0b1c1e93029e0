// A system that nothing is known of.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <thread>

#include "src/base/platform/pin.h"
#include "src/base/platform/platform.h"

namespace tempera::platform {

int AvailableCpus() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

std::vector<int> PhysicalCores() {
  std::vector<int> cores(static_cast<size_t>(AvailableCpus()));
  std::iota(cores.begin(), cores.end(), 0);
  return cores;
}

int UsefulThreads() { return HasThreads() ? AvailableCpus() : 1; }

bool PinThread(std::thread::native_handle_type, int) { return false; }

bool HasThreads() { return true; }
void Yield() { std::this_thread::yield(); }

size_t FreeMemoryBytes() { return SIZE_MAX; }
void AskForHugePages(void*, size_t, size_t) {}
void ReturnFreedMemory() {}
bool AskForTiles() { return false; }
ArmFeatures FeaturesOfArm() { return {}; }
std::string ProcessorName() { return "unknown processor"; }

}  // namespace tempera::platform
