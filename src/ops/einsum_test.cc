// Einsum and GridSample beyond ONNX's own cases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "src/ops/one_node.h"

namespace tempera::ops {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;

Result<std::vector<Tensor>> Einsum(const char* equation, const std::vector<Tensor>& inputs) {
  return RunOneNode("Einsum", {TextAttribute("equation", equation)}, inputs);
}

TEST(Einsum, KnowsExplicitAndImplicitForms) {
  const Tensor a = Floats({2, 2}, {1, 2, 3, 4}), v = Floats({2}, {10, 1});
  EXPECT_THAT(FloatsIn((*Einsum("ij , j -> i", {a, v}))[0]), ElementsAre(12, 34));
  EXPECT_THAT(FloatsIn((*Einsum("ba", {a}))[0]), ElementsAre(1, 3, 2, 4));  // a transposition
  EXPECT_THAT(FloatsIn((*Einsum("ii", {a}))[0]), ElementsAre(5));
  EXPECT_THAT(FloatsIn((*Einsum("ii->i", {a}))[0]), ElementsAre(1, 4));
  EXPECT_THAT(FloatsIn((*Einsum("i,ij,j->", {v, a, v}))[0]), ElementsAre(154));
  EXPECT_THAT(FloatsIn((*Einsum("...i,i->...", {a, v}))[0]), ElementsAre(12, 34));
  EXPECT_THAT(FloatsIn((*Einsum("...,...", {a, v}))[0]), ElementsAre(10, 2, 30, 4));
}

TEST(Einsum, SumsOfNothingAreZeroAndIntegersWrap) {
  const auto nothing = Einsum("ij->i", {Floats({2, 0}, {})});
  ASSERT_TRUE(nothing.ok()) << nothing.status().message();
  EXPECT_THAT(FloatsIn((*nothing)[0]), ElementsAre(0, 0));
  const Tensor large = TensorOf<int32_t>(DataType::kInt32, {1}, {1 << 20});
  EXPECT_EQ((*Einsum("i,i->i", {large, large}))[0].data<int32_t>()[0], 0);
}

TEST(Einsum, WrongEquationsAreRefused) {
  const Tensor a = Floats({2, 3}, {1, 2, 3, 4, 5, 6});
  for (const char* equation :
       {"", "i", "ij,jk", "ij->k", "ij->ii", "ii", "i.j", "ij->i.", "i1", "......", "ij->->"}) {
    EXPECT_FALSE(Einsum(equation, {a}).ok()) << equation;
  }
  EXPECT_FALSE(Einsum("ij,ij", {a, Floats({3, 2}, {1, 2, 3, 4, 5, 6})}).ok());
  EXPECT_THAT(Einsum("ij,ij,ij,ij", {a, a, a, a}).status().message(), HasSubstr("three operands"));
  const Tensor deep = Floats({4, 4, 4, 4, 4, 4, 4}, std::vector<float>(1 << 14, 1));
  EXPECT_THAT(Einsum("abcdefg,hijklmn,opqrstu->", {deep, deep, deep}).status().message(),
              HasSubstr("more than 16 thousand million products"));
  const Tensor wide = Floats({0, int64_t{1} << 30, int64_t{1} << 20}, {});
  EXPECT_FALSE(Einsum("aij,bkl->ab", {wide, wide}).ok());
}

Result<std::vector<Tensor>> Sample(std::vector<onnx::Attribute> attributes, const Tensor& x, float at_x,
                                   float at_y) {
  return RunOneNode("GridSample", std::move(attributes), {x, Floats({1, 1, 1, 2}, {at_x, at_y})}, 20);
}

TEST(GridSample, KnowsTheNamesOfBothOpsets) {
  const Tensor x = Floats({1, 1, 2, 2}, {0, 1, 2, 3});
  for (const char* mode : {"linear", "bilinear", "cubic", "bicubic", "nearest"}) {
    EXPECT_TRUE(Sample({TextAttribute("mode", mode)}, x, 0, 0).ok()) << mode;
  }
  EXPECT_FALSE(Sample({TextAttribute("mode", "lanczos")}, x, 0, 0).ok());
  EXPECT_FALSE(Sample({TextAttribute("padding_mode", "wrap")}, x, 0, 0).ok());
  EXPECT_THAT(FloatsIn((*Sample({}, x, 0, 0))[0]), ElementsAre(1.5f));
  EXPECT_FALSE(RunOneNode("GridSample", {}, {x, Floats({1, 1, 1, 3}, {0, 0, 0})}).ok());
  EXPECT_FALSE(RunOneNode("GridSample", {}, {Floats({1, 1, 0, 2}, {}), Floats({1, 1, 1, 2}, {0, 0})}).ok());
}

TEST(GridSample, PlacesFarOutsideAreInsideOfSomething) {
  const Tensor x = Floats({1, 1, 1, 3}, {1, 2, 3});
  const float endless = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const char* mode : {"nearest", "linear", "cubic"}) {
    for (const char* padding : {"zeros", "border", "reflection"}) {
      for (const int64_t align : {0, 1}) {
        for (const float at : {endless, -endless, nan, 3e38f, -3e38f}) {
          const auto y = Sample({TextAttribute("mode", mode), TextAttribute("padding_mode", padding),
                                 IntAttribute("align_corners", align)},
                                x, at, 0);
          ASSERT_TRUE(y.ok()) << y.status().message();
          EXPECT_TRUE(std::isfinite(FloatsIn((*y)[0])[0])) << mode << " " << padding << " " << at;
        }
      }
    }
  }
}

TEST(GridSample, PadsInThreeWays) {
  const Tensor x = Floats({1, 1, 1, 3}, {1, 2, 3});
  const auto at = [&](const char* padding, int64_t align) {
    return FloatsIn((*Sample({TextAttribute("mode", "nearest"), TextAttribute("padding_mode", padding),
                              IntAttribute("align_corners", align)},
                             x, 2, 0))[0])[0];
  };
  // In pixels 4 without, and 3 with aligned corners, of 0..2.
  EXPECT_EQ(at("zeros", 0), 0);
  EXPECT_EQ(at("border", 0), 3);
  EXPECT_EQ(at("reflection", 0), 2);  // about 2.5
  EXPECT_EQ(at("reflection", 1), 2);  // about 2
}

}  // namespace
}  // namespace tempera::ops
