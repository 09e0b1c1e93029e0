#include "src/base/text/number_text.h"

#include <gtest/gtest.h>

namespace tempera {
namespace {

TEST(NumberText, ReadsAllOrNothing) {
  float f = 7;
  EXPECT_TRUE(ParseNumber("1.5", &f));
  EXPECT_EQ(f, 1.5f);
  EXPECT_TRUE(ParseNumber("-2e-1", &f));
  EXPECT_EQ(f, -0.2f);
  for (const char* bad : {"", " 1", "1 ", "1,5", "1.5x", "+1", "0x10", "1e999", ".", "--1"}) {
    f = 7;
    EXPECT_FALSE(ParseNumber(bad, &f)) << bad;
    EXPECT_EQ(f, 7) << bad;
  }
  int64_t i = 0;
  EXPECT_TRUE(ParseNumber("-9223372036854775808", &i));
  EXPECT_EQ(i, INT64_MIN);
  for (const char* bad : {"8x", "9223372036854775808", "1.0", ""}) EXPECT_FALSE(ParseNumber(bad, &i)) << bad;
  double d = 0;
  EXPECT_TRUE(ParseNumber("0.1", &d));
  EXPECT_EQ(d, 0.1);
}

TEST(NumberText, WritesWhatReadsBack) {
  EXPECT_EQ(NumberToText(0.1f), "0.1");
  EXPECT_EQ(NumberToText(0.1), "0.1");
  EXPECT_EQ(NumberToText(2.0), "2");
  EXPECT_EQ(NumberToText(2.25, 1), "2.2");
  EXPECT_EQ(NumberToText(1e308, 0).size(), 309u);
}

}  // namespace
}  // namespace tempera
