#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "src/ops/one_node.h"

namespace tempera::ops {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;
using testing::Pointwise;

Tensor Row(std::vector<float> values) {
  const auto n = static_cast<int64_t>(values.size());
  return Floats({1, 1, 1, n}, values);
}
Tensor Scales(float w) { return Floats({4}, {1, 1, 1, w}); }

TEST(Upsample, AttributeInputAndResize10AgreeOnNearest) {
  const Tensor x = Row({1, 2});
  const auto attribute = RunOneNode("Upsample", {FloatsAttribute("scales", {1, 1, 1, 2})}, {x}, 7);
  const auto input = RunOneNode("Upsample", {}, {x, Scales(2)}, 9);
  const auto resize = RunOneNode("Resize", {}, {x, Scales(2)}, 10);
  ASSERT_TRUE(attribute.ok() && input.ok() && resize.ok());
  EXPECT_THAT(FloatsIn((*attribute)[0]), ElementsAre(1, 1, 2, 2));
  EXPECT_EQ(FloatsIn((*input)[0]), FloatsIn((*attribute)[0]));
  EXPECT_EQ(FloatsIn((*resize)[0]), FloatsIn((*attribute)[0]));
}

TEST(Upsample, LinearIsAsymmetric) {
  const auto y = RunOneNode("Upsample", {TextAttribute("mode", "linear")}, {Row({0, 10}), Scales(2)}, 9);
  EXPECT_THAT(FloatsIn((*y)[0]), ElementsAre(0, 5, 10, 10));
}

TEST(Resize, HalfPixelLinearIsWhatPyTorchDoes) {
  const auto y =
      RunOneNode("Resize", {TextAttribute("mode", "linear")}, {Row({0, 4}), Tensor(), Scales(2)}, 13);
  EXPECT_THAT(FloatsIn((*y)[0]), ElementsAre(0, 1, 3, 4));
}

TEST(Resize, AxesOfOpset18) {
  const auto y = RunOneNode("Resize", {IntsAttribute("axes", {3}), TextAttribute("mode", "nearest")},
                            {Row({1, 2}), Tensor(), Tensor(), Longs({4})}, 18);
  ASSERT_TRUE(y.ok()) << y.status().message();
  EXPECT_EQ((*y)[0].shape(), (Shape{1, 1, 1, 4}));
  EXPECT_THAT(FloatsIn((*y)[0]), ElementsAre(1, 1, 2, 2));
}

// Beside a dimension of zero another may be as long as a number goes.
TEST(Resize, APolicyMakesNoSizeThatNoNumberHolds) {
  const auto y = RunOneNode(
      "Resize", {IntsAttribute("axes", {2, 3}), TextAttribute("keep_aspect_ratio_policy", "not_smaller")},
      {Floats({1, 0, 1, int64_t{1} << 58}, {}), Tensor(), Tensor(), Longs({1 << 20, 1})}, 18);
  EXPECT_THAT(y.status().message(), HasSubstr("impossible"));
}

TEST(Resize, AspectRatioPolicies) {
  const Tensor x = Floats({1, 1, 2, 4}, std::vector<float>(8, 1));
  const auto shape = [&](const char* policy) {
    return (*RunOneNode("Resize",
                        {IntsAttribute("axes", {2, 3}), TextAttribute("keep_aspect_ratio_policy", policy)},
                        {x, Tensor(), Tensor(), Longs({4, 16})}, 18))[0]
        .shape();
  };
  EXPECT_EQ(shape("stretch"), (Shape{1, 1, 4, 16}));
  EXPECT_EQ(shape("not_larger"), (Shape{1, 1, 4, 8}));
  EXPECT_EQ(shape("not_smaller"), (Shape{1, 1, 8, 16}));
}

TEST(Resize, HalfPixelSymmetricCentresWhatIsRounded) {
  // 4 * 0.6 = 2.4 -> 2 pixels: adjustment 2 / 2.4, offset 4 / 2 * (1 - 2 / 2.4) = 1/3.
  const auto y = RunOneNode("Resize",
                            {TextAttribute("mode", "linear"),
                             TextAttribute("coordinate_transformation_mode", "half_pixel_symmetric")},
                            {Row({1, 2, 3, 4}), Tensor(), Scales(0.6f)}, 19);
  ASSERT_TRUE(y.ok()) << y.status().message();
  EXPECT_THAT(FloatsIn((*y)[0]), Pointwise(testing::FloatNear(1e-5f), {1.6666667f, 3.3333333f}));
}

TEST(Resize, CropsAndExtrapolates) {
  const auto y = RunOneNode(
      "Resize",
      {TextAttribute("mode", "linear"), FloatAttribute("extrapolation_value", 9),
       TextAttribute("coordinate_transformation_mode", "tf_crop_and_resize")},
      {Row({0, 1, 2}), Floats({8}, {0, 0, 0, 0.5f, 1, 1, 1, 1.5f}), Tensor(), Longs({1, 1, 1, 3})}, 13);
  ASSERT_TRUE(y.ok()) << y.status().message();
  EXPECT_THAT(FloatsIn((*y)[0]), ElementsAre(1, 2, 9));
}

TEST(Resize, HostileSizesAreRefused) {
  const Tensor x = Row({1, 2});
  const float inf = std::numeric_limits<float>::infinity();
  for (const float bad : {0.0f, -1.0f, inf, std::numeric_limits<float>::quiet_NaN(), 1e20f}) {
    EXPECT_FALSE(RunOneNode("Resize", {}, {x, Tensor(), Scales(bad)}, 13).ok()) << bad;
  }
  EXPECT_FALSE(RunOneNode("Resize", {}, {x, Tensor(), Tensor(), Longs({1, 1, 1, -4})}, 13).ok());
  EXPECT_FALSE(RunOneNode("Resize", {}, {x, Tensor(), Tensor(), Longs({4})}, 13).ok());
  EXPECT_FALSE(RunOneNode("Resize", {}, {x}, 13).ok());
  EXPECT_FALSE(RunOneNode("Resize", {}, {x, Tensor(), Scales(2), Longs({1, 1, 1, 4})}, 13).ok());
  const auto aa = RunOneNode("Resize", {TextAttribute("mode", "linear"), IntAttribute("antialias", 1)},
                             {x, Tensor(), Scales(0.5f)}, 18);
  EXPECT_THAT(aa.status().message(), HasSubstr("antialias"));
}

}  // namespace
}  // namespace tempera::ops
