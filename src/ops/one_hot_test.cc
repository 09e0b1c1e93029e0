// OneHot, EyeLike, NonZero, ReverseSequence and Windows ML's operators.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "src/ops/one_node.h"

namespace tempera::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(OneHot, IndicesOutsideAreOffEverywhere) {
  const Tensor values = Floats({2}, {5, 9});
  const auto y = RunOneNode(
      "OneHot", {}, {Longs({-1, 3, std::numeric_limits<int64_t>::min(), 0}), Floats({1}, {3}), values});
  ASSERT_TRUE(y.ok()) << y.status().message();
  EXPECT_EQ((*y)[0].shape(), (Shape{4, 3}));
  EXPECT_THAT(FloatsIn((*y)[0]), ElementsAre(5, 5, 9, 5, 5, 5, 5, 5, 5, 9, 5, 5));
  const auto first = RunOneNode("OneHot", {IntAttribute("axis", 0)}, {Longs({1, 0}), Longs({2}), values});
  EXPECT_THAT(FloatsIn((*first)[0]), ElementsAre(5, 9, 9, 5));
  EXPECT_FALSE(RunOneNode("OneHot", {}, {Longs({1}), Longs({-1}), values}).ok());
  EXPECT_FALSE(RunOneNode("OneHot", {IntAttribute("axis", 2)}, {Longs({1}), Longs({1}), values}).ok());
  EXPECT_FALSE(RunOneNode("OneHot", {}, {Longs({1}), Longs({1}), Floats({1}, {1})}).ok());
}

TEST(EyeLike, HostileDiagonalsAreFarAway) {
  const Tensor x = Floats({2, 3}, std::vector<float>(6, 7));
  EXPECT_THAT(FloatsIn((*RunOneNode("EyeLike", {IntAttribute("k", 1)}, {x}))[0]),
              ElementsAre(0, 1, 0, 0, 0, 1));
  EXPECT_THAT(
      FloatsIn((*RunOneNode("EyeLike", {IntAttribute("k", std::numeric_limits<int64_t>::min())}, {x}))[0]),
      ElementsAre(0, 0, 0, 0, 0, 0));
  EXPECT_FALSE(RunOneNode("EyeLike", {IntAttribute("dtype", 8)}, {x}).ok());
  EXPECT_FALSE(RunOneNode("EyeLike", {}, {Floats({1}, {1})}).ok());
}

TEST(NonZero, SaysWhereNumbersStand) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto y = RunOneNode("NonZero", {}, {Floats({2, 2}, {0, 1, nan, -0.0f})});
  ASSERT_TRUE(y.ok()) << y.status().message();
  EXPECT_EQ((*y)[0].shape(), (Shape{2, 2}));
  EXPECT_THAT((std::vector<int64_t>{(*y)[0].data<int64_t>(), (*y)[0].data<int64_t>() + 4}),
              ElementsAre(0, 1, 1, 0));
  EXPECT_EQ((*RunOneNode("NonZero", {}, {Floats({}, {3})}))[0].shape(), (Shape{1, 1}));
  EXPECT_EQ((*RunOneNode("NonZero", {}, {Floats({2, 0}, {})}))[0].shape(), (Shape{2, 0}));
}

TEST(ReverseSequence, LengthsAreChecked) {
  const Tensor x = Floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const std::vector<onnx::Attribute> by_row = {IntAttribute("batch_axis", 0), IntAttribute("time_axis", 1)};
  EXPECT_THAT(FloatsIn((*RunOneNode("ReverseSequence", by_row, {x, Longs({2, 3})}))[0]),
              ElementsAre(2, 1, 3, 6, 5, 4));
  EXPECT_FALSE(RunOneNode("ReverseSequence", by_row, {x, Longs({2, 4})}).ok());
  EXPECT_FALSE(RunOneNode("ReverseSequence", by_row, {x, Longs({-1, 0})}).ok());
  EXPECT_FALSE(RunOneNode("ReverseSequence", by_row, {x, Longs({1})}).ok());
  EXPECT_FALSE(RunOneNode("ReverseSequence", {IntAttribute("batch_axis", 0)}, {x, Longs({2, 3})}).ok());
}

TEST(ImageScaler, ScalesThenShiftsEachChannel) {
  const Tensor x = Floats({1, 2, 1, 2}, {1, 2, 3, 4});
  const auto y =
      RunOneNode("ImageScaler", {FloatAttribute("scale", 2), FloatsAttribute("bias", {10, -1})}, {x}, 7);
  EXPECT_THAT(FloatsIn((*y)[0]), ElementsAre(12, 14, 5, 7));
  EXPECT_THAT(RunOneNode("ImageScaler", {FloatsAttribute("bias", {10})}, {x}, 7).status().message(),
              HasSubstr("1 numbers for 2 channels"));
}

TEST(Crop, TakesABorderOrASize) {
  const Tensor x = Floats({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const auto run = [&](std::vector<int64_t> border, std::vector<int64_t> scale) {
    std::vector<onnx::Attribute> attributes = {IntsAttribute("border", std::move(border))};
    if (!scale.empty()) attributes.push_back(IntsAttribute("scale", std::move(scale)));
    return RunOneNode("Crop", attributes, {x}, 7);
  };
  // left, top, right, bottom
  EXPECT_THAT(FloatsIn((*run({1, 0, 0, 1}, {}))[0]), ElementsAre(2, 3, 5, 6));
  EXPECT_THAT(FloatsIn((*run({1, 2, 0, 0}, {1, 2}))[0]), ElementsAre(8, 9));
  const int64_t far = std::numeric_limits<int64_t>::max();
  EXPECT_FALSE(run({2, 0, 2, 0}, {}).ok());
  EXPECT_FALSE(run({far, far, far, far}, {}).ok());
  EXPECT_FALSE(run({-1, 0, 0, 0}, {}).ok());
  EXPECT_FALSE(run({1, 1, 0, 0}, {3, 1}).ok());
  EXPECT_FALSE(run({0, 0}, {}).ok());
}

TEST(Affine, ScalesAndShifts) {
  const auto y =
      RunOneNode("Affine", {FloatAttribute("alpha", 2), FloatAttribute("beta", 1)}, {Floats({2}, {1, 2})}, 7);
  EXPECT_THAT(FloatsIn((*y)[0]), ElementsAre(3, 5));
}

}  // namespace
}  // namespace tempera::ops
