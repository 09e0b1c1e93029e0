// Reductions, questions and ranges beyond ONNX's own cases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "src/ops/one_node.h"

namespace tempera::ops {
namespace {

using testing::ElementsAre;

TEST(Reduce, AxesMovedFromAttributeToInput) {
  const Tensor x = Floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto attribute =
      RunOneNode("ReduceMean", {IntsAttribute("axes", {1}), IntAttribute("keepdims", 0)}, {x}, 13);
  EXPECT_THAT(FloatsIn((*attribute)[0]), ElementsAre(2, 5));
  const auto input = RunOneNode("ReduceMean", {}, {x, Longs({-2})}, 18);
  EXPECT_THAT(FloatsIn((*input)[0]), ElementsAre(2.5f, 3.5f, 4.5f));
  EXPECT_EQ((*input)[0].shape(), (Shape{1, 3}));
  const auto sum = RunOneNode("ReduceSum", {}, {x, Longs({0})}, 13);
  EXPECT_THAT(FloatsIn((*sum)[0]), ElementsAre(5, 7, 9));
  EXPECT_FALSE(RunOneNode("ReduceMean", {IntsAttribute("axes", {2})}, {x}, 13).ok());
  EXPECT_FALSE(RunOneNode("ReduceMean", {IntsAttribute("axes", {0, -2})}, {x}, 13).ok());
}

TEST(Reduce, EmptyAxesMeanAllUnlessTheyMeanNone) {
  const Tensor x = Floats({2}, {1, 3});
  EXPECT_THAT(FloatsIn((*RunOneNode("ReduceMean", {}, {x}, 18))[0]), ElementsAre(2));
  EXPECT_THAT(FloatsIn((*RunOneNode("ReduceMean", {IntAttribute("noop_with_empty_axes", 1)}, {x}, 18))[0]),
              ElementsAre(1, 3));
}

TEST(Reduce, MeansOfManyNumbersKeepTheirDigits) {
  const Tensor x = Floats({1 << 20}, std::vector<float>(1 << 20, 100.1f));
  EXPECT_THAT(FloatsIn((*RunOneNode("ReduceMean", {}, {x}))[0]), ElementsAre(100.1f));
}

TEST(Compare, BroadcastsAndKnowsEveryType) {
  const auto bools = [](const Result<std::vector<Tensor>>& r) {
    const Tensor& t = (*r)[0];
    return std::vector<int>(t.data<uint8_t>(), t.data<uint8_t>() + t.element_count());
  };
  EXPECT_THAT(bools(RunOneNode("Less", {}, {Longs({1, 2, 3}), Longs({2})})), ElementsAre(1, 0, 0));
  EXPECT_THAT(bools(RunOneNode("Equal", {}, {Floats({2}, {1, 2}), Floats({2}, {1, 3})})), ElementsAre(1, 0));
  const Tensor truth = TensorOf<uint8_t>(DataType::kBool, {2}, {1, 0});
  EXPECT_THAT(bools(RunOneNode("Not", {}, {truth})), ElementsAre(0, 1));
  EXPECT_THAT(bools(RunOneNode("Equal", {}, {truth, truth})), ElementsAre(1, 1));
  EXPECT_FALSE(RunOneNode("And", {}, {Longs({1}), Longs({1})}).ok());
  const auto chosen = RunOneNode("Where", {}, {truth, Longs({7}), Longs({8, 9})});
  EXPECT_EQ((*chosen)[0].data<int64_t>()[0], 7);
  EXPECT_EQ((*chosen)[0].data<int64_t>()[1], 9);
}

TEST(Range, HostileStepsAreRefused) {
  const auto range = [](float start, float limit, float delta) {
    return RunOneNode("Range", {}, {Floats({}, {start}), Floats({}, {limit}), Floats({}, {delta})});
  };
  EXPECT_THAT(FloatsIn((*range(0, 1, 0.4f))[0]), ElementsAre(0, 0.4f, 0.8f));
  EXPECT_THAT(FloatsIn((*range(3, 0, -2))[0]), ElementsAre(3, 1));
  EXPECT_EQ((*range(0, -1, 1))[0].element_count(), 0);
  EXPECT_FALSE(range(0, 1, 0).ok());
  EXPECT_FALSE(range(0, 1, std::numeric_limits<float>::quiet_NaN()).ok());
  EXPECT_FALSE(range(0, std::numeric_limits<float>::infinity(), 1).ok());
}

TEST(SumAndMean, OfOneAndOfMany) {
  const Tensor a = Floats({2}, {1, 2}), b = Floats({}, {3});
  EXPECT_THAT(FloatsIn((*RunOneNode("Sum", {}, {a}))[0]), ElementsAre(1, 2));
  EXPECT_THAT(FloatsIn((*RunOneNode("Mean", {}, {a, b}))[0]), ElementsAre(2, 2.5f));
}

}  // namespace
}  // namespace tempera::ops
