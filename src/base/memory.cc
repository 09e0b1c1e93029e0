#include "src/base/memory.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>

namespace tempera {
namespace {

// One unsigned number from a one-line file; false when absent or not a number ("max").
bool ReadNumber(const char* path, size_t* out) {
  std::ifstream file(path);
  return static_cast<bool>(file >> *out);
}

size_t SystemAvailable() {
  std::ifstream file("/proc/meminfo");
  std::string key, unit;
  size_t kib = 0;
  while (file >> key >> kib) {
    if (key == "MemAvailable:") return kib << 10;
    std::getline(file, unit);
  }
  return SIZE_MAX;
}

// Control groups, version 2 then 1. Pages of the file cache count as used there although they are
// given back on demand, so this errs on the small side.
size_t GroupAvailable() {
  size_t limit = 0, used = 0;
  if (!(ReadNumber("/sys/fs/cgroup/memory.max", &limit) &&
        ReadNumber("/sys/fs/cgroup/memory.current", &used)) &&
      !(ReadNumber("/sys/fs/cgroup/memory/memory.limit_in_bytes", &limit) &&
        ReadNumber("/sys/fs/cgroup/memory/memory.usage_in_bytes", &used))) {
    return SIZE_MAX;
  }
  size_t cached = 0;
  std::ifstream stat("/sys/fs/cgroup/memory.stat");
  std::string key;
  size_t value = 0;
  while (stat >> key >> value) {
    if (key == "inactive_file" || key == "active_file") cached += value;
  }
  const size_t held = used > cached ? used - cached : 0;
  return limit > held ? limit - held : 0;
}

}  // namespace

size_t AvailableMemoryBytes() { return std::min(SystemAvailable(), GroupAvailable()); }

std::string BytesToString(double bytes) {
  char text[32];
  const double mib = bytes / 1048576.0;
  if (mib >= 1000) {
    std::snprintf(text, sizeof(text), "%.1f GiB", mib / 1024.0);
  } else {
    std::snprintf(text, sizeof(text), "%.0f MiB", mib);
  }
  return text;
}

}  // namespace tempera
