// Which processors this process may use, and how many of them are cores of their own.
#pragma once

#include <string>
#include <vector>

namespace tempera {

// Where the kernel says so; tests give a folder of their own. See sysfs-devices-system-cpu and cgroups(7).
struct TopologySource {
  std::string root;       // prepended to /sys/... and /proc/...
  std::vector<int> cpus;  // the affinity mask as a list; empty: what the kernel says of this thread
};

// One processor of each physical core that the affinity mask allows, ascending: siblings of one core
// (SMT) share its multipliers, so a second thread there slows the first. Never empty.
std::vector<int> PhysicalCores(const TopologySource& source = {});

// How many threads do useful work at once: PhysicalCores, or fewer where a control group's quota of CPU time
// (rounded up) ends before. At least 1.
int UsefulThreads(const TopologySource& source = {});

}  // namespace tempera
