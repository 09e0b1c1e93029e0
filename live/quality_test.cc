#include "live/quality.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace tempera::live {
namespace {

// A machine that paints so many lines of 16:9 in so many milliseconds.
double Time(int lines, double ms_at_720) { return ms_at_720 * std::pow(lines / 720.0, 2); }

int Simulate(Quality* quality, int source, double ms_at_720, double interval, int frames,
             std::set<int>* sizes = nullptr) {
  int lines = quality->chosen() == 0 ? source : quality->chosen();
  for (int i = 0; i < frames; ++i) {
    lines = quality->Painted(source, lines, Time(lines, ms_at_720), interval);
    if (sizes != nullptr) sizes->insert(lines);
  }
  return lines;
}

TEST(Quality, StaysAtTheSourcesSizeWhereThatFits) {
  Quality quality(360);
  EXPECT_EQ(Simulate(&quality, 720, 20, 33.3, 300), 720);
}

TEST(Quality, GoesDownUntilItFits) {
  Quality quality(360);
  const int lines = Simulate(&quality, 720, 60, 33.3, 300);
  EXPECT_LT(Time(lines, 60), 33.3);
  EXPECT_GE(lines, 480);  // no further than needed
}

TEST(Quality, NeverBelowTheLowest) {
  Quality quality(360);
  EXPECT_EQ(Simulate(&quality, 1080, 500, 33.3, 500), 360);
  Quality lower(180);
  EXPECT_LT(Simulate(&lower, 1080, 500, 33.3, 500), 360);
  Quality small(360);
  EXPECT_EQ(Simulate(&small, 240, 5000, 33.3, 100), 240);  // the source itself has fewer
}

TEST(Quality, ComesBackWhenTheMachineIsFree) {
  Quality quality(360);
  ASSERT_LT(Simulate(&quality, 720, 80, 33.3, 200), 720);
  EXPECT_EQ(Simulate(&quality, 720, 10, 33.3, 3000), 720);
}

// What a mask takes is the same at every size: it does not keep a size away that there is room for.
TEST(Quality, WhatIsFixedDoesNotGrow) {
  constexpr double kFixed = 15;
  const auto simulate = [](double known) {
    Quality quality(360);
    for (int i = 0; i < 200; ++i)
      quality.Painted(720, quality.chosen() == 0 ? 720 : quality.chosen(), 60, 33.3);
    EXPECT_EQ(quality.chosen(), 360);
    for (int i = 0; i < 3000; ++i)
      quality.Painted(720, quality.chosen(), kFixed + Time(quality.chosen(), 8), 33.3, known);
    return quality.chosen();
  };
  EXPECT_EQ(simulate(kFixed), 720);
  EXPECT_LT(simulate(0), 720);
  EXPECT_EQ(simulate(1e9), 720) << "no more than all of it is fixed";
}

TEST(Quality, DoesNotSwing) {
  Quality quality(360);
  Simulate(&quality, 720, 45, 33.3, 300);
  std::set<int> sizes;
  Simulate(&quality, 720, 45, 33.3, 2000, &sizes);
  EXPECT_LE(sizes.size(), 1u);
}

TEST(Quality, OneSlowFrameIsNoReason) {
  Quality quality(360);
  Simulate(&quality, 720, 20, 33.3, 50);
  EXPECT_EQ(quality.Painted(720, 720, 400, 33.3), 720);
  EXPECT_EQ(Simulate(&quality, 720, 20, 33.3, 50), 720);
}

}  // namespace
}  // namespace tempera::live
