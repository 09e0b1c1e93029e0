#include "src/engine/plan/shared_convs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "src/base/cpu.h"

namespace tempera::engine {
namespace {

TEST(SharedConvs, AreTheSameOnlyForTheSameConvolution) {
  const int64_t bit = ChooseCpuTarget()->highway_bit;
  kernels::ConvShape shape;
  shape.in_channels = shape.out_channels = 8;
  shape.in_h = shape.in_w = shape.out_h = shape.out_w = 16;
  shape.kernel_h = shape.kernel_w = 3;
  shape.pad_top = shape.pad_left = 1;
  const std::vector<float> weights(8 * 8 * 9, 0.5f), other(8 * 8 * 9, 0.25f), bias(8, 1);
  SharedConvs convs;
  const auto first = convs.Plan(shape, weights, bias, bit);
  ASSERT_TRUE(first.ok()) << first.status().message();
  EXPECT_EQ(*convs.Plan(shape, weights, bias, bit), *first);
  EXPECT_NE(*convs.Plan(shape, other, bias, bit), *first);
  EXPECT_NE(*convs.Plan(shape, weights, {}, bit), *first);
  shape.pad_mode = kernels::PadMode::kReflect;
  EXPECT_NE(*convs.Plan(shape, weights, bias, bit), *first);
  // NaN is not even itself: packed each time, and not kept.
  shape.pad_mode = kernels::PadMode::kConstant;
  shape.pad_value = std::nanf("");
  for (int i = 0; i < 3; ++i) {
    const auto padded = convs.Plan(shape, weights, bias, bit);
    ASSERT_TRUE(padded.ok());
    EXPECT_EQ(padded->use_count(), 1);
  }
  shape.pad_value = 0;
  shape.in_channels = 7;
  EXPECT_FALSE(convs.Plan(shape, weights, bias, bit).ok()) << "more weights than it has";
}

}  // namespace
}  // namespace tempera::engine
