// Which convolutions are worth 8 bits: more of them the more work there is to save, none where loops are all
// there is, and never beyond what the picture bears.
#include "src/engine/precision/choose_convs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "src/base/cpu.h"
#include "src/engine/precision/conv_shape.h"
#include "src/engine/run/model_builder_for_test.h"
#include "src/graph/passes.h"
#include "src/kernels/dot/dot_kernel.h"
#include "src/kernels/nhwc/conv_cost.h"
#include "src/ops/specialize.h"

namespace tempera::engine {
namespace {

bool HasInt8(int64_t highway_bit) {
  for (const kernels::DotKernel* dot : kernels::DotKernelsFor(highway_bit)) {
    if (dot->element != kernels::DotElement::kBf16 && dot != &kernels::PlainDotKernel(dot->element))
      return true;
  }
  return false;
}

// Ready for planning, at [1, 3, 96, 128].
graph::Graph Prepared(const TestModel& m) {
  const auto model = m.Load();
  EXPECT_TRUE(model.ok()) << model.status().message();
  const TensorInfo info{DataType::kFloat32, {1, 3, 96, 128}};
  auto graph = ops::Specialize(**model, {&info, 1});
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_TRUE(graph::RunPasses(*graph).ok());
  return std::move(graph).value();
}

TEST(ChooseConvs, WideOnesGainAndLoopsDoNot) {
  TestModel m;
  std::string x = m.Node("Relu", {m.PaddedConv("x", 3, 64, 3, 1, 1, true)});
  x = m.Node("Relu", {m.PaddedConv(x, 64, 64, 3, 1, 1, true)});
  x = m.Node("Relu", {m.PaddedConv(x, 64, 64, 3, 2, 1, true)});
  x = m.Node("Relu", {m.PaddedConv(x, 64, 64, 3, 1, 1, true)});
  m.Output(m.PaddedConv(x, 64, 3, 3, 1, 1, false));
  const graph::Graph graph = Prepared(m);
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const std::vector<double> gains = Int8Gains(graph, target.highway_bit);
    ASSERT_EQ(gains.size(), 5u);
    if (HasInt8(target.highway_bit)) {
      for (size_t wide : {size_t{1}, size_t{2}, size_t{3}}) EXPECT_GT(gains[wide], 0) << target.name << wide;
    } else if (kernels::ChooseConvTarget(target.highway_bit)->lanes > 1) {
      EXPECT_EQ(std::count(gains.begin(), gains.end(), 0.0), 5) << target.name;
    }
  }
}

TEST(ChooseConvs, OnesThatNoKernelServesGainNothing) {
  TestModel m;
  const std::string x = m.Node("Conv", {"x", m.Random({6, 1, 3, 3})}, {TestModel::Int("group", 3)});
  m.Output(m.Node("ConvTranspose", {x, m.Random({6, 2, 1, 1})}, {TestModel::Ints("strides", {2, 2})}));
  const graph::Graph graph = Prepared(m);
  for (const CpuTarget& target : AvailableCpuTargets()) {
    for (double gain : Int8Gains(graph, target.highway_bit)) EXPECT_EQ(gain, 0) << target.name;
  }
}

TEST(ChooseConvs, MostGainStaysBelowTheNoise) {
  const std::vector<LayerNoise> layers = {
      {{0}, 10, 1e-4}, {{1, 2}, 1, 3e-4}, {{3}, 30, 1e-4}, {{4}, 5, 1e-6}, {{5}, 100, 1.0}};
  const auto kept = MostGain(layers, 2.5e-4);
  // By gain for noise: 4, 3, 0, then 5 and {1, 2}, which do not fit.
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[0].convs[0], 4u);
  EXPECT_EQ(kept[1].convs[0], 3u);
  EXPECT_EQ(kept[2].convs[0], 0u);
  EXPECT_TRUE(MostGain(layers, 1e-7).empty());
  EXPECT_EQ(MostGain(layers, 2).size(), 5u);
}

// More of the same work costs more, whatever the kernel; what is written in planes costs no less.
TEST(ConvCost, GrowsWithTheWork) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    double last = 0;
    for (int64_t channels : {8, 16, 32, 64, 128}) {
      kernels::ConvShape s;
      s.in_channels = s.out_channels = channels;
      s.in_h = s.out_h = 90, s.in_w = s.out_w = 160;
      s.kernel_h = s.kernel_w = 3, s.pad_top = s.pad_left = 1;
      kernels::ConvNhwcOptions options;
      options.highway_bit = target.highway_bit;
      const double f32 = kernels::ConvCostF32(s, target.highway_bit);
      const double nhwc = kernels::ConvCostNhwc(s, options);
      options.output = kernels::PictureLayout::kPlanarF32;
      EXPECT_GT(kernels::ConvCostNhwc(s, options), nhwc) << target.name << channels;
      EXPECT_GT(std::min(f32, nhwc), last) << target.name << channels;
      last = std::min(f32, nhwc);
    }
  }
}

}  // namespace
}  // namespace tempera::engine
