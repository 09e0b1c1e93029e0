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

// Ready for planning.
graph::Graph Prepared(const TestModel& m, int64_t height = 96, int64_t width = 128) {
  const auto model = m.Load();
  EXPECT_TRUE(model.ok()) << model.status().message();
  const TensorInfo info{DataType::kFloat32, {1, 3, height, width}};
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
    const std::vector<double> gains = PlanCosts(graph, target.highway_bit).Int8Gains();
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
    for (double gain : PlanCosts(graph, target.highway_bit).Int8Gains()) EXPECT_EQ(gain, 0) << target.name;
  }
}

// A batch-norm network, norms folded away: 3x3 ends, three residual blocks of 64 channels, two
// enlargements.
graph::Graph WithoutNorms(int64_t height, int64_t width) {
  TestModel m;
  std::string x = m.Node("Relu", {m.PaddedConv("x", 3, 16, 3, 1, 1, false)});
  x = m.Node("Relu", {m.PaddedConv(x, 16, 32, 3, 2, 1, false)});
  x = m.Node("Relu", {m.PaddedConv(x, 32, 64, 3, 2, 1, false)});
  for (int block = 0; block < 3; ++block) {
    const std::string inner = m.Node("Relu", {m.PaddedConv(x, 64, 64, 3, 1, 1, false)});
    x = m.Node("Add", {m.PaddedConv(inner, 64, 64, 3, 1, 1, false), x});
  }
  for (int64_t channels : {64, 32}) {
    x = m.Node("Resize", {x, "", m.Floats({4}, {1, 1, 2, 2})},
               {TestModel::Text("coordinate_transformation_mode", "asymmetric"),
                TestModel::Text("nearest_mode", "floor")});
    x = m.Node("Relu", {m.PaddedConv(x, channels, channels / 2, 3, 1, 1, false)});
  }
  m.Output(m.PaddedConv(x, 16, 3, 3, 1, 1, false));
  return Prepared(m, height, width);
}

// Milliseconds of processor time, one thread, 640x480, least of six in turns on two AVX2 cores (family 25,
// model 1) that other work shared: which of the network's convolutions ran in 8 bits, and what the whole
// took.
TEST(PlanCosts, AgreeWithRecordedTimings) {
  constexpr double kFp32 = 99.89;
  struct Recorded {
    const char* name;
    std::vector<size_t> int8;
    double ms;
  };
  const Recorded recorded[] = {{"all", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 60.08},
                               {"first", {0}, 90.06},
                               {"last", {11}, 92.93},
                               {"first and last", {0, 11}, 93.98},
                               {"all but first and last", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 70.80},
                               {"every other", {1, 3, 5, 7, 9, 11}, 82.08},
                               {"one of a block", {4}, 90.14}};
  const auto target = ChooseCpuTarget("avx2");
  if (!target.ok()) GTEST_SKIP() << "this processor has no AVX2";
  const graph::Graph graph = WithoutNorms(480, 640);
  const PlanCosts costs(graph, target->highway_bit);
  EXPECT_NEAR(costs.TotalFp32() / 1e6, kFp32, 0.25 * kFp32);
  for (const Recorded& r : recorded) {
    std::vector<Precision> precisions(12, Precision::kFp32);
    for (size_t i : r.int8) precisions[i] = Precision::kInt8;
    EXPECT_NEAR(costs.Total(precisions) / 1e6, r.ms, 0.25 * r.ms) << r.name;
    // What is taken for a gain was one by far.
    if (costs.Gains(precisions)) EXPECT_LT(r.ms, 0.9 * kFp32) << r.name;
    EXPECT_EQ(costs.Gains(precisions), r.int8.size() >= 6) << r.name;
  }
}

// 8 bits in the first layer alone, or in the last, cost more than they save: on AVX-512 such a plan took 65
// ms where fp32 took 49. On no target is one taken.
TEST(PlanCosts, EndsAloneAreNotWorthIt) {
  const graph::Graph graph = WithoutNorms(256, 256);
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const PlanCosts costs(graph, target.highway_bit);
    const std::vector<Precision> fp32(12, Precision::kFp32);
    EXPECT_FALSE(costs.Gains(fp32)) << target.name;
    for (size_t end : {size_t{0}, size_t{11}}) {
      std::vector<Precision> precisions = fp32;
      precisions[end] = Precision::kInt8;
      EXPECT_FALSE(costs.Gains(precisions)) << target.name << end;
    }
    // Nothing is left that would be faster given up.
    std::vector<Precision> all(12, Precision::kInt8);
    costs.DropLosses(&all);
    for (Precision& precision : all) {
      if (precision == Precision::kFp32) continue;
      const double with = costs.Total(all);
      precision = Precision::kFp32;
      EXPECT_GE(costs.Total(all), with) << target.name;
      precision = Precision::kInt8;
    }
  }
}

// Expand, depthwise, project: both products of single pixels gain, since all three then stay interleaved.
TEST(PlanCosts, BothSidesOfADepthwiseConvolutionGain) {
  TestModel m;
  std::string x = m.Node("Relu", {m.PaddedConv("x", 3, 32, 3, 2, 1, false)});
  for (int i = 0; i < 2; ++i) {
    x = m.Node("Relu", {m.Node("Conv", {x, m.Random({32, 1, 3, 3})},
                               {TestModel::Int("group", 32), TestModel::Ints("pads", {1, 1, 1, 1})})});
    x = m.Node("Relu", {m.PaddedConv(x, 32, 32, 1, 1, 0, false)});
  }
  m.Output(x);
  const graph::Graph graph = Prepared(m);
  for (const CpuTarget& target : AvailableCpuTargets()) {
    if (!HasInt8(target.highway_bit)) continue;
    const std::vector<double> gains = PlanCosts(graph, target.highway_bit).Int8Gains();
    ASSERT_EQ(gains.size(), 5u);
    EXPECT_GT(gains[0], 0) << target.name;
    EXPECT_GT(gains[2], 0) << target.name;
    EXPECT_EQ(gains[1], 0) << target.name;  // fp32 arithmetic
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
