#include "src/engine/facts/corners.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "src/engine/facts/small_ranges.h"
#include "src/engine/precision/input_settings.h"
#include "src/engine/run/load.h"
#include "src/engine/run/model_builder_for_test.h"
#include "src/ops/specialize.h"

namespace tempera::engine {
namespace {

// Inputs "w" [4], shares, and "s", "t" [1], of 0..1.5 and -1..2.
class CornersTest : public ::testing::Test {
 protected:
  CornersTest() {
    m.Input("w", {4});
    m.Input("s", {1});
    m.Input("t", {1});
  }
  std::vector<Interval> OfOutput(const std::string& output) {
    m.Output(output);
    const auto loaded = m.Load();
    EXPECT_TRUE(loaded.ok()) << loaded.status().message();
    if (!loaded.ok()) return {};
    const std::vector<TensorInfo> infos = {{DataType::kFloat32, {1, 3, 8, 8}},
                                           {DataType::kFloat32, {4}},
                                           {DataType::kFloat32, {1}},
                                           {DataType::kFloat32, {1}}};
    auto graph = ops::Specialize(**loaded, infos);
    EXPECT_TRUE(graph.ok()) << graph.status().message();
    if (!graph.ok()) return {};
    SmallRanges small(*graph);
    small.SetInput(graph->inputs[1], {.low = 0, .high = 1, .shares = true});
    small.SetInput(graph->inputs[2], {.low = 0, .high = 1.5f});
    small.SetInput(graph->inputs[3], {.low = -1, .high = 2});
    for (const graph::Node& node : graph->nodes) small.Visit(node);
    return small.Of(graph->outputs[0]);
  }
  std::string One() { return m.Floats({1}, {1}); }

  TestModel m;
};

// 1 - s of one row, s of a blend of four: as far as the rows go, and half as far again beyond.
TEST_F(CornersTest, ARestAndWhatItIsTheRestOfAreOneWhole) {
  const std::string rest = m.Node("Sub", {One(), "s"});
  const std::string row = m.Node("Concat", {rest, m.Node("Mul", {"w", "s"})}, {TestModel::Int("axis", 0)});
  const std::string table = m.Floats({5, 2}, {0, 10, 1, 10, 2, 10, -1, 10, 3, 14});
  const auto known = OfOutput(m.Node("MatMul", {m.Node("Reshape", {row, m.Int64s({1, 5})}), table}));
  ASSERT_EQ(known.size(), 2u);
  EXPECT_EQ(known[0], (Interval{-1.5, 4.5}));
  EXPECT_EQ(known[1], (Interval{10, 16}));
}

TEST_F(CornersTest, RowsThatAreNamed) {
  const std::string both = m.Node(
      "Concat", {m.Node("Reshape", {"s", m.Int64s({1, 1})}), m.Node("Reshape", {"t", m.Int64s({1, 1})})},
      {TestModel::Int("axis", 0)});
  const std::string turned = m.Node("Gather", {both, m.Int64s({-1})}, {TestModel::Int("axis", 0)});
  const auto known = OfOutput(m.Node("Add", {turned, m.Node("Sub", {One(), turned})}));
  ASSERT_EQ(known.size(), 1u);
  EXPECT_EQ(known[0], (Interval{1, 1}));
}

// s times s is no straight line: its bounds are those of any two.
TEST_F(CornersTest, SquaresAreNoLines) {
  const std::string centred = m.Node("Sub", {"s", m.Floats({1}, {0.75f})});
  const auto known = OfOutput(m.Node("Mul", {centred, centred}));
  ASSERT_EQ(known.size(), 1u);
  EXPECT_LE(known[0].low, 0);
  EXPECT_GE(known[0].high, 0.5625);
}

// What divides all weights by their sum divides by one.
TEST_F(CornersTest, ASumOfSharesIsOne) {
  const std::string sum = m.Node("ReduceSum", {"w", m.Int64s({0})});
  const std::string shares = m.Node("Div", {"w", sum});
  const auto known =
      OfOutput(m.Node("MatMul", {m.Node("Mul", {shares, "t"}), m.Floats({4, 1}, {1, 2, 3, 4})}));
  ASSERT_EQ(known.size(), 1u);
  EXPECT_EQ(known[0], (Interval{-4, 8}));
}

// Random chains of every operator that keeps lines and some that do not, with random settings of the inputs:
// nothing lies outside what is said.
TEST(Corners, HoldWhateverIsTurned) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    TestModel m;
    std::mt19937 random(seed);
    const auto below = [&](unsigned n) { return random() % n; };
    m.Input("w", {3});
    m.Input("s", {1});
    m.Input("t", {1});
    std::vector<std::string> rows = {"w", m.Node("Mul", {"w", "s"}), m.Node("Sub", {m.Floats({1}, {1}), "t"}),
                                     m.Random({3}), m.Node("Mul", {"s", "t"})};
    for (int i = 0; i < 8; ++i) {
      const std::string a = rows[below(static_cast<unsigned>(rows.size()))],
                        b = rows[below(static_cast<unsigned>(rows.size()))];
      const char* const types[] = {"Add", "Sub", "Mul", "Mul", "Max", "Neg", "Concat", "Sigmoid", "Abs"};
      const std::string type = types[below(9)];
      if (type == "Neg" || type == "Sigmoid" || type == "Abs") {
        rows.push_back(m.Node(type, {a}));
      } else if (type == "Concat") {
        const std::string joined = m.Node("Concat", {a, b, m.Random({3})}, {TestModel::Int("axis", 0)});
        const int64_t at = static_cast<int64_t>(below(2));
        rows.push_back(m.Node("Slice", {joined, m.Int64s({at}), m.Int64s({at + 3}), m.Int64s({0})}));
      } else {
        rows.push_back(m.Node(type, {a, b}));
      }
    }
    const std::string sum =
        m.Node("Add", {rows.back(), m.Node("Mul", {rows[rows.size() - 2], m.Random({3})})});
    const std::string out =
        m.Node("MatMul", {m.Node("Reshape", {m.Node("Add", {sum, m.Random({3})}), m.Int64s({1, 3})}),
                          m.Random({3, 4}, -2, 2)});
    m.Output(out);
    const auto loaded = m.Load();
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();
    const std::vector<TensorInfo> infos = {{DataType::kFloat32, {1, 3, 8, 8}},
                                           {DataType::kFloat32, {3}},
                                           {DataType::kFloat32, {1}},
                                           {DataType::kFloat32, {1}}};
    auto graph = ops::Specialize(**loaded, infos);
    ASSERT_TRUE(graph.ok()) << graph.status().message();
    SmallRanges small(*graph);
    small.SetInput(graph->inputs[1], {.low = 0, .high = 1, .shares = true});
    small.SetInput(graph->inputs[2], {.low = -0.5f, .high = 1.5f});
    small.SetInput(graph->inputs[3], {.low = 0, .high = 1});
    for (const graph::Node& node : graph->nodes) small.Visit(node);
    const std::vector<Interval> known = small.Of(graph->outputs[0]);
    ASSERT_EQ(known.size(), 4u) << seed;
    SessionOptions options;
    options.precision = Precision::kFp32;
    options.num_threads = 1;
    auto session = Session::Create(*loaded, {{1, 3, 8, 8}, {3}, {1}, {1}}, options);
    ASSERT_TRUE(session.ok()) << session.status().message();
    std::uniform_real_distribution<float> uniform(0, 1);
    for (int draw = 0; draw < 60; ++draw) {
      float* w = (*session)->input(1).data<float>();
      const unsigned alone = below(6);
      float total = 0;
      for (unsigned i = 0; i < 3; ++i) total += w[i] = alone < 3 ? (i == alone) : uniform(random);
      for (unsigned i = 0; i < 3; ++i) w[i] /= total;
      const auto turned = [&] { return below(2) == 0 ? static_cast<float>(below(2)) : uniform(random); };
      *(*session)->input(2).data<float>() = 2 * turned() - 0.5f;
      *(*session)->input(3).data<float>() = turned();
      ASSERT_TRUE((*session)->Run().ok());
      for (size_t i = 0; i < 4; ++i) {
        const float y = (*session)->output(0).data<float>()[i];
        const double slack = 1e-4 * (1 + std::abs(y));
        EXPECT_GE(y, known[i].low - slack) << seed;
        EXPECT_LE(y, known[i].high + slack) << seed;
      }
    }
  }
}

