#include "src/stylize/memory.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <vector>

namespace tempera::stylize {
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

int64_t PeakActivationBytes(const graph::Graph& graph) {
  // Index of the last node that reads each value; outputs live to the end.
  const size_t count = graph.values.size();
  std::vector<size_t> last(count, 0);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (graph::ValueId id : graph.nodes[n].inputs) {
      if (id != graph::kNoValue) last[static_cast<size_t>(id)] = n;
    }
  }
  for (graph::ValueId id : graph.outputs) last[static_cast<size_t>(id)] = graph.nodes.size();
  const auto bytes = [&](graph::ValueId id) -> int64_t {
    const graph::Value& v = graph.value(id);
    if (v.constant) return 0;
    const Result<int64_t> n = ElementCount(v.info.shape, v.info.dtype);
    return n.ok() ? *n * static_cast<int64_t>(DataTypeSize(v.info.dtype)) : 0;
  };
  int64_t live = 0, peak = 0;
  std::vector<std::vector<graph::ValueId>> dies(graph.nodes.size() + 1);
  const auto born = [&](graph::ValueId id) {
    live += bytes(id);
    dies[last[static_cast<size_t>(id)]].push_back(id);
  };
  for (graph::ValueId id : graph.inputs) born(id);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (graph::ValueId id : graph.nodes[n].outputs) {
      if (id != graph::kNoValue) {
        last[static_cast<size_t>(id)] = std::max(last[static_cast<size_t>(id)], n);
        born(id);
      }
    }
    peak = std::max(peak, live);
    for (graph::ValueId id : dies[n]) live -= bytes(id);
  }
  return std::max(peak, live);
}

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

}  // namespace tempera::stylize
