#include "src/base/cpu.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace tempera {
namespace {

TEST(Cpu, BestComesFirstAndScalarIsAlwaysThere) {
  const auto targets = AvailableCpuTargets();
  ASSERT_FALSE(targets.empty());
  for (size_t i = 1; i < targets.size(); ++i) {
    EXPECT_LT(targets[i - 1].highway_bit, targets[i].highway_bit);
  }
  EXPECT_EQ(ChooseCpuTarget("auto").value().name, targets.front().name);
}

TEST(Cpu, EveryAvailableNameIsAccepted) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const auto chosen = ChooseCpuTarget(target.name);
    ASSERT_TRUE(chosen.ok()) << chosen.status().message();
    EXPECT_EQ(chosen->highway_bit, target.highway_bit);
  }
}

TEST(Cpu, UnknownNameListsTheKnownOnes) {
  const auto chosen = ChooseCpuTarget("z80");
  ASSERT_FALSE(chosen.ok());
  EXPECT_EQ(chosen.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(chosen.status().message().find("z80"), std::string::npos);
  EXPECT_NE(chosen.status().message().find(AvailableCpuTargets().back().name), std::string::npos);
}

TEST(Cpu, EnvironmentOverrides) {
  const std::string last = AvailableCpuTargets().back().name;
  ::setenv("TEMPERA_CPU", last.c_str(), 1);
  EXPECT_EQ(ChooseCpuTarget().value().name, last);
  ::setenv("TEMPERA_CPU", "pdp11", 1);
  const auto chosen = ChooseCpuTarget();
  ::unsetenv("TEMPERA_CPU");
  ASSERT_FALSE(chosen.ok());
  EXPECT_NE(chosen.status().message().find("TEMPERA_CPU"), std::string::npos);
}

}  // namespace
}  // namespace tempera
