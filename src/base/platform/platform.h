// What is of one operating system. Each system has its own file in this folder, of which the build takes one
// (src/base/CMakeLists.txt), beside those of POSIX or of a processor that are always built; nothing outside
// asks which system it is. `unknown.cc` serves wherever nobody wrote another, a browser among them: it knows
// nothing, and everything works.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tempera::platform {

// Processors this process may run on. At least 1.
int AvailableCpus();
// One processor of each physical core that this process may use, ascending: siblings of one core (SMT) share
// its multipliers, so a second thread there slows the first. Never empty; only PinThread (pin.h) knows what
// the numbers mean.
std::vector<int> PhysicalCores();
// How many threads do useful work at once: PhysicalCores, or fewer where this process may use less processor
// time than they have. At least 1.
int UsefulThreads();
// Whether threads can be started at all.
bool HasThreads();
// Gives the processor to whoever else wants it.
void Yield();

// Bytes this process can still take without swapping; SIZE_MAX when nobody knows.
size_t FreeMemoryBytes();
// Advice that whole huge pages of `page_bytes` serve in [begin, begin + bytes).
void AskForHugePages(void* begin, size_t bytes, size_t page_bytes);
// Memory that was freed goes back to the system.
void ReturnFreedMemory();

// Lets this process use the tile registers of x86, which Linux gives to those only that ask.
bool AskForTiles();

// What the system says that an ARM processor has beyond Armv8.0, where there is no instruction to ask;
// nothing elsewhere.
struct ArmFeatures {
  bool dotprod = false, i8mm = false, bf16 = false;
};
ArmFeatures FeaturesOfArm();

// "AMD EPYC 7763", or "unknown processor".
std::string ProcessorName();

}  // namespace tempera::platform
