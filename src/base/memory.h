// How much memory is left. Asked before large allocations, because a system that overcommits
// grants every one and kills the process later.
#pragma once

#include <cstddef>
#include <string>

namespace tempera {

// Bytes this process can still take without swapping: the lesser of the system's estimate and what
// its control group allows. SIZE_MAX when neither is known.
size_t AvailableMemoryBytes();

// While one lives, its thread's memory running out is std::bad_alloc in a browser's build too, where it ends
// the instance otherwise. Who makes one catches it, and calls nothing meanwhile that would have to tidy up
// and is compiled without exceptions. Of no effect in other builds.
class CatchesBadAlloc {
 public:
  CatchesBadAlloc();
  ~CatchesBadAlloc();
  CatchesBadAlloc(const CatchesBadAlloc&) = delete;
  CatchesBadAlloc& operator=(const CatchesBadAlloc&) = delete;
};
bool BadAllocIsCaught();

// "9.1 GiB", "35 MiB"
std::string BytesToString(double bytes);

}  // namespace tempera
