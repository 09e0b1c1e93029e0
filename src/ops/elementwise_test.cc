#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "src/ops/element_types.h"
#include "src/ops/one_node.h"
#include "src/ops/saturate.h"

namespace tempera::ops {
namespace {

using testing::ElementsAre;

TEST(Table, IsSortedAndFindsEveryOperator) {
  const auto table = AllOperators();
  ASSERT_GT(table.size(), 50u);
  for (size_t i = 0; i < table.size(); ++i) {
    if (i > 0) {
      EXPECT_LT(table[i - 1].name, table[i].name);
    }
    EXPECT_EQ(FindOperator(table[i].name), &table[i]);
    EXPECT_NE(table[i].infer, nullptr);
    EXPECT_NE(table[i].reference, nullptr);
  }
  EXPECT_EQ(FindOperator("NoSuchOperator"), nullptr);
  EXPECT_EQ(FindOperator(""), nullptr);
}

TEST(SaturateCast, IsDefinedForEveryValue) {
  EXPECT_EQ(SaturateCast<uint8_t>(300.0f), 255);
  EXPECT_EQ(SaturateCast<uint8_t>(-3.0f), 0);
  EXPECT_EQ(SaturateCast<int64_t>(1e30f), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(SaturateCast<int64_t>(-std::numeric_limits<float>::infinity()),
            std::numeric_limits<int64_t>::min());
  EXPECT_EQ(SaturateCast<int32_t>(std::numeric_limits<double>::quiet_NaN()), 0);
  EXPECT_EQ(SaturateCast<int32_t>(-7.9), -7);
}

std::vector<int32_t> IntBinary(const char* op, int32_t a, int32_t b) {
  const auto out = RunOneNode(
      op, {}, {TensorOf<int32_t>(DataType::kInt32, {}, {a}), TensorOf<int32_t>(DataType::kInt32, {}, {b})});
  EXPECT_TRUE(out.ok());
  return {(*out)[0].data<int32_t>()[0]};
}

TEST(Mod, TakesTheSignOfEitherSide) {
  const Tensor a = Floats({2}, {-7.5f, 7.5f}), b = Floats({1}, {2});
  const auto y = RunOneNode("Mod", {IntAttribute("fmod", 1)}, {a, b});
  EXPECT_THAT(FloatsIn((*y)[0]), ElementsAre(-1.5f, 1.5f));
  EXPECT_FALSE(RunOneNode("Mod", {}, {a, b}).ok());  // ONNX has it for integers only
  const auto c = RunOneNode("Mod", {IntAttribute("fmod", 1)}, {Longs({-7}), Longs({3})});
  EXPECT_EQ((*c)[0].data<int64_t>()[0], -1);
}

TEST(Integers, NeitherTrapNorOverflow) {
  const int32_t low = std::numeric_limits<int32_t>::min(), high = std::numeric_limits<int32_t>::max();
  EXPECT_THAT(IntBinary("Div", 5, 0), ElementsAre(0));
  EXPECT_THAT(IntBinary("Div", low, -1), ElementsAre(low));
  EXPECT_THAT(IntBinary("Div", -7, 2), ElementsAre(-3));
  EXPECT_THAT(IntBinary("Add", high, 1), ElementsAre(low));
  EXPECT_THAT(IntBinary("Sub", low, 1), ElementsAre(high));
  EXPECT_THAT(IntBinary("Mul", 1 << 20, 1 << 20), ElementsAre(0));
  EXPECT_THAT(IntBinary("Pow", 3, 4), ElementsAre(81));
  EXPECT_THAT(IntBinary("Pow", 2, -1), ElementsAre(0));
  EXPECT_THAT(IntBinary("Mod", 5, 0), ElementsAre(0));
  EXPECT_THAT(IntBinary("Mod", low, -1), ElementsAre(0));
  EXPECT_THAT(IntBinary("Mod", -7, 3), ElementsAre(2));
  EXPECT_THAT(IntBinary("Mod", 7, -3), ElementsAre(-2));
  const auto squares = RunOneNode("Mul", {},
                                  {TensorOf<uint16_t>(DataType::kUint16, {1}, {65535}),
                                   TensorOf<uint16_t>(DataType::kUint16, {1}, {65535})});
  EXPECT_EQ((*squares)[0].data<uint16_t>()[0], 1);
  const auto negated = RunOneNode("Neg", {}, {TensorOf<int8_t>(DataType::kInt8, {1}, {-128})});
  EXPECT_EQ((*negated)[0].data<int8_t>()[0], -128);
}

TEST(Floats, NanPassesThroughReluMinAndMax) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(FloatsIn((*RunOneNode("Relu", {}, {Floats({1}, {nan})}))[0])[0]));
  for (const char* op : {"Min", "Max"}) {
    for (const auto& [a, b] : {std::pair(nan, 1.0f), std::pair(1.0f, nan)}) {
      EXPECT_TRUE(std::isnan(FloatsIn((*RunOneNode(op, {}, {Floats({1}, {a}), Floats({1}, {b})}))[0])[0]))
          << op;
    }
  }
}

TEST(Broadcasting, FollowsNumPyOnBothSides) {
  const auto out = RunOneNode("Sub", {}, {Floats({3, 1}, {10, 20, 30}), Floats({2}, {1, 2})});
  ASSERT_TRUE(out.ok());
  EXPECT_EQ((*out)[0].shape(), (Shape{3, 2}));
  EXPECT_THAT(FloatsIn((*out)[0]), ElementsAre(9, 8, 19, 18, 29, 28));
  EXPECT_FALSE(RunOneNode("Add", {}, {Floats({2}, {1, 2}), Floats({3}, {1, 2, 3})}).ok());
  EXPECT_FALSE(RunOneNode("Add", {}, {Floats({1}, {1}), Longs({1})}).ok());
  EXPECT_FALSE(RunOneNode("PRelu", {}, {Floats({1}, {1}), Floats({2}, {1, 2})}).ok());
  const auto most = RunOneNode("Max", {}, {Floats({}, {2}), Floats({2}, {1, 3}), Floats({2, 1}, {0, 9})});
  EXPECT_THAT(FloatsIn((*most)[0]), ElementsAre(2, 3, 9, 9));
  EXPECT_EQ((*RunOneNode("Add", {}, {Floats({0, 2}, {}), Floats({2}, {1, 2})}))[0].element_count(), 0);
}

TEST(Clip, TakesAttributesBeforeOpset11) {
  const Tensor x = Floats({3}, {-5, 0, 5});
  const auto old_form = RunOneNode("Clip", {FloatAttribute("min", -1), FloatAttribute("max", 2)}, {x}, 6);
  EXPECT_THAT(FloatsIn((*old_form)[0]), ElementsAre(-1, 0, 2));
  const auto new_form = RunOneNode("Clip", {}, {x, Tensor(), Floats({}, {2})}, 13);
  EXPECT_THAT(FloatsIn((*new_form)[0]), ElementsAre(-5, 0, 2));
  EXPECT_FALSE(RunOneNode("Clip", {}, {x, Floats({2}, {1, 2})}, 13).ok());
}

TEST(Cast, SaturatesAndKnowsBool) {
  const auto bytes = RunOneNode("Cast", {IntAttribute("to", 2)}, {Floats({3}, {-1, 3.7f, 1e9f})});
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ((*bytes)[0].data<uint8_t>()[0], 0);
  EXPECT_EQ((*bytes)[0].data<uint8_t>()[1], 3);
  EXPECT_EQ((*bytes)[0].data<uint8_t>()[2], 255);
  const auto truth = RunOneNode("Cast", {IntAttribute("to", 9)}, {Floats({3}, {0, 0.25f, -1})});
  EXPECT_EQ((*truth)[0].data<uint8_t>()[0], 0);
  EXPECT_EQ((*truth)[0].data<uint8_t>()[1], 1);
  EXPECT_FALSE(RunOneNode("Cast", {IntAttribute("to", 8)}, {Floats({1}, {0})}).ok());
}

TEST(Softmax, BeforeOpset13RunsOverAllThatFollowsTheAxis) {
  const Tensor x = Floats({1, 2, 2}, {0, 0, 0, 0});
  EXPECT_THAT(FloatsIn((*RunOneNode("Softmax", {IntAttribute("axis", 1)}, {x}, 11))[0]),
              ElementsAre(0.25f, 0.25f, 0.25f, 0.25f));
  EXPECT_THAT(FloatsIn((*RunOneNode("Softmax", {IntAttribute("axis", 1)}, {x}, 13))[0]),
              ElementsAre(0.5f, 0.5f, 0.5f, 0.5f));
}

}  // namespace
}  // namespace tempera::ops
