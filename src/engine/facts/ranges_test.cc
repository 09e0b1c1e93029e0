#include "src/engine/facts/ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "src/engine/facts/layouts.h"
#include "src/engine/precision/calibration_frame.h"
#include "src/engine/run/model_builder_for_test.h"
#include "src/graph/passes.h"
#include "src/ops/specialize.h"

namespace tempera::engine {
namespace {

graph::Graph Lowered(const TestModel& model, const Shape& shape) {
  const auto loaded = model.Load();
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  const TensorInfo info{DataType::kFloat32, shape};
  auto graph = ops::Specialize(**loaded, {&info, 1});
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_TRUE(graph::RunPasses(*graph).ok());
  return std::move(graph).value();
}

std::vector<ChannelRanges> Ranges(const graph::Graph& graph, const ValueRange& input = {}) {
  const auto inputs = PropagateRanges(graph, {input});
  EXPECT_TRUE(inputs.ok()) << inputs.status().message();
  std::vector<ChannelRanges> ranges;
  if (!inputs.ok()) return std::vector<ChannelRanges>(8);
  for (const ConvInput& conv : *inputs) ranges.push_back(conv.ranges);
  return ranges;
}

TEST(Ranges, FollowFromNormsAndActivations) {
  TestModel m;
  const std::string conv = m.Node("Conv", {"x", m.Random({2, 3, 1, 1})});
  const std::string norm =
      m.Node("InstanceNormalization", {conv, m.Floats({2}, {0.5f, -2}), m.Floats({2}, {1, -100})});
  const std::string relu = m.Node("Relu", {norm});
  const std::string second = m.Node("Conv", {relu, m.Random({2, 2, 1, 1})});
  const std::string leaky = m.Node("LeakyRelu", {norm}, {TestModel::Float("alpha", 0.5f)});
  m.Output(m.Node("Add", {second, m.Node("Conv", {leaky, m.Random({2, 2, 1, 1})})}));
  const auto ranges = Ranges(Lowered(m, {1, 3, 8, 8}), {-1, 1});
  ASSERT_EQ(ranges.size(), 3u);
  EXPECT_EQ(ranges[0].low, (std::vector<float>{-1, -1, -1}));
  EXPECT_EQ(ranges[0].high, (std::vector<float>{1, 1, 1}));
  const auto k = static_cast<float>(kNormSigmas);
  EXPECT_FLOAT_EQ(ranges[1].low[0], 0);
  EXPECT_FLOAT_EQ(ranges[1].high[0], 1 + 0.5f * k);
  EXPECT_GT(ranges[1].high[1], ranges[1].low[1]);  // never above zero, yet not empty
  EXPECT_LT(ranges[1].high[1], 0.01f);
  EXPECT_FLOAT_EQ(ranges[2].low[0], 0.5f * (1 - 0.5f * k));
}

TEST(Ranges, SumsOfStrangersAddAsSquaresDo) {
  TestModel m;
  const auto norm = [&](float gamma, float beta) {
    return m.Node("InstanceNormalization", {m.Node("Conv", {"x", m.Random({1, 3, 1, 1})}),
                                            m.Floats({1}, {gamma}), m.Floats({1}, {beta})});
  };
  m.Output(m.Node("Conv", {m.Node("Add", {norm(3, 1), norm(4, 2)}), m.Random({1, 1, 1, 1})}));
  const auto ranges = Ranges(Lowered(m, {1, 3, 8, 8}));
  const auto k = static_cast<float>(kNormSigmas);
  EXPECT_FLOAT_EQ(ranges[2].low[0], 3 - 5 * k);
  EXPECT_FLOAT_EQ(ranges[2].high[0], 3 + 5 * k);
}

// What a tanh bounds reaches its bounds; eight deviations are never reached.
TEST(Ranges, SureBoundsAddAsTheyAre) {
  TestModel m;
  const std::string tanh = m.Node("Tanh", {m.Node("Conv", {"x", m.Random({1, 3, 1, 1})})});
  const std::string other = m.Node("Tanh", {m.Node("Conv", {"x", m.Random({1, 3, 1, 1})})});
  m.Output(m.Node("Conv", {m.Node("Add", {tanh, other}), m.Random({1, 1, 1, 1})}));
  const auto ranges = Ranges(Lowered(m, {1, 3, 8, 8}));
  EXPECT_EQ(ranges[2].low[0], -2);
  EXPECT_EQ(ranges[2].high[0], 2);
}

TEST(Ranges, ANegativeSlopeTurnsAroundAtZero) {
  TestModel m;
  const std::string norm = m.Node("InstanceNormalization", {m.Node("Conv", {"x", m.Random({2, 3, 1, 1})}),
                                                            m.Floats({2}, {1, 1}), m.Floats({2}, {0, 0})});
  const std::string prelu = m.Node("PRelu", {norm, m.Floats({2, 1, 1}, {-0.5f, 0.5f})});
  m.Output(m.Node("Conv", {prelu, m.Random({1, 2, 1, 1})}));
  const auto ranges = Ranges(Lowered(m, {1, 3, 8, 8}));
  const auto k = static_cast<float>(kNormSigmas);
  EXPECT_EQ(ranges[1].low[0], 0);
  EXPECT_FLOAT_EQ(ranges[1].high[0], k);
  EXPECT_FLOAT_EQ(ranges[1].low[1], -0.5f * k);
  EXPECT_FLOAT_EQ(ranges[1].high[1], k);
}

TEST(Ranges, HoldTheNumbersAroundThePicture) {
  TestModel m;
  const std::string clip = m.Node("Clip", {"x", m.Floats({}, {5}), m.Floats({}, {6})});
  m.Output(m.Node("Conv", {clip, m.Random({1, 3, 3, 3})}, {TestModel::Ints("pads", {1, 1, 1, 1})}));
  const auto ranges = Ranges(Lowered(m, {1, 3, 8, 8}));
  EXPECT_EQ(ranges[0].low[0], 0);
  EXPECT_EQ(ranges[0].high[0], 6);
}

// One norm with channels of different width, for rules that might mistake them.
std::string ThreeChannels(TestModel& m) {
  return m.Node("InstanceNormalization", {m.Node("Conv", {"x", m.Random({3, 3, 1, 1})}),
                                          m.Floats({3}, {1, 10, 100}), m.Floats({3}, {0, 0, 0})});
}

// Of the input of a convolution behind `x`, which has three channels, on pictures of 8x8.
ChannelRanges BehindOf(TestModel& m, const std::string& x) {
  m.Output(m.Node("Conv", {x, m.Random({1, 3, 1, 1})}));
  return Ranges(Lowered(m, {1, 3, 8, 8})).back();
}

std::string OneToSix(TestModel& m) { return m.Node("Clip", {"x", m.Floats({}, {1}), m.Floats({}, {6})}); }

TEST(Ranges, MeansThatCountThePaddingComeDownToZero) {
  const auto kernel = [](int64_t k) { return TestModel::Ints("kernel_shape", {k, k}); };
  for (const int64_t counts : {0, 1}) {
    TestModel m, same;
    const auto count = TestModel::Int("count_include_pad", counts);
    const ChannelRanges by_pads = BehindOf(
        m, m.Node("AveragePool", {OneToSix(m)}, {kernel(9), TestModel::Ints("pads", {4, 4, 4, 4}), count}));
    const ChannelRanges by_rule =
        BehindOf(same, same.Node("AveragePool", {OneToSix(same)},
                                 {kernel(3), TestModel::Text("auto_pad", "SAME_UPPER"), count}));
    for (const ChannelRanges* r : {&by_pads, &by_rule}) {
      EXPECT_EQ(r->low, std::vector<float>(3, counts ? 0 : 1));
      EXPECT_EQ(r->high, std::vector<float>(3, 6));
    }
  }
}

TEST(Ranges, WindowsOfPaddingAloneAreNoneOfThePicture) {
  for (const bool by_rule : {false, true}) {
    std::vector<onnx::Attribute> window = {
        TestModel::Ints("kernel_shape", {2, 2}), TestModel::Ints("dilations", {7, 7}),
        by_rule ? TestModel::Text("auto_pad", "SAME_UPPER") : TestModel::Ints("pads", {4, 4, 4, 4})};
    TestModel most, mean;
    EXPECT_FALSE(BehindOf(most, most.Node("MaxPool", {OneToSix(most)}, window)).known());
    const ChannelRanges r = BehindOf(mean, mean.Node("AveragePool", {OneToSix(mean)}, window));
    ASSERT_TRUE(r.known());
    EXPECT_EQ(r.low[0], 0);
  }
}

TEST(Ranges, CropsHoldWhatLiesOutside) {
  TestModel m;
  const ChannelRanges r =
      BehindOf(m, m.Node("Resize",
                         {OneToSix(m), m.Floats({8}, {0, 0, -1, -1, 1, 1, 2, 2}), "", m.Int64s({1, 3, 8, 8})},
                         {TestModel::Text("mode", "linear"), TestModel::Float("extrapolation_value", -7),
                          TestModel::Text("coordinate_transformation_mode", "tf_crop_and_resize")}));
  EXPECT_EQ(r.low, std::vector<float>(3, -7));
  EXPECT_EQ(r.high, std::vector<float>(3, 6));
}

TEST(Ranges, ChannelsThatMoveTakeTheirRangesAlong) {
  const float widest = 100 * static_cast<float>(kNormSigmas);
  {
    TestModel m;  // the widest becomes the first
    const std::string x = m.Node("Pad", {ThreeChannels(m), m.Int64s({0, -2, 0, 0, 0, 2, 0, 0})});
    EXPECT_GE(BehindOf(m, x).high[0], widest);
  }
  {
    TestModel m;
    const auto scales = m.Floats({4}, {1, 1.3f, 1, 1});
    const std::string x =
        m.Node("Resize", {m.Node("Pad", {ThreeChannels(m), m.Int64s({0, 0, 1, 1, 0, 0, 1, 1})}), "", scales},
               {TestModel::Text("mode", "nearest"), TestModel::Text("nearest_mode", "ceil"),
                TestModel::Text("coordinate_transformation_mode", "asymmetric")});
    EXPECT_GE(BehindOf(m, x).high[1], widest);  // 1 / 1.3, rounded up, and 2 / 1.3 is two
  }
  {
    TestModel m;
    const std::string x = m.Node(
        "Resize", {ThreeChannels(m), m.Floats({8}, {0, 1, 0, 0, 1, 0, 1, 1}), "", m.Int64s({1, 3, 8, 8})},
        {TestModel::Text("mode", "nearest"),
         TestModel::Text("coordinate_transformation_mode", "tf_crop_and_resize")});
    EXPECT_GE(BehindOf(m, x).high[0], widest);  // from the last to the first
  }
  {
    TestModel m;  // those that stay keep theirs
    const std::string x = m.Node("Resize", {ThreeChannels(m), "", m.Floats({4}, {1, 1, 2, 2})},
                                 {TestModel::Text("mode", "linear")});
    const ChannelRanges r = BehindOf(m, m.Node("Pad", {x, m.Int64s({0, 0, -1, -1, 0, 0, 0, 0})}));
    EXPECT_FLOAT_EQ(r.high[0], widest / 100);
    EXPECT_FLOAT_EQ(r.high[2], widest);
  }
}

TEST(Ranges, HoldAComputedNumberAroundThePicture) {
  for (const bool known : {false, true}) {
    TestModel m;
    m.Input("v", {});
    const std::string value = known ? m.Node("Sigmoid", {"v"}) : "v";
    m.Output(m.Node("Conv", {m.Node("Pad", {OneToSix(m), m.Int64s({0, 0, 1, 1, 0, 0, 1, 1}), value}),
                             m.Random({1, 3, 1, 1})}));
    const auto loaded = m.Load();
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();
    const std::vector<TensorInfo> infos = {{DataType::kFloat32, {1, 3, 8, 8}}, {DataType::kFloat32, {}}};
    auto graph = ops::Specialize(**loaded, infos);
    ASSERT_TRUE(graph.ok() && graph::RunPasses(*graph).ok());
    const ChannelRanges r = Ranges(*graph).back();
    ASSERT_EQ(r.known(), known);
    if (known) EXPECT_EQ(r.low[0], 0);
  }
}

// What stands for the whole frame is not measured, and what follows from it is known as such.
TEST(Ranges, KnowWhatFollowsFromTheWholeFrame) {
  for (const bool pooled : {true, false}) {
    TestModel m;
    const std::string bent = m.Node("Relu", {m.Node("Conv", {"x", m.Random({4, 3, 1, 1})})});
    const std::string other = m.Node("Conv", {bent, m.Random({4, 4, 1, 1})});
    std::string gate = pooled ? m.Node("GlobalAveragePool", {bent})
                              : m.Node("ReduceMean", {bent},
                                       {TestModel::Ints("axes", {2, 3}), TestModel::Int("keepdims", 0)});
    if (!pooled) {  // as a matrix product
      gate = m.Node("Reshape", {m.Node("MatMul", {gate, m.Random({4, 4})}), m.Int64s({1, 4, 1, 1})});
    }
    gate = m.Node("Conv", {m.Node("Relu", {gate}), m.Random({4, 4, 1, 1})});
    const std::string wide = m.Node("Expand", {gate, m.Int64s({1, 4, 8, 8})});
    m.Output(m.Node("Conv", {m.Node("Mul", {other, gate}), m.Random({2, 4, 1, 1})}));
    m.Output(m.Node("Conv", {wide, m.Random({2, 4, 1, 1})}));
    const auto found = PropagateRanges(Lowered(m, {1, 3, 8, 8}), {});
    ASSERT_TRUE(found.ok()) << found.status().message();
    ASSERT_EQ(found->size(), 5u);
    const std::vector<bool> measurable = {true, true, false, true, false};
    const std::vector<bool> follows = {false, false, true, true, true};
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_EQ((*found)[i].measurable, measurable[i]) << i;
      EXPECT_EQ((*found)[i].follows_whole, follows[i]) << i;
    }
  }
}

TEST(Ranges, KnowAGateInFrontOfTheOutput) {
  for (const bool gated : {true, false}) {
    TestModel m;
    const std::string bent = m.Node("Relu", {m.Node("Conv", {"x", m.Random({4, 3, 1, 1})})});
    const std::string gate = m.Node("Sigmoid", {m.Node("GlobalAveragePool", {bent})});
    m.Output(gated ? m.Node("Mul", {bent, gate}) : bent);
    const auto found = PropagateRanges(Lowered(m, {1, 3, 8, 8}), {});
    ASSERT_TRUE(found.ok()) << found.status().message();
    ASSERT_EQ(found->size(), 1u);
    EXPECT_EQ((*found)[0].follows_whole, gated);
  }
}

// One pixel that is a parameter does not hang on the frame; one that comes back does.
TEST(Ranges, KnowWhichPixelsComeFromFrames) {
  for (const bool state : {false, true}) {
    TestModel m;
    m.Input("v", {1, 3, 1, 1});
    m.Output(m.Node("Conv", {m.Node("Mul", {"x", "v"}), m.Random({2, 3, 1, 1})}));
    m.Output(m.Node("Relu", {m.Node("Conv", {"v", m.Random({3, 3, 1, 1})})}));
    const auto loaded = m.Load();
    const std::vector<TensorInfo> infos = {{DataType::kFloat32, {1, 3, 8, 8}},
                                           {DataType::kFloat32, {1, 3, 1, 1}}};
    auto graph = ops::Specialize(**loaded, infos);
    ASSERT_TRUE(graph.ok() && graph::RunPasses(*graph).ok());
    KnownInputs inputs;
    inputs.values = {std::nullopt, InputValues{}};
    if (state) inputs.states = {{1, 1}};
    const auto found = PropagateRanges(*graph, inputs);
    ASSERT_TRUE(found.ok() && found->size() == 2) << found.status().message();
    for (const ConvInput& conv : *found) EXPECT_EQ(conv.follows_whole, state);
  }
}

// A channel of every pixel has no range of its own: a chain of such would take gigabytes.
TEST(Ranges, OfNetworksOnly) {
  for (const int64_t side : {16, 256}) {
    TestModel m;
    const std::string x = m.Node("Tanh", {m.Node("Reshape", {"x", m.Int64s({1, -1, 1, 1})})});
    m.Output(m.Node("Conv", {x, m.Random({1, 3 * side * side, 1, 1})}));
    EXPECT_EQ(Ranges(Lowered(m, {1, 3, side, side})).back().known(), side == 16);
  }
}

TEST(Ranges, AreNotGuessed) {
  TestModel m;
  const std::string conv = m.Node("Relu", {m.Node("Conv", {"x", m.Random({2, 3, 1, 1})})});
  m.Output(m.Node("Conv", {conv, m.Random({2, 2, 1, 1})}));
  auto graph = Lowered(m, {1, 3, 8, 8});
  auto ranges = Ranges(graph);
  EXPECT_TRUE(ranges[0].known());
  EXPECT_FALSE(ranges[1].known());
  // ... but may be stated.
  const std::string name = graph.nodes[1].name.substr(0, graph.nodes[1].name.find('+'));
  graph.metadata = {{"tempera.range." + name, "0..2, -1..0.5"}};
  ranges = Ranges(graph);
  EXPECT_EQ(ranges[1].low, (std::vector<float>{0, -1}));
  EXPECT_EQ(ranges[1].high, (std::vector<float>{2, 0.5f}));
  for (const char* wrong : {"0..2, 1..2, 3..4", "0..2,", "", "2..0", "a..b", "0..inf"}) {
    graph.metadata[0].second = wrong;
    EXPECT_EQ(PropagateRanges(graph, {}).status().code(), StatusCode::kCorruptModel) << wrong;
  }
}

TEST(CalibrationFrame, IsTheSameEverywhereAndFillsItsRange) {
  Tensor t = *Tensor::Create(DataType::kFloat32, {1, 3, 256, 256});
  FillCalibrationFrame(t, {-1, 3});
  const auto numbers = t.span<float>();
  const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  EXPECT_LT(*low, -0.9f);
  EXPECT_GE(*low, -1);
  EXPECT_GT(*high, 2.9f);
  EXPECT_LE(*high, 3);
  double sum = 0;
  for (float x : numbers) sum += x;
  EXPECT_NEAR(sum / static_cast<double>(numbers.size()), 0.5, 0.8);  // neither dark nor bright
  Tensor again = *Tensor::Create(DataType::kFloat32, {1, 3, 256, 256});
  FillCalibrationFrame(again, {-1, 3});
  EXPECT_EQ(PsnrDb(t, again, 4), 200);
  again.data<float>()[5] += 0.1f;
  EXPECT_NEAR(PsnrDb(t, again, 4), 10 * std::log10(16 / (0.01 / (3 * 256 * 256))), 0.01);
  again.data<float>()[6] = NAN;
  EXPECT_EQ(PsnrDb(t, again, 4), 0);
}

TEST(CalibrationFrame, ScenesStayInTheirRangeAndAreUnlike) {
  std::vector<Tensor> scenes;
  const auto add = [&](CalibrationScene scene) {
    Tensor t = *Tensor::Create(DataType::kFloat32, {1, 3, 256, 192});
    FillCalibrationFrame(t, {-1, 3}, scene);
    const auto [low, high] = std::minmax_element(t.span<float>().begin(), t.span<float>().end());
    EXPECT_GE(*low, -1) << static_cast<int>(scene);
    EXPECT_LE(*high, 3) << static_cast<int>(scene);
    EXPECT_GT(*high - *low, 0.2f) << static_cast<int>(scene);
    for (const Tensor& other : scenes) EXPECT_LT(PsnrDb(t, other, 4), 20) << static_cast<int>(scene);
    scenes.push_back(std::move(t));
  };
  for (const CalibrationScene scene : kMeasuredScenes) add(scene);
  for (const CalibrationScene scene : kJudgedScenes) add(scene);
}

TEST(Layouts, AnAddGivesUpWithItsReader) {
  TestModel m;
  const std::string a = m.Node("Conv", {"x", m.Random({4, 3, 1, 1})});
  const std::string b = m.Node("Conv", {"x", m.Random({4, 3, 1, 1})});
  const std::string sum = m.Node("Add", {a, b});
  m.Output(m.Node("Conv", {m.Node("Relu", {sum}), m.Random({1, 4, 1, 1})}));
  graph::Graph graph = Lowered(m, {1, 3, 8, 8});
  std::vector<bool> low(graph.nodes.size());
  for (size_t n = 0; n < low.size(); ++n) low[n] = graph.nodes[n].op_type == "tempera.Conv";
  const auto count = [&] {
    const auto chosen = ChooseInterleaved(graph, low, std::vector<bool>(graph.nodes.size()));
    return std::count(chosen.begin(), chosen.end(), true);
  };
  EXPECT_EQ(count(), 3);  // a, b, their sum; not the graph's output
  graph.outputs.push_back(graph.nodes[2].outputs[0]);
  EXPECT_EQ(count(), 0);
  graph.outputs.pop_back();
  low.back() = false;
  EXPECT_EQ(count(), 0);
}

// What a convolution behind a global mean reads: one number a channel, however large.
TEST(Ranges, MarginsKeepSingleNumbersApart) {
  ChannelRanges r = {{300, -70000, 0, 64}, {300, -70000, 0, 64}};
  AddMargin(&r);
  for (size_t c = 0; c < r.low.size(); ++c) {
    EXPECT_LT(r.low[c], r.high[c]);
    EXPECT_GE(r.high[c] - r.low[c], 0.9e-4f * std::abs(r.low[c]));
  }
}

}  // namespace
}  // namespace tempera::engine
