// How much memory is left. Asked before large allocations, because a system that overcommits
// grants every one and kills the process later.
#pragma once

#include <cstddef>
#include <string>

namespace tempera {

// Bytes this process can still take without swapping: the lesser of the system's estimate and what
// its control group allows. SIZE_MAX when neither is known.
size_t AvailableMemoryBytes();

// "9.1 GiB", "35 MiB"
std::string BytesToString(double bytes);

}  // namespace tempera
