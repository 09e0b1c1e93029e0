#include "src/engine/facts/small_ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "src/engine/run/model_builder_for_test.h"
#include "src/ops/specialize.h"

namespace tempera::engine {
namespace {

graph::Graph Specialized(const TestModel& model, const Shape& p) {
  const auto loaded = model.Load();
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  if (!loaded.ok()) return {};
  const std::vector<TensorInfo> infos = {{DataType::kFloat32, {1, 3, 8, 8}}, {DataType::kFloat32, p}};
  auto graph = ops::Specialize(**loaded, infos);
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  return graph.ok() ? std::move(graph).value() : graph::Graph();
}

// What is known of the graph's first output when the numbers of input 1, "p", lie between 0 and 1.
std::vector<Interval> OfOutput(const TestModel& model, const Shape& p, bool shares = false) {
  const graph::Graph graph = Specialized(model, p);
  if (graph.inputs.size() < 2) return {};
  SmallRanges small(graph);
  small.SetInput(graph.inputs[1], {.low = 0, .high = 1, .shares = shares});
  for (const graph::Node& node : graph.nodes) small.Visit(node);
  return small.Of(graph.outputs[0]);
}

// The divisor repeats what it divides: three shares become three a row, and each row's are below one.
TEST(SmallRanges, AQuotientHasItsOwnShape) {
  TestModel m;
  m.Input("p", {1, 3});
  const std::string sum = m.Node("ReduceSum", {"p", m.Int64s({1})}, {TestModel::Int("keepdims", 1)});
  const std::string divisor = m.Node("Add", {sum, m.Floats({4, 1}, {1, 2, 3, 4})});
  m.Output(m.Node("Div", {"p", divisor}));
  const std::vector<Interval> known = OfOutput(m, {1, 3});
  ASSERT_EQ(known.size(), 12u);
  for (const Interval& i : known) {
    EXPECT_EQ(i.low, 0);
    EXPECT_LE(i.high, 1);
  }
}

TEST(SmallRanges, SharesOfASumWeighAMean) {
  for (const bool more : {false, true}) {
    TestModel m;
    m.Input("p", {1, 3});
    std::string sum = m.Node("ReduceSum", {"p", m.Int64s({1})});
    if (more) sum = m.Node("Add", {sum, m.Floats({1}, {1e-6f})});
    m.Output(m.Node("MatMul", {m.Node("Div", {"p", sum}), m.Floats({3, 2}, {1, -5, 2, 7, 4, 0})}));
    const std::vector<Interval> known = OfOutput(m, {1, 3});
    ASSERT_EQ(known.size(), 2u);
    EXPECT_EQ(known[0], (Interval{more ? 0.0 : 1.0, 4}));
    EXPECT_EQ(known[1], (Interval{-5, 7}));
  }
}

TEST(SmallRanges, RowsOfATable) {
  TestModel m;
  m.Input("p", {1, 3});
  const std::string table = m.Node("Mul", {"p", m.Floats({2, 3}, {1, 2, 3, -1, 5, -3})});
  m.Output(m.Node("Gather", {table, m.Int64s({1, 0, 1})}));
  const std::vector<Interval> known = OfOutput(m, {1, 3});
  ASSERT_EQ(known.size(), 9u);
  EXPECT_EQ(known[3], (Interval{0, 1}));
  EXPECT_EQ(known[6], (Interval{-1, 0}));
  EXPECT_EQ(known[7], (Interval{0, 5}));
}

// 200 values of 6000 numbers that all differ, one after the other and all at a time.
TEST(SmallRanges, KeepNoMoreThanIsReadAgain) {
  constexpr int64_t kRows = 2000, kLayers = 200;
  for (const bool together : {false, true}) {
    TestModel m;
    m.Input("p", {1, 3});
    const std::string start = m.Node("Mul", {"p", m.Random({kRows, 1})});
    std::string x = start;
    for (int64_t i = 0; i < kLayers; ++i) {
      x = m.Node("Tanh", {together ? start : x});
      if (together) m.Output(x);
    }
    if (!together) m.Output(x);
    const graph::Graph graph = Specialized(m, {1, 3});
    SmallRanges small(graph);
    small.SetInput(graph.inputs[1], {});
    int64_t most = 0;
    for (const graph::Node& node : graph.nodes) {
      small.Visit(node);
      most = std::max(most, small.kept());
    }
    EXPECT_LE(most, together ? int64_t{1} << 20 : 3 * 3 * kRows);
    EXPECT_TRUE(small.Knows(graph.nodes[0].outputs[0]) || !together);
    EXPECT_EQ(small.Knows(graph.outputs.back()), !together);
  }
}

// 16,000 million products: more than is worth knowing.
TEST(SmallRanges, WorkIsBounded) {
  TestModel m;
  m.Input("p", {256, 1});
  std::string x = m.Node("Mul", {"p", m.Random({1, 256})});
  const std::string matrix = m.Random({256, 256}, 0, 1.0f / 256);
  for (int i = 0; i < 1000; ++i) x = m.Node("MatMul", {x, matrix});
  m.Output(m.Node("Sigmoid", {x}));
  const auto start = std::chrono::steady_clock::now();
  const std::vector<Interval> known = OfOutput(m, {256, 1});
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));  // minutes without a bound
  ASSERT_EQ(known.size(), 65536u);
  EXPECT_EQ(known[0], (Interval{0, 1}));  // whatever goes in
}

// 65536 parts of one number each: every part by itself costs what the whole does.
TEST(SmallRanges, WorkIsBoundedForManyParts) {
  constexpr int64_t kParts = 65536;
  TestModel m;
  m.Input("p", {1, 1});
  const std::string whole = m.Node("Mul", {"p", m.Random({1, kParts})});
  const std::vector<std::string> parts = m.Split(whole, 1, std::vector<int64_t>(kParts, 1));
  m.Output(m.Node("Sigmoid", {parts.back()}));
  const graph::Graph graph = Specialized(m, {1, 1});
  ASSERT_EQ(graph.inputs.size(), 2u);
  const auto start = std::chrono::steady_clock::now();
  SmallRanges small(graph);
  small.SetInput(graph.inputs[1], {});
  for (const graph::Node& node : graph.nodes) small.Visit(node);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  EXPECT_TRUE(small.Knows(graph.outputs[0]));
}

}  // namespace
}  // namespace tempera::engine