// What is judged: every style by itself, and the ends of what else is turned.
TEST(InputSettings, EveryStyleAloneAndEveryEnd) {
  TestModel m;
  m.Input("w", {12});
  for (const char* name : {"a", "b", "c", "d"}) m.Input(name, {1});
  m.Output(m.Node("Mul", {"w", "a"}));
  const auto loaded = m.Load();
  ASSERT_TRUE(loaded.ok());
  std::vector<TensorInfo> infos = {{DataType::kFloat32, {1, 3, 8, 8}}, {DataType::kFloat32, {12}}};
  KnownInputs inputs;
  std::vector<float> first(12, 0.0f);
  first[0] = 1;
  inputs.values = {std::nullopt, InputValues{.shares = true, .initial = first}};
  for (int i = 0; i < 4; ++i) {
    infos.push_back({DataType::kFloat32, {1}});
    inputs.values.push_back(InputValues{.low = 0, .high = 1.5f, .initial = {1}});
  }
  const auto graph = ops::Specialize(**loaded, infos);
  ASSERT_TRUE(graph.ok());
  const std::vector<InputSetting> settings = InputSettings(*graph, inputs);
  EXPECT_LE(settings.size(), 24u);
  for (size_t style = 0; style < 12; ++style) {
    bool found = false;
    for (const InputSetting& s : settings)
      found = found || (s[1][style] == 1 && s[2][0] == 1 && s[5][0] == 1);
    EXPECT_TRUE(found) << style;
  }
  for (size_t input = 2; input < 6; ++input) {
    for (const float end : {0.0f, 1.5f}) {
      bool found = false;
      for (const InputSetting& s : settings) found = found || s[input][0] == end;
      EXPECT_TRUE(found) << input << " at " << end;
    }
  }
}

}  // namespace
}  // namespace tempera::engine
