#include "src/base/topology.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <set>
#include <thread>

namespace tempera {
namespace {

// The first line of a file; empty when there is none.
std::string Line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::vector<int> AllowedCpus(const TopologySource& source) {
  if (!source.cpus.empty()) return source.cpus;
  std::vector<int> cpus;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    for (int i = 0; i < CPU_SETSIZE; ++i) {
      if (CPU_ISSET(i, &set)) cpus.push_back(i);
    }
  }
  if (cpus.empty()) {  // more processors than the mask holds
    const int n = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    for (int i = 0; i < n; ++i) cpus.push_back(i);
  }
  return cpus;
}

// Whole processors that the group at `folder` may use by its quota; infinity without one.
double QuotaOf(const std::string& folder) {
  char* end = nullptr;
  const std::string v2 = Line(folder + "/cpu.max");  // "200000 100000", or "max 100000"
  double quota = std::strtod(v2.c_str(), &end);
  double period = std::strtod(end, nullptr);
  if (v2.empty()) {
    quota = std::strtod(Line(folder + "/cpu.cfs_quota_us").c_str(), nullptr);  // -1: none
    period = std::strtod(Line(folder + "/cpu.cfs_period_us").c_str(), nullptr);
  }
  return quota > 0 && period > 0 ? quota / period : INFINITY;
}

// The least quota from this process's group up to the root, versions 1 and 2.
double CpuQuota(const std::string& root) {
  double least = INFINITY;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "4:cpu,cpuacct:/a/b", "0::/a/b"
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    std::string mount = root + "/sys/fs/cgroup";
    if (controllers != ",,") {
      if (controllers.find(",cpu,") == std::string::npos) continue;
      mount += "/" + line.substr(first + 1, second - first - 1);
    }
    // Inside a container the path may name folders that only the host sees: those read as no quota.
    for (std::string path = line.substr(second + 1); !path.empty() && path != "/";
         path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'))) {
      least = std::min(least, QuotaOf(mount + path));
    }
    least = std::min(least, QuotaOf(mount));
  }
  return least;
}

}  // namespace

std::vector<int> PhysicalCores(const TopologySource& source) {
  std::vector<int> cores;
  std::set<std::string> seen;
  for (int cpu : AllowedCpus(source)) {
    const std::string folder =
        source.root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    std::string siblings = Line(folder + "core_cpus_list");
    if (siblings.empty()) siblings = Line(folder + "thread_siblings_list");  // before Linux 5.3
    if (siblings.empty() || seen.insert(siblings).second) cores.push_back(cpu);
  }
  return cores;
}

int UsefulThreads(const TopologySource& source) {
  const double cores = static_cast<double>(PhysicalCores(source).size());
  return std::max(1, static_cast<int>(std::ceil(std::min(cores, CpuQuota(source.root)))));
}

}  // namespace tempera
