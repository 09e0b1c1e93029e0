// Operators that move numbers without changing them, and their hostile arguments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "src/ops/one_node.h"

namespace tempera::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kLow = std::numeric_limits<int64_t>::min(), kHigh = std::numeric_limits<int64_t>::max();

Tensor Ramp(Shape shape) {
  Tensor t = Tensor::Create(DataType::kFloat32, std::move(shape)).value();
  for (int64_t i = 0; i < t.element_count(); ++i) t.data<float>()[i] = static_cast<float>(i);
  return t;
}

TEST(Concat, RefusesWhatDoesNotAddUp) {
  const Tensor longest = Floats({(int64_t{1} << 59) - 1, 0}, {});
  const auto y = RunOneNode("Concat", {IntAttribute("axis", 0)}, std::vector<Tensor>(17, longest), 13);
  EXPECT_THAT(y.status().message(), HasSubstr("than can be counted"));
}

TEST(Pad, ReflectEdgeWrapAndConstant) {
  const Tensor x = Ramp({3});
  const auto padded = [&](const char* mode) {
    return FloatsIn((*RunOneNode("Pad", {TextAttribute("mode", mode)}, {x, Longs({2, 1})}, 19))[0]);
  };
  EXPECT_THAT(padded("reflect"), ElementsAre(2, 1, 0, 1, 2, 1));
  EXPECT_THAT(padded("edge"), ElementsAre(0, 0, 0, 1, 2, 2));
  EXPECT_THAT(padded("wrap"), ElementsAre(1, 2, 0, 1, 2, 0));
  EXPECT_THAT(padded("constant"), ElementsAre(0, 0, 0, 1, 2, 0));
}

TEST(Pad, OldAttributesAxesAndCropping) {
  const auto old_form =
      RunOneNode("Pad", {IntsAttribute("pads", {1, 0}), FloatAttribute("value", 7)}, {Ramp({2})}, 7);
  EXPECT_THAT(FloatsIn((*old_form)[0]), ElementsAre(7, 0, 1));
  const auto one_axis =
      RunOneNode("Pad", {}, {Ramp({2, 2}), Longs({0, 1}), Floats({}, {9}), Longs({-1})}, 18);
  EXPECT_THAT(FloatsIn((*one_axis)[0]), ElementsAre(0, 1, 9, 2, 3, 9));
  const auto cropped = RunOneNode("Pad", {}, {Ramp({4}), Longs({-1, -1})}, 13);
  EXPECT_THAT(FloatsIn((*cropped)[0]), ElementsAre(1, 2));
}

TEST(Pad, RefusesWhatCannotBe) {
  const auto reflect = RunOneNode("Pad", {TextAttribute("mode", "reflect")}, {Ramp({3}), Longs({3, 0})}, 13);
  EXPECT_THAT(reflect.status().message(), HasSubstr("use a larger picture"));
  EXPECT_FALSE(RunOneNode("Pad", {}, {Ramp({3}), Longs({kHigh, kHigh})}, 13).ok());
  EXPECT_FALSE(RunOneNode("Pad", {}, {Ramp({3}), Longs({-4, 0})}, 13).ok());
  EXPECT_FALSE(RunOneNode("Pad", {}, {Ramp({3}), Longs({1})}, 13).ok());
  EXPECT_FALSE(RunOneNode("Pad", {TextAttribute("mode", "mirror")}, {Ramp({3}), Longs({1, 1})}, 13).ok());
}

