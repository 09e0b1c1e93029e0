#include "src/engine/run/chains/carried.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tempera::engine {
namespace {

std::vector<std::unique_ptr<InstanceNorm>> Changed(double change) {
  std::vector<std::unique_ptr<InstanceNorm>> norms;
  for (double c : {0.01, change}) {
    norms.push_back(std::make_unique<InstanceNorm>());
    norms.back()->change = c;
  }
  return norms;
}

TEST(CarriedStatistics, NeedAFrameBefore) {
  CarriedStatistics carried;
  EXPECT_FALSE(carried.MayCarry(false));
  carried.Renew();
  EXPECT_TRUE(carried.MayCarry(false));
  EXPECT_TRUE(carried.Serves(Changed(0.04)));
  EXPECT_TRUE(carried.MayCarry(false));
  carried.Reset();
  EXPECT_FALSE(carried.MayCarry(false));
}

TEST(CarriedStatistics, SayNothingAboutFramesOfOneColour) {
  CarriedStatistics carried;
  carried.Renew();
  EXPECT_FALSE(carried.MayCarry(true));
  EXPECT_FALSE(carried.MayCarry(false));
  EXPECT_TRUE(carried.MayCarry(false));
}

TEST(CarriedStatistics, AreTriedLessOftenWhereTheyDoNotServe) {
  CarriedStatistics carried;
  carried.Renew();
  int attempts = 0;
  for (int frame = 0; frame < 640; ++frame) {
    if (!carried.MayCarry(false)) continue;
    ++attempts;
    EXPECT_FALSE(carried.Serves(Changed(frame % 2 == 0 ? 0.5 : NAN)));
  }
  EXPECT_GE(attempts, 20);
  EXPECT_LE(attempts, 26);
  // Once they do, every frame has them again.
  while (!carried.MayCarry(false)) continue;
  EXPECT_TRUE(carried.Serves(Changed(0.04)));
  EXPECT_TRUE(carried.MayCarry(false));
  EXPECT_FALSE(carried.Serves(Changed(0.5)));
  EXPECT_TRUE(carried.MayCarry(false));
}

}  // namespace
}  // namespace tempera::engine
