#include "cli/steer/stroke.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tempera::cli {
namespace {

TEST(Stroke, NamesAndShares) {
  EXPECT_FLOAT_EQ(*ParseStroke("2.5%"), 0.025f);
  EXPECT_LT(*ParseStroke("fine"), *ParseStroke("medium"));
  EXPECT_LT(*ParseStroke("medium"), *ParseStroke("bold"));
  for (const char* text : {"", "%", "2", "0%", "21%", "nan%", "-1%", "2 %", "huge", "inf%"})
    EXPECT_FALSE(ParseStroke(text).ok()) << text;
}

TEST(Stroke, PeriodsOfAFile) {
  EXPECT_FLOAT_EQ(ParsePeriods("5.2, 10.8")->fine, 5.2f);
  EXPECT_FLOAT_EQ(ParsePeriods("5.2, 10.8")->bold, 10.8f);
  EXPECT_FLOAT_EQ(ParsePeriods("8")->fine, 8);
  EXPECT_FLOAT_EQ(ParsePeriods("8")->bold, 8);
  for (const char* text : {"", "a", "5,", ",5", "10, 5", "nan, 5", "5, nan", "0, 5", "5, 6, 7", "1, 1e9"})
    EXPECT_FALSE(ParsePeriods(text).ok()) << text;
}

TEST(Stroke, AreTheSameShareOfEveryPicture) {
  const StrokePeriods periods{5, 12};
  const float share = 0.02f;
  const int most = WorkingSide(periods, share);
  EXPECT_EQ(most, 600);
  for (int frame : {2160, 1080, 600, 480, 360}) {
    const int side = std::min(frame, most);
    const float period = periods.fine + StrokeSize(periods, share, side) * (periods.bold - periods.fine);
    EXPECT_NEAR(period / static_cast<float>(side), share, 1e-4) << frame;
  }
  // Smaller ones have the finest there are.
  EXPECT_EQ(StrokeSize(periods, share, 200), 0);
}

TEST(Stroke, OneRowLeavesTheWorkingSize) {
  EXPECT_EQ(WorkingSide({8, 8}, 0.02f), 400);
  EXPECT_EQ(StrokeSize({8, 8}, 0.02f, 400), 1);
  EXPECT_EQ(WorkingSide({8, 8}, 0.2f), 64);  // nothing is left of a smaller one
}

}  // namespace
}  // namespace tempera::cli