TEST(Slice, ExtremeBoundsAndSteps) {
  const auto slice = [&](int64_t start, int64_t end, int64_t step) {
    return FloatsIn(
        (*RunOneNode("Slice", {}, {Ramp({4}), Longs({start}), Longs({end}), Longs({0}), Longs({step})}))[0]);
  };
  EXPECT_THAT(slice(kLow, kHigh, 1), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(slice(kHigh, kLow, -1), ElementsAre(3, 2, 1, 0));
  EXPECT_THAT(slice(-1, -3, -1), ElementsAre(3, 2));
  EXPECT_THAT(slice(0, kHigh, kHigh), ElementsAre(0));
  EXPECT_THAT(slice(3, kLow, kLow), ElementsAre(3));
  EXPECT_THAT(slice(0, 4, 3), ElementsAre(0, 3));
  EXPECT_TRUE(slice(3, 1, 1).empty());
  EXPECT_FALSE(RunOneNode("Slice", {}, {Ramp({4}), Longs({0}), Longs({1}), Longs({0}), Longs({0})}).ok());
  EXPECT_FALSE(RunOneNode("Slice", {}, {Ramp({4}), Longs({0, 0}), Longs({1})}).ok());
  const auto old_form =
      RunOneNode("Slice", {IntsAttribute("starts", {1}), IntsAttribute("ends", {-1})}, {Ramp({4})}, 9);
  EXPECT_THAT(FloatsIn((*old_form)[0]), ElementsAre(1, 2));
}

TEST(Reshape, RefusesWhatDoesNotAddUp) {
  EXPECT_FALSE(RunOneNode("Reshape", {}, {Ramp({4}), Longs({-1, -1})}).ok());
  EXPECT_FALSE(RunOneNode("Reshape", {}, {Ramp({4}), Longs({3, -1})}).ok());
  EXPECT_FALSE(RunOneNode("Reshape", {}, {Ramp({4}), Longs({kHigh, kHigh})}).ok());
  EXPECT_FALSE(RunOneNode("Reshape", {}, {Ramp({4}), Longs({-2})}).ok());
  EXPECT_FALSE(RunOneNode("Reshape", {}, {Ramp({4}), Longs({1, 0})}).ok());
  EXPECT_THAT(RunOneNode("Reshape", {IntsAttribute("shape", {4})}, {Ramp({4})}, 1).status().message(),
              HasSubstr("opset 1"));
}

TEST(Split, EqualUnevenAndUnusedParts) {
  const auto equal = RunOneNode("Split", {}, {Ramp({4})}, 13, 2);
  EXPECT_THAT(FloatsIn((*equal)[1]), ElementsAre(2, 3));
  const auto uneven = RunOneNode("Split", {IntAttribute("num_outputs", 3)}, {Ramp({7})}, 18, 3);
  EXPECT_THAT(FloatsIn((*uneven)[0]), ElementsAre(0, 1, 2));
  EXPECT_THAT(FloatsIn((*uneven)[2]), ElementsAre(6));
  EXPECT_FALSE(RunOneNode("Split", {}, {Ramp({5})}, 13, 2).ok());
  EXPECT_FALSE(RunOneNode("Split", {}, {Ramp({4}), Longs({3, 2})}, 13, 2).ok());
  EXPECT_FALSE(RunOneNode("Split", {}, {Ramp({4}), Longs({-1, 5})}, 13, 2).ok());
}

TEST(SqueezeAndUnsqueeze, OldAndNewForms) {
  EXPECT_EQ((*RunOneNode("Squeeze", {IntsAttribute("axes", {0})}, {Ramp({1, 2, 1})}, 11))[0].shape(),
            (Shape{2, 1}));
  EXPECT_EQ((*RunOneNode("Squeeze", {}, {Ramp({1, 2, 1})}, 13))[0].shape(), (Shape{2}));
  EXPECT_FALSE(RunOneNode("Squeeze", {}, {Ramp({1, 2}), Longs({1})}, 13).ok());
  EXPECT_EQ((*RunOneNode("Unsqueeze", {IntsAttribute("axes", {0, -1})}, {Ramp({2})}, 11))[0].shape(),
            (Shape{1, 2, 1}));
  EXPECT_FALSE(RunOneNode("Unsqueeze", {}, {Ramp({2}), Longs({0, 0})}, 13).ok());
  EXPECT_FALSE(RunOneNode("Unsqueeze", {}, {Ramp({2}), Longs({9})}, 13).ok());
}

TEST(Gather, NegativeAndForeignIndices) {
  const Tensor x = Ramp({3, 2});
  EXPECT_THAT(FloatsIn((*RunOneNode("Gather", {}, {x, Longs({-1})}))[0]), ElementsAre(4, 5));
  EXPECT_THAT(RunOneNode("Gather", {}, {x, Longs({3})}).status().message(), HasSubstr("outside"));
  EXPECT_FALSE(RunOneNode("Gather", {}, {x, Longs({kLow})}).ok());
  EXPECT_FALSE(RunOneNode("Gather", {}, {x, Floats({1}, {0})}).ok());
}

TEST(TileExpandConcat, RefuseWhatCannotBe) {
  EXPECT_FALSE(RunOneNode("Tile", {}, {Ramp({2}), Longs({kHigh})}).ok());
  EXPECT_FALSE(RunOneNode("Tile", {}, {Ramp({2}), Longs({-1})}).ok());
  EXPECT_EQ((*RunOneNode("Tile", {}, {Ramp({2}), Longs({0})}))[0].element_count(), 0);
  EXPECT_FALSE(RunOneNode("Expand", {}, {Ramp({2}), Longs({3})}).ok());
  EXPECT_FALSE(RunOneNode("Concat", {IntAttribute("axis", 0)}, {Ramp({1, 2}), Ramp({1, 3})}).ok());
  EXPECT_FALSE(RunOneNode("Concat", {}, {Ramp({1}), Ramp({1})}).ok());
}

TEST(DepthToSpace, InvertsSpaceToDepth) {
  const Tensor x = Ramp({2, 3, 4, 6});
  const auto deep = RunOneNode("SpaceToDepth", {IntAttribute("blocksize", 2)}, {x});
  ASSERT_TRUE(deep.ok());
  EXPECT_EQ((*deep)[0].shape(), (Shape{2, 12, 2, 3}));
  const auto back = RunOneNode("DepthToSpace", {IntAttribute("blocksize", 2)}, {(*deep)[0]});
  EXPECT_EQ(FloatsIn((*back)[0]), FloatsIn(x));
  EXPECT_FALSE(RunOneNode("SpaceToDepth", {IntAttribute("blocksize", 5)}, {x}).ok());
  EXPECT_FALSE(RunOneNode("DepthToSpace", {IntAttribute("blocksize", 0)}, {x}).ok());
  EXPECT_FALSE(RunOneNode("DepthToSpace", {IntAttribute("blocksize", kHigh)}, {x}).ok());
}

TEST(Constant, EveryNumericForm) {
  EXPECT_THAT(FloatsIn((*RunOneNode("Constant", {FloatAttribute("value_float", 2.5f)}, {}))[0]),
              ElementsAre(2.5f));
  EXPECT_THAT(FloatsIn((*RunOneNode("Constant", {FloatsAttribute("value_floats", {1, 2})}, {}))[0]),
              ElementsAre(1, 2));
  EXPECT_EQ((*RunOneNode("Constant", {IntAttribute("value_int", -3)}, {}))[0].data<int64_t>()[0], -3);
  EXPECT_EQ((*RunOneNode("Constant", {IntsAttribute("value_ints", {4, 5})}, {}))[0].shape(), (Shape{2}));
  EXPECT_FALSE(RunOneNode("Constant", {TextAttribute("value_string", "hello")}, {}).ok());
  EXPECT_FALSE(RunOneNode("Constant", {}, {}).ok());
}

TEST(Shape, StartAndEndAreClipped) {
  const auto shape = [](int64_t start, int64_t end) {
    const auto out =
        RunOneNode("Shape", {IntAttribute("start", start), IntAttribute("end", end)}, {Ramp({2, 3, 4})});
    const Tensor& t = (*out)[0];
    return std::vector<int64_t>(t.data<int64_t>(), t.data<int64_t>() + t.element_count());
  };
  EXPECT_THAT(shape(kLow, kHigh), ElementsAre(2, 3, 4));
  EXPECT_THAT(shape(-2, -1), ElementsAre(3));
  EXPECT_TRUE(shape(2, 1).empty());
}

}  // namespace
}  // namespace tempera::ops
