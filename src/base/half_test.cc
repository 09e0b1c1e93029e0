#include "src/base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tempera {
namespace {

TEST(Half, ConvertsEveryBitPatternThereAndBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float f = HalfToFloat(static_cast<uint16_t>(bits));
    if (std::isnan(f)) continue;
    ASSERT_EQ(FloatToHalf(f), bits);
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(FloatToHalf(1.0f + 0x1p-11f), 0x3c00);      // half way: to even
  EXPECT_EQ(FloatToHalf(1.0f + 3 * 0x1p-11f), 0x3c02);  // half way: to even, upwards
  EXPECT_EQ(FloatToHalf(65519.0f), 0x7bff);             // the largest there is
  EXPECT_EQ(FloatToHalf(65520.0f), 0x7c00);             // rounds to infinity
  EXPECT_EQ(FloatToHalf(1e30f), 0x7c00);
  EXPECT_EQ(FloatToHalf(-0x1p-25f), 0x8000);  // half of the smallest: to even, zero
  EXPECT_EQ(FloatToHalf(0x1.8p-25f), 0x0001);
  EXPECT_EQ(FloatToHalf(std::numeric_limits<float>::quiet_NaN()) & 0x7c00, 0x7c00);
}

TEST(Bfloat, RoundsToNearestEven) {
  EXPECT_EQ(FloatToBfloat(1.0f + 0x1p-8f), 0x3f80);
  EXPECT_EQ(FloatToBfloat(1.0f + 3 * 0x1p-8f), 0x3f82);
  EXPECT_TRUE(std::isnan(BfloatToFloat(FloatToBfloat(std::numeric_limits<float>::quiet_NaN()))));
}

}  // namespace
}  // namespace tempera
