// Each rule against its operator's plain loop: what comes out lies where the rule says it does.
#include "src/engine/facts/small_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "src/engine/facts/operators.h"
#include "src/engine/run/model_builder_for_test.h"
#include "src/ops/op.h"
#include "src/ops/specialize.h"

namespace tempera::engine {
namespace {

using Names = std::vector<std::string>;

// A model of "p" [1, 6], each number between 0 and 1, and of what is made of that: `wide`, each between -2
// and 2, `each` and `table` [3, 6], of ranges that differ.
struct Values {
  TestModel m = TestModel(13);
  std::string p = m.Input("p", {1, 6});
  std::string wide = m.Node("Sub", {m.Node("Mul", {p, m.Floats({1}, {4})}), m.Floats({1}, {2})});
  std::string each = m.Node("Mul", {wide, m.Floats({6}, {0.5f, -1, 2, 0.1f, -3, 1})});
  std::string table = m.Node("Mul", {each, m.Floats({3, 1}, {1, -2, 0.5f})});
};

struct Use {
  std::string op_type;
  Names (*make)(Values& v, const std::string& op_type);  // the names of what it makes
};

Names OfEach(Values& v, const std::string& op) { return {v.m.Node(op, {v.each})}; }
Names OfShares(Values& v, const std::string& op) { return {v.m.Node(op, {v.p})}; }
Names OfTable(Values& v, const std::string& op) { return {v.m.Node(op, {v.table})}; }
Names OfTwo(Values& v, const std::string& op) { return {v.m.Node(op, {v.each, v.table})}; }
Names OfTwoAlike(Values& v, const std::string& op) { return {v.m.Node(op, {v.wide, v.p})}; }

Names Quotient(Values& v, const std::string& op) {
  return {v.m.Node(op, {v.table, v.m.Node("Add", {v.p, v.m.Floats({1}, {0.25f})})})};
}

// Divided by their own sum, and by that and a little.
Names Share(Values& v, const std::string& op) {
  const std::string sum = v.m.Node("ReduceSum", {v.p});
  return {v.m.Node(op, {v.p, sum}), v.m.Node(op, {v.p, v.m.Node("Add", {sum, v.m.Floats({1}, {1e-3f})})})};
}

Names Clips(Values& v, const std::string& op) {
  const std::string low = v.m.Floats({}, {-0.5f}), high = v.m.Floats({}, {1});
  return {v.m.Node(op, {v.each, low, high}), v.m.Node(op, {v.each, "", high}), v.m.Node(op, {v.each, low})};
}

Names Turned(Values& v, const std::string& op) {
  return {v.m.Node(op, {v.each}, {TestModel::Ints("perm", {1, 0})})};
}

Names Reshaped(Values& v, const std::string& op) { return {v.m.Node(op, {v.table, v.m.Int64s({2, 9})})}; }
Names Widened(Values& v, const std::string& op) { return {v.m.Node(op, {v.wide, v.m.Int64s({3, 6})})}; }
Names WithAxis(Values& v, const std::string& op) { return {v.m.Node(op, {v.each, v.m.Int64s({0})})}; }

Names Sums(Values& v, const std::string& op) {
  const std::vector<onnx::Attribute> keep = {TestModel::Int("keepdims", 0)};
  return {v.m.Node(op, {v.table, v.m.Int64s({0})}), v.m.Node(op, {v.table, v.m.Int64s({-1})}, keep),
          v.m.Node(op, {v.table})};
}

Names Means(Values& v, const std::string& op) {
  return {v.m.Node(op, {v.table}, {TestModel::Ints("axes", {-2})}), v.m.Node(op, {v.table})};
}

Names Rows(Values& v, const std::string& op) { return {v.m.Node(op, {v.table, v.m.Int64s({2, 0, 2})})}; }

Names Parts(Values& v, const std::string& op) {
  return {v.m.Node(op, {v.table, v.m.Int64s({1, -4}), v.m.Int64s({3, 5}), v.m.Int64s({0, 1})})};
}

Names SplitParts(Values& v, const std::string&) { return v.m.Split(v.table, -1, {1, 3, 2}); }

Names Joined(Values& v, const std::string& op) {
  return {v.m.Node(op, {v.each, v.p}, {TestModel::Int("axis", -1)})};
}

// Of a blend's weights, and of numbers that are none.
Names Products(Values& v, const std::string& op) {
  const std::string styles = v.m.Random({6, 4}, -3, 3), sum = v.m.Node("ReduceSum", {v.p});
  return {v.m.Node(op, {v.each, styles}), v.m.Node(op, {v.table, styles}),
          v.m.Node(op, {v.m.Node("Div", {v.p, sum}), styles})};
}

Names Layers(Values& v, const std::string& op) {
  const std::string weights = v.m.Random({4, 6}, -3, 3), bias = v.m.Random({4}, -9, 9);
  const std::vector<onnx::Attribute> scaled = {TestModel::Int("transB", 1), TestModel::Float("alpha", -0.5f),
                                               TestModel::Float("beta", 2)};
  return {v.m.Node(op, {v.table, weights, bias}, scaled), v.m.Node(op, {v.wide, weights}, scaled),
          v.m.Node(op, {v.table, v.m.Random({3, 2})}, {TestModel::Int("transA", 1)})};
}

const Use kUses[] = {
    {"Abs", OfEach},       {"Add", OfTwo},          {"Add", OfTwoAlike},   {"Clip", Clips},
    {"Concat", Joined},    {"Div", Quotient},       {"Div", Share},        {"Dropout", OfTable},
    {"Exp", OfEach},       {"Expand", Widened},     {"Flatten", OfTable},  {"Gather", Rows},
    {"Gemm", Layers},      {"HardSigmoid", OfEach}, {"Identity", OfTable}, {"MatMul", Products},
    {"Max", OfTwo},        {"Min", OfTwo},          {"Mul", OfTwo},        {"Mul", OfTwoAlike},
    {"Neg", OfEach},       {"ReduceMean", Means},   {"ReduceSum", Sums},   {"Relu", OfEach},
    {"Reshape", Reshaped}, {"Sigmoid", OfEach},     {"Slice", Parts},      {"Softmax", OfTable},
    {"Softplus", OfEach},  {"Split", SplitParts},   {"Sqrt", OfShares},    {"Squeeze", WithAxis},
    {"Sub", OfTwo},        {"Tanh", OfEach},        {"Transpose", Turned}, {"Unsqueeze", WithAxis},
};

graph::Graph Specialized(const TestModel& model) {
  const auto loaded = model.Load();
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  if (!loaded.ok()) return {};
  const std::vector<TensorInfo> infos = {{DataType::kFloat32, {1, 1, 1, 1}}, {DataType::kFloat32, {1, 6}}};
  auto graph = ops::Specialize(**loaded, infos);
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  return graph.ok() ? std::move(graph).value() : graph::Graph();
}

// Whether all that the loops make of one draw of p lies within, in fp32.
void ExpectWithin(const std::vector<std::vector<Interval>>& known, const graph::Graph& graph,
                  std::vector<float> p) {
  std::vector<Tensor> in = {Tensor::Create(DataType::kFloat32, {1, 1, 1, 1}).value(),
                            Tensor::Create(DataType::kFloat32, {1, 6}).value()};
  *in[0].data<float>() = 0;
  std::copy(p.begin(), p.end(), in[1].data<float>());
  const auto made = ops::RunReference(graph, in);
  ASSERT_TRUE(made.ok()) << made.status().message();
  for (size_t o = 0; o < known.size(); ++o) {
    const auto numbers = (*made)[o].span<float>();
    ASSERT_EQ(numbers.size(), known[o].size());
    for (size_t i = 0; i < numbers.size(); ++i) {
      EXPECT_GE(numbers[i], known[o][i].low - 1e-4) << "output " << o << ", number " << i;
      EXPECT_LE(numbers[i], known[o][i].high + 1e-4) << "output " << o << ", number " << i;
    }
  }
}

TEST(SmallRules, HoldWhatPlainLoopsMake) {
  for (const Use& use : kUses) {
    SCOPED_TRACE(use.op_type);
    Values v;
    for (const std::string& name : use.make(v, use.op_type)) v.m.Output(name);
    const graph::Graph graph = Specialized(v.m);
    ASSERT_EQ(graph.inputs.size(), 2u);
    SmallRanges small(graph);
    small.SetInput(graph.inputs[1], {.low = 0, .high = 1});
    for (const graph::Node& node : graph.nodes) small.Visit(node);
    std::vector<std::vector<Interval>> known;
    for (const graph::ValueId o : graph.outputs) {
      known.push_back(small.Of(o));
      EXPECT_FALSE(known.back().empty()) << "output " << known.size() - 1;
    }
    // Corners are where intervals end.
    for (int draw = 0; draw < 64; ++draw) {
      std::vector<float> p = v.m.Draw(6, 0, 1);
      for (int i = 0; i < 6 && draw >= 8; ++i) p[static_cast<size_t>(i)] = draw >> i & 1 ? 1 : 0;
      ExpectWithin(known, graph, std::move(p));
    }
  }
}

// A rule that nobody tried is none.
TEST(SmallRules, EveryOneIsTried) {
  for (const ops::Operator& op : ops::AllOperators()) {
    if (FactsOf(op.name).small == nullptr) continue;
    const bool tried = std::any_of(std::begin(kUses), std::end(kUses),
                                   [&](const Use& use) { return use.op_type == op.name; });
    EXPECT_TRUE(tried) << op.name;
  }
}

// A divisor may be brought into the shape of what it divides.
TEST(SmallRules, ASumMayChangeItsShape) {
  Values v;
  const std::string sum = v.m.Node("ReduceSum", {v.p}, {TestModel::Int("keepdims", 0)});
  v.m.Output(v.m.Node("Div", {v.p, v.m.Node("Reshape", {sum, v.m.Int64s({1, 1})})}));
  const graph::Graph graph = Specialized(v.m);
  ASSERT_EQ(graph.inputs.size(), 2u);
  SmallRanges small(graph);
  small.SetInput(graph.inputs[1], {.low = 0, .high = 1});
  for (const graph::Node& node : graph.nodes) small.Visit(node);
  EXPECT_EQ(small.Of(graph.outputs[0]), std::vector<Interval>(6, {0, 1}));
}

}  // namespace
}  // namespace tempera::engine
