// Counting cores and bytes in made-up machines.
#include "src/base/platform/linux_machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>

#include "src/base/platform/platform.h"

namespace tempera::platform {
namespace {

class Machine : public testing::Test {
 protected:
  Machine() : root_(testing::TempDir() + "topology_" + std::to_string(getpid())) {
    std::filesystem::remove_all(root_);
  }
  ~Machine() override { std::filesystem::remove_all(root_); }

  void File(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text << "\n";
  }
  void Cpu(int cpu, const std::string& siblings, const char* name = "core_cpus_list") {
    File("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/" + name, siblings);
  }
  LinuxMachine Source(std::vector<int> cpus) const { return {root_, std::move(cpus)}; }

  std::string root_;
};

TEST_F(Machine, SiblingsCountOnce) {
  for (int cpu : {0, 1, 4, 5}) Cpu(cpu, cpu % 4 == 0 ? "0,4" : "1,5");
  EXPECT_EQ(PhysicalCores(Source({0, 1, 4, 5})), (std::vector<int>{0, 1}));
  EXPECT_EQ(UsefulThreads(Source({0, 1, 4, 5})), 2);
}

TEST_F(Machine, AffinityLeavesTheSiblingThatIsAllowed) {
  for (int cpu : {0, 1, 4, 5}) Cpu(cpu, cpu % 4 == 0 ? "0,4" : "1,5", "thread_siblings_list");
  EXPECT_EQ(PhysicalCores(Source({4, 5})), (std::vector<int>{4, 5}));
  EXPECT_EQ(PhysicalCores(Source({4})), (std::vector<int>{4}));
}

TEST_F(Machine, WithoutTopologyEveryProcessorIsACore) { EXPECT_EQ(UsefulThreads(Source({0, 1, 2})), 3); }

TEST_F(Machine, QuotaOfTheGroupOrOfOneAbove) {
  File("/proc/self/cgroup", "0::/a/b");
  File("/sys/fs/cgroup/a/b/cpu.max", "max 100000");
  EXPECT_EQ(UsefulThreads(Source({0, 1, 2, 3})), 4);
  File("/sys/fs/cgroup/a/cpu.max", "150000 100000");
  EXPECT_EQ(UsefulThreads(Source({0, 1, 2, 3})), 2);
  File("/sys/fs/cgroup/a/b/cpu.max", "20000 100000");
  EXPECT_EQ(UsefulThreads(Source({0, 1, 2, 3})), 1);
}

TEST_F(Machine, QuotaOfTheFirstVersion) {
  File("/proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/x");
  File("/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "-1");
  File("/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us", "100000");
  EXPECT_EQ(UsefulThreads(Source({0, 1, 2, 3})), 4);
  File("/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "300000");
  EXPECT_EQ(UsefulThreads(Source({0, 1, 2, 3})), 3);
}

constexpr size_t kMib = size_t{1} << 20;

TEST_F(Machine, FreeMemoryIsTheSystemsOrWhatTheGroupHasLeft) {
  EXPECT_EQ(FreeMemoryBytes(Source({0})), SIZE_MAX);
  File("/proc/meminfo", "MemTotal: 900000 kB\nMemAvailable:   102400 kB\nBuffers: 5 kB");
  EXPECT_EQ(FreeMemoryBytes(Source({0})), 100 * kMib);
  // The group's own limit, and one above it, as for processors.
  File("/proc/self/cgroup", "0::/a/b");
  File("/sys/fs/cgroup/a/b/memory.max", "max");
  File("/sys/fs/cgroup/a/b/memory.current", std::to_string(10 * kMib));
  EXPECT_EQ(FreeMemoryBytes(Source({0})), 100 * kMib);
  File("/sys/fs/cgroup/a/memory.max", std::to_string(60 * kMib));
  File("/sys/fs/cgroup/a/memory.current", std::to_string(50 * kMib));
  EXPECT_EQ(FreeMemoryBytes(Source({0})), 10 * kMib);
  // Pages of the file cache are given back.
  File("/sys/fs/cgroup/a/memory.stat",
       "anon 1\nactive_file " + std::to_string(8 * kMib) + "\ninactive_file " + std::to_string(12 * kMib));
  EXPECT_EQ(FreeMemoryBytes(Source({0})), 30 * kMib);
  File("/sys/fs/cgroup/a/memory.current", std::to_string(90 * kMib));
  EXPECT_EQ(FreeMemoryBytes(Source({0})), 0u);
}

TEST_F(Machine, FreeMemoryOfAGroupOfTheFirstVersion) {
  File("/proc/meminfo", "MemAvailable:   102400 kB");
  File("/proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/x");
  File("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "9223372036854771712");
  File("/sys/fs/cgroup/memory/x/memory.usage_in_bytes", std::to_string(kMib));
  EXPECT_EQ(FreeMemoryBytes(Source({0})), 100 * kMib);
  File("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", std::to_string(40 * kMib));
  EXPECT_EQ(FreeMemoryBytes(Source({0})), 39 * kMib);
}

TEST_F(Machine, KnowsItsProcessorsName) {
  EXPECT_EQ(ProcessorName(Source({0})), "unknown processor");
  File("/proc/cpuinfo", "processor : 0\nmodel name\t: A Chip 5\n");
  EXPECT_EQ(ProcessorName(Source({0})), "A Chip 5");
}

TEST(ThisMachine, HasACoreAndMemory) {
  EXPECT_FALSE(PhysicalCores().empty());
  EXPECT_GE(UsefulThreads(), 1);
  EXPECT_GE(AvailableCpus(), UsefulThreads());
  EXPECT_GT(FreeMemoryBytes(), kMib);
}

}  // namespace
}  // namespace tempera::platform
