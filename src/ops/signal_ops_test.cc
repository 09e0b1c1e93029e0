// Normalisations over neighbours, trigonometry, questions and small activations beyond ONNX's own cases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "src/ops/one_node.h"

namespace tempera::ops {
namespace {

using testing::ElementsAre;
using testing::FloatNear;

constexpr float kEndless = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<int> BytesIn(const Tensor& t) {
  return {t.data<uint8_t>(), t.data<uint8_t>() + t.element_count()};
}

TEST(Lrn, AWindowMayBeWiderThanTheChannels) {
  const Tensor x = Floats({1, 2, 1}, {3, 4});
  const auto y = RunOneNode("LRN",
                            {IntAttribute("size", std::numeric_limits<int64_t>::max()),
                             FloatAttribute("alpha", 1), FloatAttribute("bias", 2)},
                            {x});
  ASSERT_TRUE(y.ok()) << y.status().message();
  EXPECT_NEAR(FloatsIn((*y)[0])[0], 3 / std::pow(2.0, 0.75), 1e-5);
  // An even window reaches further behind than before.
  const auto even = RunOneNode("LRN",
                               {IntAttribute("size", 2), FloatAttribute("alpha", 2),
                                FloatAttribute("beta", 1), FloatAttribute("bias", 0)},
                               {x});
  EXPECT_THAT(FloatsIn((*even)[0]), ElementsAre(FloatNear(3.0f / 25, 1e-6f), FloatNear(4.0f / 16, 1e-6f)));
  EXPECT_FALSE(RunOneNode("LRN", {}, {x}).ok());
  EXPECT_FALSE(RunOneNode("LRN", {IntAttribute("size", 3)}, {Floats({2}, {1, 2})}).ok());
}

TEST(MeanVariance, FlatChannelsBecomeZero) {
  const Tensor x = Floats({1, 2, 1, 2}, {5, 5, 1, 3});
  const auto y = RunOneNode("MeanVarianceNormalization", {}, {x});
  EXPECT_THAT(FloatsIn((*y)[0]), ElementsAre(0, 0, FloatNear(-1, 1e-6f), FloatNear(1, 1e-6f)));
  EXPECT_FALSE(RunOneNode("MeanVarianceNormalization", {}, {Floats({2, 2}, {1, 2, 3, 4})}).ok());
  EXPECT_FALSE(RunOneNode("MeanVarianceNormalization", {IntsAttribute("axes", {0, 0})}, {x}).ok());
}

TEST(LpNormalization, OfBothNormsAndOfZeros) {
  const Tensor x = Floats({2, 2}, {3, -4, 0, 0});
  EXPECT_THAT(FloatsIn((*RunOneNode("LpNormalization", {}, {x}))[0]),
              ElementsAre(FloatNear(0.6f, 1e-6f), FloatNear(-0.8f, 1e-6f), 0, 0));
  EXPECT_THAT(
      FloatsIn((*RunOneNode("LpNormalization", {IntAttribute("p", 1), IntAttribute("axis", 0)}, {x}))[0]),
      ElementsAre(1, -1, 0, 0));
  EXPECT_FALSE(RunOneNode("LpNormalization", {IntAttribute("p", 3)}, {x}).ok());
}

TEST(Trigonometry, KnowsEachOfItsFunctions) {
  const auto of = [](const char* op, float x) {
    return FloatsIn((*RunOneNode(op, {}, {Floats({1}, {x})}))[0])[0];
  };
  EXPECT_NEAR(of("Tan", 0.5f), 0.5463025f, 1e-6f);
  EXPECT_NEAR(of("Asin", 0.5f), 0.5235988f, 1e-6f);
  EXPECT_NEAR(of("Acos", 0.5f), 1.0471976f, 1e-6f);
  EXPECT_NEAR(of("Atan", 0.5f), 0.4636476f, 1e-6f);
  EXPECT_NEAR(of("Sinh", 0.5f), 0.5210953f, 1e-6f);
  EXPECT_NEAR(of("Cosh", 0.5f), 1.1276260f, 1e-6f);
  EXPECT_NEAR(of("Asinh", 0.5f), 0.4812118f, 1e-6f);
  EXPECT_NEAR(of("Acosh", 1.5f), 0.9624237f, 1e-6f);
  EXPECT_NEAR(of("Atanh", 0.5f), 0.5493061f, 1e-6f);
  EXPECT_TRUE(std::isnan(of("Acos", 2)));
}

TEST(Questions, TellNanFromBothInfinities) {
  const Tensor x = Floats({4}, {1, kNan, kEndless, -kEndless});
  EXPECT_THAT(BytesIn((*RunOneNode("IsNaN", {}, {x}))[0]), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(BytesIn((*RunOneNode("IsInf", {}, {x}))[0]), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(BytesIn((*RunOneNode("IsInf", {IntAttribute("detect_negative", 0)}, {x}))[0]),
              ElementsAre(0, 0, 1, 0));
  EXPECT_THAT(BytesIn((*RunOneNode("IsInf", {IntAttribute("detect_positive", 0)}, {x}))[0]),
              ElementsAre(0, 0, 0, 1));
}

TEST(Shrink, KeepsNanAndSaturatesIntegers) {
  const auto y = RunOneNode("Shrink", {FloatAttribute("lambd", 1), FloatAttribute("bias", 0.5f)},
                            {Floats({4}, {-2, 1, 3, kNan})});
  EXPECT_THAT((std::vector<float>{FloatsIn((*y)[0])[0], FloatsIn((*y)[0])[1], FloatsIn((*y)[0])[2]}),
              ElementsAre(-1.5f, 0, 2.5f));
  EXPECT_TRUE(std::isnan(FloatsIn((*y)[0])[3]));
  const auto bytes = RunOneNode("Shrink", {FloatAttribute("lambd", 1), FloatAttribute("bias", -100)},
                                {TensorOf<uint8_t>(DataType::kUint8, {2}, {200, 1})});
  EXPECT_THAT(BytesIn((*bytes)[0]), ElementsAre(255, 0));
}

TEST(Gelu, KnowsItsApproximation) {
  const Tensor x = Floats({1}, {1});
  EXPECT_NEAR(FloatsIn((*RunOneNode("Gelu", {}, {x}, 20))[0])[0], 0.8413447f, 1e-6f);
  EXPECT_NEAR(FloatsIn((*RunOneNode("Gelu", {TextAttribute("approximate", "tanh")}, {x}, 20))[0])[0],
              0.8411920f, 1e-6f);
  EXPECT_FALSE(RunOneNode("Gelu", {TextAttribute("approximate", "sigmoid")}, {x}, 20).ok());
}

TEST(Hardmax, KnowsBothOfItsForms) {
  const Tensor x = Floats({1, 2, 2}, {1, 2, 2, 0});
  EXPECT_THAT(FloatsIn((*RunOneNode("Hardmax", {}, {x}, 13))[0]), ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(FloatsIn((*RunOneNode("Hardmax", {}, {x}, 11))[0]), ElementsAre(0, 1, 0, 0));
}

TEST(CastLike, LooksAtNothingButTheType) {
  const auto y =
      RunOneNode("CastLike", {}, {Floats({2}, {-3, 300}), TensorOf<uint8_t>(DataType::kUint8, {1}, {0})});
  EXPECT_THAT(BytesIn((*y)[0]), ElementsAre(0, 255));
}

}  // namespace
}  // namespace tempera::ops
