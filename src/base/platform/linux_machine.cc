#include "src/base/platform/linux_machine.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <optional>
#include <set>
#include <string_view>
#include <thread>

namespace tempera::platform {
namespace {

// All of a file, line by line; empty when there is none. Numbers in it are read by Number, never by a stream:
// those obey the program's locale.
std::vector<std::string> Lines(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(std::move(line));
  return lines;
}

std::string Line(const std::string& path) {
  const std::vector<std::string> lines = Lines(path);
  return lines.empty() ? "" : lines.front();
}

// The whole number that begins at the first digit or minus of `text`; nothing for "max" and the like.
std::optional<int64_t> Number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

// Of "key 5" or "key: 5 kB"; nothing where no line begins with the key.
std::optional<int64_t> NumberOf(const std::vector<std::string>& lines, std::string_view key) {
  for (const std::string_view line : lines) {
    if (line.starts_with(key)) return Number(line.substr(key.size()));
  }
  return std::nullopt;
}

// The folders of this process's control groups that `controller` works in, from its own up to the root,
// versions 1 and 2.
std::vector<std::string> GroupFolders(const std::string& root, const std::string& controller) {
  std::vector<std::string> folders;
  for (const std::string& line : Lines(root + "/proc/self/cgroup")) {  // "4:cpu,cpuacct:/a/b", "0::/a/b"
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    std::string mount = root + "/sys/fs/cgroup";
    if (!controllers.empty()) {
      if (("," + controllers + ",").find("," + controller + ",") == std::string::npos) continue;
      mount += "/" + controllers;
    }
    // Inside a container the path may name folders that only the host sees: those read as no limit.
    for (std::string path = line.substr(second + 1); !path.empty() && path != "/";
         path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'))) {
      folders.push_back(mount + path);
    }
    folders.push_back(mount);
  }
  return folders;
}

// Whole processors that the group at `folder` may use by its quota; infinity without one.
double QuotaOf(const std::string& folder) {
  std::optional<int64_t> quota, period;
  const std::string v2 = Line(folder + "/cpu.max");  // "200000 100000", or "max 100000"
  if (!v2.empty()) {
    quota = Number(v2);
    period = Number(std::string_view(v2).substr(std::min(v2.find(' '), v2.size())));
  } else {
    quota = Number(Line(folder + "/cpu.cfs_quota_us"));  // -1: none
    period = Number(Line(folder + "/cpu.cfs_period_us"));
  }
  const int64_t used = quota.value_or(0), whole = period.value_or(0);
  if (used <= 0 || whole <= 0) return INFINITY;
  return static_cast<double>(used) / static_cast<double>(whole);
}

// What the group at `folder` has left of its limit; SIZE_MAX without one.
size_t LeftOf(const std::string& folder) {
  const bool v2 = !Line(folder + "/memory.max").empty();
  const std::optional<int64_t> limit = Number(Line(folder + (v2 ? "/memory.max" : "/memory.limit_in_bytes")));
  const std::optional<int64_t> used =
      Number(Line(folder + (v2 ? "/memory.current" : "/memory.usage_in_bytes")));
  if (!limit || !used || *limit < 0) return SIZE_MAX;
  const std::vector<std::string> stat = Lines(folder + "/memory.stat");
  int64_t held = *used;
  for (const char* key : {"inactive_file ", "active_file "}) held -= NumberOf(stat, key).value_or(0);
  return static_cast<size_t>(std::max<int64_t>(0, *limit - std::max<int64_t>(0, held)));
}

}  // namespace

std::vector<int> AllowedCpus() {
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

std::vector<int> PhysicalCores(const LinuxMachine& machine) {
  std::vector<int> cores;
  std::set<std::string> seen;
  for (int cpu : machine.cpus.empty() ? AllowedCpus() : machine.cpus) {
    const std::string folder =
        machine.root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    std::string siblings = Line(folder + "core_cpus_list");
    if (siblings.empty()) siblings = Line(folder + "thread_siblings_list");  // before Linux 5.3
    if (siblings.empty() || seen.insert(siblings).second) cores.push_back(cpu);
  }
  return cores;
}

int UsefulThreads(const LinuxMachine& machine) {
  double least = static_cast<double>(PhysicalCores(machine).size());
  for (const std::string& folder : GroupFolders(machine.root, "cpu"))
    least = std::min(least, QuotaOf(folder));
  return std::max(1, static_cast<int>(std::ceil(least)));
}

size_t FreeMemoryBytes(const LinuxMachine& machine) {
  const std::optional<int64_t> kib = NumberOf(Lines(machine.root + "/proc/meminfo"), "MemAvailable:");
  size_t least = kib ? static_cast<size_t>(*kib) << 10 : SIZE_MAX;
  for (const std::string& folder : GroupFolders(machine.root, "memory")) {
    least = std::min(least, LeftOf(folder));
  }
  return least;
}

std::string ProcessorName(const LinuxMachine& machine) {
  for (const std::string& line : Lines(machine.root + "/proc/cpuinfo")) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

}  // namespace tempera::platform
