#include "live/window/blend.h"

#include <gtest/gtest.h>

#include <numeric>

namespace tempera::live {
namespace {

TEST(Blend, AStylesOwnPlaceIsThatStyleAlone) {
  const std::vector<Placed> placed = {{2, 0.1f, 0.1f}, {0, 0.9f, 0.1f}, {5, 0.5f, 0.9f}};
  const auto shares = SharesAt(placed, 0.9f, 0.1f, 6);
  ASSERT_EQ(shares.size(), 6u);
  EXPECT_EQ(shares[0], 1.0f);
  EXPECT_EQ(std::accumulate(shares.begin(), shares.end(), 0.0f), 1.0f);
}

TEST(Blend, SharesSumToOneAndFallWithDistance) {
  const std::vector<Placed> placed = {{0, 0, 0}, {1, 1, 0}, {2, 0, 1}, {3, 1, 1}};
  const auto middle = SharesAt(placed, 0.5f, 0.5f, 4);
  for (const float share : middle) EXPECT_NEAR(share, 0.25f, 1e-6);
  const auto near = SharesAt(placed, 0.2f, 0.1f, 4);
  EXPECT_NEAR(std::accumulate(near.begin(), near.end(), 0.0f), 1.0f, 1e-5);
  EXPECT_GT(near[0], near[1]);
  EXPECT_GT(near[1], near[3]);
  EXPECT_EQ(SharesAt(placed, 0.2f, 0.1f, 3).size(), 3u);  // an element that is no longer there is left out
}

TEST(Blend, NothingPlacedIsNothing) {
  EXPECT_EQ(SharesAt({}, 0.5f, 0.5f, 3), std::vector<float>(3, 0.0f));
  float x = 0, y = 0;
  EXPECT_FALSE(CentreOf({{0, 0.2f, 0.2f}}, {0.0f, 1.0f}, &x, &y));
  ASSERT_TRUE(CentreOf({{0, 0.2f, 0.2f}, {1, 0.6f, 0.4f}}, {1.0f, 3.0f}, &x, &y));
  EXPECT_NEAR(x, 0.5f, 1e-6);
  EXPECT_NEAR(y, 0.35f, 1e-6);
}

TEST(Blend, SpreadKeepsAllInsideAndApart) {
  for (int count = 1; count <= 14; ++count) {
    std::vector<Placed> placed(static_cast<size_t>(count));
    Spread(&placed);
    for (size_t i = 0; i < placed.size(); ++i) {
      EXPECT_GE(placed[i].x, 0);
      EXPECT_LE(placed[i].x, 1);
      EXPECT_GE(placed[i].y, 0);
      EXPECT_LE(placed[i].y, 1);
      for (size_t k = 0; k < i; ++k)
        EXPECT_GT(std::abs(placed[i].x - placed[k].x) + std::abs(placed[i].y - placed[k].y), 0.05f) << count;
    }
  }
}

}  // namespace
}  // namespace tempera::live
