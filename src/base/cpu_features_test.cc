#include "src/base/cpu_features.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "src/base/cpu.h"

namespace tempera {
namespace {

// The kernel's own list, with its view of what the operating system saves.
std::vector<std::string> KernelFlags() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line);
    return {std::istream_iterator<std::string>(words), {}};
  }
  return {};
}

TEST(CpuFeatures, AgreesWithTheKernel) {
  const std::vector<std::string> flags = KernelFlags();
  if (flags.empty()) GTEST_SKIP() << "/proc/cpuinfo names no flags here";
  const CpuFeatures& f = ThisCpu();
  const struct {
    const char* flag;
    bool seen;
  } pairs[] = {{"avx2", f.avx2},         {"fma", f.fma},
               {"f16c", f.f16c},         {"avx512f", f.avx512f},
               {"avx512bw", f.avx512bw}, {"avx512dq", f.avx512dq},
               {"avx512vl", f.avx512vl}, {"avx512_vnni", f.avx512_vnni},
               {"avx_vnni", f.avx_vnni}, {"avx512_bf16", f.avx512_bf16}};
  for (const auto& pair : pairs) {
    const bool listed = std::find(flags.begin(), flags.end(), pair.flag) != flags.end();
    EXPECT_EQ(pair.seen, listed) << pair.flag;
  }
  // Tiles may be refused although the processor has them, never the other way round.
  if (f.amx_tile) {
    EXPECT_NE(std::find(flags.begin(), flags.end(), "amx_tile"), flags.end());
  }
  EXPECT_TRUE(f.amx_tile || !(f.amx_int8 || f.amx_bf16));
}

TEST(CpuFeatures, CoversWhatTheTargetsNeed) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    if (target.name == "avx2") {
      EXPECT_TRUE(ThisCpu().avx2 && ThisCpu().fma && ThisCpu().f16c);
    }
    if (target.name.starts_with("avx512")) {
      EXPECT_TRUE(ThisCpu().avx512());
    }
  }
}

}  // namespace
}  // namespace tempera
