#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "src/ops/one_node.h"

namespace tempera::ops {
namespace {

TEST(LayerNormalization, ScaleAndBiasAreOneNumberOrOneEach) {
  const Tensor x = Floats({2, 3}, {1, 2, 3, -4, 0, 4});
  const double first = 1 / std::sqrt(2.0 / 3 + 1e-5), second = 4 / std::sqrt(32.0 / 3 + 1e-5);
  const auto each = RunOneNode("LayerNormalization", {}, {x, Floats({3}, {1, 2, 3}), Floats({3}, {0, 5, 1})});
  ASSERT_TRUE(each.ok()) << each.status().message();
  const std::vector<float> y = FloatsIn(each->front());
  EXPECT_NEAR(y[0], -first, 1e-5);
  EXPECT_NEAR(y[1], 5, 1e-5);
  EXPECT_NEAR(y[2], 3 * first + 1, 1e-5);
  EXPECT_NEAR(y[5], 3 * second + 1, 1e-5);
  const auto one = RunOneNode("LayerNormalization", {IntAttribute("axis", 0)}, {x, Floats({1}, {2})});
  ASSERT_TRUE(one.ok()) << one.status().message();
  EXPECT_NEAR(FloatsIn(one->front())[5], 2 * (4 - 1) / std::sqrt(40.0 / 6 + 1e-5), 1e-4);
}

TEST(LayerNormalization, StatisticsOnRequest) {
  const auto all =
      RunOneNode("LayerNormalization", {}, {Floats({2, 2}, {1, 3, 5, 5}), Floats({2}, {1, 1})}, 17, 3);
  ASSERT_TRUE(all.ok()) << all.status().message();
  EXPECT_EQ((*all)[1].shape(), (Shape{2, 1}));
  EXPECT_EQ(FloatsIn((*all)[1]), (std::vector<float>{2, 5}));
  EXPECT_NEAR(FloatsIn((*all)[2])[0], 1, 1e-4);
}

TEST(LayerNormalization, WrongShapesAreRefused) {
  const Tensor x = Floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_FALSE(RunOneNode("LayerNormalization", {}, {x, Floats({2}, {1, 2})}).ok());
  EXPECT_FALSE(RunOneNode("LayerNormalization", {}, {x, Floats({3}, {1, 2, 3}), Floats({2}, {1, 2})}).ok());
  EXPECT_FALSE(RunOneNode("LayerNormalization", {IntAttribute("axis", 2)}, {x, Floats({3}, {1, 2, 3})}).ok());
  EXPECT_FALSE(RunOneNode("LayerNormalization", {}, {x}).ok());
}

}  // namespace
}  // namespace tempera::ops
