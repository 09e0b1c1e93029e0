#include "src/engine/facts/small_ranges.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/engine/run/model_builder_for_test.h"
#include "src/ops/specialize.h"

namespace tempera::engine {
namespace {

// What is known of the graph's first output when the numbers of input 1, "p", lie between 0 and 1.
std::vector<Interval> OfOutput(const TestModel& model, const Shape& p, bool shares = false) {
  const auto loaded = model.Load();
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  const std::vector<TensorInfo> infos = {{DataType::kFloat32, {1, 3, 8, 8}}, {DataType::kFloat32, p}};
  auto graph = ops::Specialize(**loaded, infos);
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  if (!graph.ok()) return {};
  SmallRanges small(*graph);
  small.SetInput(graph->inputs[1], {.low = 0, .high = 1, .shares = shares});
  for (const graph::Node& node : graph->nodes) small.Visit(node);
  return small.Of(graph->outputs[0]);
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

}  // namespace
}  // namespace tempera::engine
