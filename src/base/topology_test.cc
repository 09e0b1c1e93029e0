// Counting cores in made-up machines.
#include "src/base/topology.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tempera {
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
  TopologySource Source(std::vector<int> cpus) const { return {root_, std::move(cpus)}; }

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

TEST(Topology, ThisMachineHasACore) {
  EXPECT_FALSE(PhysicalCores().empty());
  EXPECT_GE(UsefulThreads(), 1);
}

}  // namespace
}  // namespace tempera
