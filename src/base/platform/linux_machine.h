// What Linux's files under /proc and /sys say of processors and memory. Private to this folder.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tempera::platform {

// Where those files lie; tests give a folder of their own. See sysfs-devices-system-cpu and cgroups(7).
struct LinuxMachine {
  std::string root;       // prepended to /sys/... and /proc/...
  std::vector<int> cpus;  // the affinity mask as a list; empty: what the kernel says of this thread
};

// As platform.h has them. Quotas and limits are the least of this process's control group and those above it,
// versions 1 and 2; a quota is rounded up to whole processors.
std::vector<int> PhysicalCores(const LinuxMachine& machine);
int UsefulThreads(const LinuxMachine& machine);
// Pages of the file cache count as free, in a group too: they are given back on demand.
size_t FreeMemoryBytes(const LinuxMachine& machine);
std::string ProcessorName(const LinuxMachine& machine);

// The affinity mask of the calling thread as a list; where it does not fit into a mask, all that there are.
std::vector<int> AllowedCpus();

}  // namespace tempera::platform
