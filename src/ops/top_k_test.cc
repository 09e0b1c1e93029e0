// What goes along one axis: TopK, ArgMin, CumSum; and Trilu.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "src/ops/one_node.h"

namespace tempera::ops {
namespace {

using testing::ElementsAre;

std::vector<int64_t> LongsIn(const Tensor& t) {
  return {t.data<int64_t>(), t.data<int64_t>() + t.element_count()};
}

TEST(TopK, KnowsItsThreeForms) {
  const Tensor x = Floats({2, 3}, {1, 3, 2, 6, 4, 5});
  const auto oldest = RunOneNode("TopK", {IntAttribute("k", 2)}, {x}, 1, 2);
  ASSERT_TRUE(oldest.ok()) << oldest.status().message();
  EXPECT_THAT(FloatsIn((*oldest)[0]), ElementsAre(3, 2, 6, 5));
  EXPECT_THAT(LongsIn((*oldest)[1]), ElementsAre(1, 2, 0, 2));
  const auto input = RunOneNode("TopK", {IntAttribute("axis", 0)}, {x, Longs({1})}, 10, 2);
  EXPECT_THAT(FloatsIn((*input)[0]), ElementsAre(6, 4, 5));
  const auto smallest = RunOneNode("TopK", {IntAttribute("largest", 0)}, {x, Longs({1})}, 11, 2);
  EXPECT_THAT(FloatsIn((*smallest)[0]), ElementsAre(1, 4));
}

TEST(TopK, OrdersEqualsAndWhatIsNoNumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor x = Floats({5}, {2, nan, 2, 1, nan});
  const auto y = RunOneNode("TopK", {}, {x, Longs({5})}, 11, 2);
  EXPECT_THAT(LongsIn((*y)[1]), ElementsAre(1, 4, 0, 2, 3));
  const auto up = RunOneNode("TopK", {IntAttribute("largest", 0)}, {x, Longs({5})}, 11, 2);
  EXPECT_THAT(LongsIn((*up)[1]), ElementsAre(3, 0, 2, 1, 4));
}

TEST(TopK, RefusesMoreThanThereAre) {
  const Tensor x = Floats({3}, {1, 2, 3});
  EXPECT_FALSE(RunOneNode("TopK", {}, {x, Longs({4})}, 11, 2).ok());
  EXPECT_FALSE(RunOneNode("TopK", {}, {x, Longs({-1})}, 11, 2).ok());
  EXPECT_FALSE(RunOneNode("TopK", {}, {x, Longs({1, 1})}, 11, 2).ok());
  EXPECT_FALSE(RunOneNode("TopK", {}, {x}, 1, 2).ok());
  EXPECT_FALSE(RunOneNode("TopK", {}, {Floats({}, {1}), Longs({1})}, 11, 2).ok());
  EXPECT_TRUE(RunOneNode("TopK", {}, {x, Longs({0})}, 11, 2).ok());
}

TEST(ArgMin, FindsTheSmallestAndTheLastOfEquals) {
  const Tensor x = Floats({2, 3}, {3, 1, 1, 0, 2, 0});
  EXPECT_THAT(LongsIn((*RunOneNode("ArgMin", {IntAttribute("axis", 1)}, {x}))[0]), ElementsAre(1, 0));
  EXPECT_THAT(LongsIn((*RunOneNode("ArgMin", {IntAttribute("axis", 1), IntAttribute("select_last_index", 1)},
                                   {x}))[0]),
              ElementsAre(2, 2));
  EXPECT_FALSE(RunOneNode("ArgMin", {}, {Floats({0, 2}, {})}).ok());
}

TEST(CumSum, WrapsAroundAndChecksItsAxis) {
  const Tensor bytes = TensorOf<uint8_t>(DataType::kUint8, {3}, {200, 100, 1});
  const auto sums = RunOneNode("CumSum", {}, {bytes, Longs({-1})});
  EXPECT_EQ((*sums)[0].data<uint8_t>()[1], 44);
  EXPECT_EQ((*sums)[0].data<uint8_t>()[2], 45);
  const auto back = RunOneNode("CumSum", {IntAttribute("reverse", 1), IntAttribute("exclusive", 1)},
                               {Floats({2, 2}, {1, 2, 3, 4}), Longs({0})});
  EXPECT_THAT(FloatsIn((*back)[0]), ElementsAre(3, 4, 0, 0));
  EXPECT_FALSE(RunOneNode("CumSum", {}, {bytes, Longs({1})}).ok());
  EXPECT_FALSE(RunOneNode("CumSum", {}, {bytes, Longs({0, 0})}).ok());
  EXPECT_FALSE(RunOneNode("CumSum", {}, {bytes, Floats({}, {0})}).ok());
}

TEST(Trilu, HostileDiagonalsAreFarAway) {
  const Tensor x = Floats({2, 2}, {1, 2, 3, 4});
  const auto run = [&](int64_t upper, int64_t diagonal) {
    return FloatsIn((*RunOneNode("Trilu", {IntAttribute("upper", upper)}, {x, Longs({diagonal})}))[0]);
  };
  EXPECT_THAT(run(1, 0), ElementsAre(1, 2, 0, 4));
  EXPECT_THAT(run(0, -1), ElementsAre(0, 0, 3, 0));
  EXPECT_THAT(run(1, std::numeric_limits<int64_t>::max()), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(run(1, std::numeric_limits<int64_t>::min()), ElementsAre(1, 2, 3, 4));
  EXPECT_FALSE(RunOneNode("Trilu", {}, {x, Longs({})}).ok());
  EXPECT_FALSE(RunOneNode("Trilu", {}, {Floats({2}, {1, 2})}).ok());
}

}  // namespace
}  // namespace tempera::ops
