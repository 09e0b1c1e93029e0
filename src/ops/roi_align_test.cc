#include <gtest/gtest.h>

#include <limits>

#include "src/ops/one_node.h"

namespace tempera::ops {
namespace {

// 0..15 in four rows: a plane, so that every sample between pixels is known.
Tensor Ramp() {
  std::vector<float> numbers;
  for (int i = 0; i < 16; ++i) numbers.push_back(static_cast<float>(i));
  return Floats({1, 1, 4, 4}, numbers);
}

std::vector<float> Aligned(std::vector<onnx::Attribute> attributes, const std::vector<float>& area,
                           int opset) {
  const auto out =
      RunOneNode("RoiAlign", std::move(attributes), {Ramp(), Floats({1, 4}, area), Longs({0})}, opset);
  EXPECT_TRUE(out.ok()) << out.status().message();
  return out.ok() ? FloatsIn((*out)[0]) : std::vector<float>();
}

TEST(RoiAlign, CoordinatesAreAsTheOpsetHasThem) {
  const std::vector<float> area = {1, 1, 3, 3};
  // Of pixels' middles until opset 15: around (2, 2). Of their corners since: around (1.5, 1.5).
  EXPECT_EQ(Aligned({}, area, 10), (std::vector<float>{10}));
  EXPECT_EQ(Aligned({}, area, 16), (std::vector<float>{7.5f}));
  EXPECT_EQ(Aligned({}, area, 22), (std::vector<float>{7.5f}));
  EXPECT_EQ(Aligned({TextAttribute("coordinate_transformation_mode", "output_half_pixel")}, area, 16),
            (std::vector<float>{10}));
  EXPECT_EQ(Aligned({IntAttribute("output_height", 2), IntAttribute("output_width", 2)}, area, 16),
            (std::vector<float>{5, 6, 9, 10}));
  EXPECT_EQ(Aligned({FloatAttribute("spatial_scale", 0.5f)}, {2, 2, 6, 6}, 16), (std::vector<float>{7.5f}));
}

TEST(RoiAlign, BorderAndNothing) {
  // Beyond the border by less than a pixel the border is seen, farther out nothing.
  EXPECT_EQ(Aligned({IntAttribute("sampling_ratio", 1)}, {-1, -1, 0, 0}, 10), (std::vector<float>{0}));
  EXPECT_EQ(Aligned({IntAttribute("sampling_ratio", 1)}, {3, 3, 4, 4}, 10), (std::vector<float>{15}));
  EXPECT_EQ(Aligned({}, {40, 40, 44, 44}, 16), (std::vector<float>{0}));
  EXPECT_EQ(Aligned({}, {3, 3, 1, 1}, 16), (std::vector<float>{0}));
  // The largest of pixels by their shares: of 5, 6, 9 and 10, a quarter each.
  EXPECT_EQ(Aligned({TextAttribute("mode", "max"), IntAttribute("sampling_ratio", 1)}, {1, 1, 3, 3}, 16),
            (std::vector<float>{2.5f}));
}

TEST(RoiAlign, HostileAreasAreRefused) {
  const auto run = [](const std::vector<float>& area, int64_t picture,
                      std::vector<onnx::Attribute> attributes = {}) {
    return RunOneNode("RoiAlign", std::move(attributes), {Ramp(), Floats({1, 4}, area), Longs({picture})}, 16)
        .status();
  };
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(run({0, 0, 4, 4}, 0).ok());
  EXPECT_FALSE(run({0, 0, 4, 4}, 1).ok());
  EXPECT_FALSE(run({0, 0, 4, 4}, -1).ok());
  EXPECT_FALSE(run({0, 0, 1e9f, 4}, 0).ok());
  EXPECT_FALSE(run({nan, 0, 4, 4}, 0).ok());
  EXPECT_FALSE(run({0, 0, 4, nan}, 0).ok());
  EXPECT_FALSE(run({-inf, 0, 4, 4}, 0).ok());
  for (int ratio : {0, 1, 2}) {
    for (const std::vector<float>& area : std::vector<std::vector<float>>{{nan, 0, 4, 4},
                                                                          {0, nan, 4, 4},
                                                                          {0, 0, nan, 4},
                                                                          {0, 0, 4, nan},
                                                                          {0, 0, inf, 4},
                                                                          {0, -inf, 4, 4}}) {
      for (const char* coordinates : {"half_pixel", "output_half_pixel"})
        EXPECT_FALSE(run(area, 0,
                         {IntAttribute("sampling_ratio", ratio),
                          TextAttribute("coordinate_transformation_mode", coordinates)})
                         .ok())
            << ratio << ", " << coordinates;
    }
  }
  EXPECT_FALSE(run({0, 0, 4, 4}, 0, {IntAttribute("sampling_ratio", -1)}).ok());
  EXPECT_FALSE(run({0, 0, 4, 4}, 0, {IntAttribute("output_height", 0)}).ok());
  EXPECT_FALSE(run({0, 0, 4, 4}, 0, {TextAttribute("mode", "sum")}).ok());
  EXPECT_FALSE(run({0, 0, 4, 4}, 0, {TextAttribute("coordinate_transformation_mode", "x")}).ok());
}

// Whether the samples are said or follow from the area: hours, asked for by a few bytes.
TEST(RoiAlign, WorkIsBounded) {
  for (int ratio : {0, 1024}) {
    const Status status = RunOneNode("RoiAlign",
                                     {IntAttribute("output_height", 512), IntAttribute("output_width", 512),
                                      IntAttribute("sampling_ratio", ratio)},
                                     {Ramp(), Floats({1, 4}, {0, 0, 5e5f, 5e5f}), Longs({0})}, 16)
                              .status();
    ASSERT_FALSE(status.ok()) << ratio;
    EXPECT_NE(status.message().find("a smaller sampling_ratio or grid is needed"), std::string::npos)
        << status.message();
  }
}

}  // namespace
}  // namespace tempera::ops
