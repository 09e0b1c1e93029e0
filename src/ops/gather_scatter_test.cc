// GatherElements, GatherND, ScatterElements and ScatterND beyond ONNX's own cases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "src/ops/one_node.h"

namespace tempera::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tensor Indices(Shape shape, const std::vector<int64_t>& v) {
  return TensorOf(DataType::kInt64, std::move(shape), v);
}

TEST(GatherElements, CountsFromTheBackAndTakesFewerRows) {
  const Tensor x = Floats({3, 2}, {1, 2, 3, 4, 5, 6});
  const auto rows = RunOneNode("GatherElements", {IntAttribute("axis", 0)}, {x, Indices({1, 2}, {-1, 1})});
  EXPECT_THAT(FloatsIn((*rows)[0]), ElementsAre(5, 4));
  const auto columns = RunOneNode("GatherElements", {IntAttribute("axis", -1)},
                                  {x, TensorOf<int32_t>(DataType::kInt32, {2, 3}, {0, 1, -2, 1, 1, 0})});
  EXPECT_THAT(FloatsIn((*columns)[0]), ElementsAre(1, 2, 1, 4, 4, 3));
}

TEST(GatherElements, HostileIndicesAreRefused) {
  const Tensor x = Floats({2, 2}, {1, 2, 3, 4});
  for (const int64_t index :
       {int64_t{2}, int64_t{-3}, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    const auto y = RunOneNode("GatherElements", {}, {x, Indices({1, 1}, {index})});
    EXPECT_THAT(y.status().message(), HasSubstr("is outside its 2 entries"));
  }
  // More columns than there are, where the index does not say which.
  EXPECT_FALSE(RunOneNode("GatherElements", {}, {x, Indices({1, 3}, {0, 0, 0})}).ok());
  EXPECT_FALSE(RunOneNode("GatherElements", {}, {x, Indices({2}, {0, 0})}).ok());
  EXPECT_FALSE(RunOneNode("GatherElements", {}, {x, Floats({1, 1}, {0})}).ok());
}

TEST(GatherNd, TakesSlicesBatchByBatch) {
  const Tensor x = Floats({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const auto slices = RunOneNode("GatherND", {}, {x, Indices({2, 1}, {-1, 0})});
  EXPECT_THAT(FloatsIn((*slices)[0]), ElementsAre(5, 6, 7, 8, 1, 2, 3, 4));
  const auto batched =
      RunOneNode("GatherND", {IntAttribute("batch_dims", 1)}, {x, Indices({2, 1, 1}, {1, 0})});
  EXPECT_EQ((*batched)[0].shape(), (Shape{2, 1, 2}));
  EXPECT_THAT(FloatsIn((*batched)[0]), ElementsAre(3, 4, 5, 6));
}

TEST(GatherNd, HostileIndicesAreRefused) {
  const Tensor x = Floats({2, 2}, {1, 2, 3, 4});
  EXPECT_FALSE(RunOneNode("GatherND", {}, {x, Indices({1, 2}, {0, 2})}).ok());
  EXPECT_FALSE(RunOneNode("GatherND", {}, {x, Indices({1, 3}, {0, 0, 0})}).ok());
  EXPECT_FALSE(RunOneNode("GatherND", {}, {x, Indices({1, 0}, {})}).ok());
  EXPECT_FALSE(RunOneNode("GatherND", {}, {x, Indices({}, {0})}).ok());
  for (const int64_t batch : {int64_t{-1}, int64_t{2}, std::numeric_limits<int64_t>::max()}) {
    EXPECT_FALSE(
        RunOneNode("GatherND", {IntAttribute("batch_dims", batch)}, {x, Indices({2, 1}, {0, 0})}).ok());
  }
  const auto nothing = RunOneNode("GatherND", {}, {x, Indices({0, 1}, {})});
  ASSERT_TRUE(nothing.ok()) << nothing.status().message();
  EXPECT_EQ((*nothing)[0].shape(), (Shape{0, 2}));
}

TEST(ScatterElements, CombinesWhatMeetsInOrder) {
  const Tensor x = Floats({1, 3}, {1, 2, 3});
  const Tensor twice = Indices({1, 2}, {1, -2}), updates = Floats({1, 2}, {10, 20});
  const auto run = [&](const char* reduction) {
    return FloatsIn(
        (*RunOneNode("ScatterElements", {IntAttribute("axis", 1), TextAttribute("reduction", reduction)},
                     {x, twice, updates}, 18))[0]);
  };
  EXPECT_THAT(run("none"), ElementsAre(1, 20, 3));
  EXPECT_THAT(run("add"), ElementsAre(1, 32, 3));
  EXPECT_THAT(run("mul"), ElementsAre(1, 400, 3));
  EXPECT_THAT(run("max"), ElementsAre(1, 20, 3));
  EXPECT_THAT(run("min"), ElementsAre(1, 2, 3));
  EXPECT_FALSE(RunOneNode("ScatterElements", {TextAttribute("reduction", "mean")}, {x, twice, updates}).ok());
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  const auto max = RunOneNode("ScatterElements", {IntAttribute("axis", 1), TextAttribute("reduction", "max")},
                              {x, twice, Floats({1, 2}, {nan, 5})}, 18);
  EXPECT_TRUE(std::isnan(FloatsIn((*max)[0])[1]));
}

TEST(ScatterElements, IntegersWrapAndBoolsAreReplaced) {
  const auto bytes = RunOneNode("ScatterElements", {TextAttribute("reduction", "add")},
                                {TensorOf<uint8_t>(DataType::kUint8, {1}, {200}), Longs({0}),
                                 TensorOf<uint8_t>(DataType::kUint8, {1}, {100})});
  EXPECT_EQ((*bytes)[0].data<uint8_t>()[0], 44);
  const auto bools = RunOneNode("Scatter", {},
                                {TensorOf<uint8_t>(DataType::kBool, {2}, {0, 0}), Longs({1}),
                                 TensorOf<uint8_t>(DataType::kBool, {1}, {1})},
                                9);
  EXPECT_EQ((*bools)[0].data<uint8_t>()[1], 1);
}

TEST(Scatter, HostileIndicesAreRefused) {
  const Tensor x = Floats({2, 2}, {1, 2, 3, 4});
  EXPECT_FALSE(RunOneNode("ScatterElements", {}, {x, Indices({1, 1}, {2}), Floats({1, 1}, {0})}).ok());
  EXPECT_FALSE(
      RunOneNode("ScatterElements", {}, {x, Indices({1, 3}, {0, 0, 0}), Floats({1, 3}, {0, 0, 0})}).ok());
  EXPECT_FALSE(RunOneNode("ScatterElements", {}, {x, Indices({1, 1}, {0}), Floats({1, 2}, {0, 0})}).ok());
  EXPECT_FALSE(RunOneNode("ScatterND", {}, {x, Indices({1, 2}, {0, -3}), Floats({1}, {0})}).ok());
  EXPECT_FALSE(RunOneNode("ScatterND", {}, {x, Indices({1, 1}, {0}), Floats({1}, {0})}).ok());
  EXPECT_FALSE(RunOneNode("ScatterND", {}, {x, Indices({1, 3}, {0, 0, 0}), Floats({1}, {0})}).ok());
}

TEST(ScatterNd, ReplacesSlicesAndCombinesThem) {
  const Tensor x = Floats({2, 2}, {1, 2, 3, 4});
  const auto row = RunOneNode("ScatterND", {}, {x, Indices({1, 1}, {-1}), Floats({1, 2}, {8, 9})});
  EXPECT_THAT(FloatsIn((*row)[0]), ElementsAre(1, 2, 8, 9));
  const auto min = RunOneNode("ScatterND", {TextAttribute("reduction", "min")},
                              {x, Indices({2, 2}, {0, 0, 0, 0}), Floats({2}, {5, -1})}, 18);
  EXPECT_THAT(FloatsIn((*min)[0]), ElementsAre(-1, 2, 3, 4));
  const auto untouched = RunOneNode("ScatterND", {}, {x, Indices({0, 2}, {}), Floats({0}, {})});
  EXPECT_THAT(FloatsIn((*untouched)[0]), ElementsAre(1, 2, 3, 4));
}

}  // namespace
}  // namespace tempera::ops
