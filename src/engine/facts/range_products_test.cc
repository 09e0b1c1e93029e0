// What operators make of pictures of every sign stays in the ranges that their rules give.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "src/engine/facts/ranges.h"
#include "src/engine/run/model_builder_for_test.h"
#include "src/graph/passes.h"
#include "src/ops/specialize.h"

namespace tempera::engine {
namespace {

constexpr int64_t kChannels = 4, kSide = 16;

struct Case {
  const char* name;
  std::function<std::string(TestModel&, const std::string& x)> make;
  int64_t opset = 18;
};

std::string One(TestModel& m, const char* op, const std::string& x) { return m.Node(op, {x}); }

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const char* op : {"Abs", "Cos", "Elu", "Erf", "HardSigmoid", "HardSwish", "Mish", "Neg", "Selu", "Sin",
                         "Softmax", "Softplus", "Softsign", "Celu"}) {
    cases.push_back({op, [op](TestModel& m, const std::string& x) { return One(m, op, x); }});
  }
  cases.push_back(
      {"Silu", [](TestModel& m, const std::string& x) { return m.Node("Mul", {x, One(m, "Sigmoid", x)}); }});
  cases.push_back({"Gelu", [](TestModel& m, const std::string& x) {
                     const std::string erf = One(m, "Erf", m.Node("Div", {x, m.Floats({}, {1.41421356f})}));
                     return m.Node("Mul", {m.Node("Mul", {x, m.Node("Add", {erf, m.Floats({}, {1})})}),
                                           m.Floats({}, {0.5f})});
                   }});
  cases.push_back({"Gate", [](TestModel& m, const std::string& x) {
                     const std::string gate = One(m, "Sigmoid", One(m, "GlobalAveragePool", x));
                     return m.Node("Mul", {x, gate});
                   }});
  cases.push_back({"TwoSigns", [](TestModel& m, const std::string& x) {
                     return m.Node("Mul", {One(m, "Tanh", x), One(m, "Neg", x)});
                   }});
  cases.push_back({"PerChannel", [](TestModel& m, const std::string& x) {
                     const std::string tanh = One(m, "Tanh", x);
                     return m.Node("Sub",
                                   {m.Node("Mul", {tanh, m.Floats({kChannels, 1, 1}, {1, -2, 3, -40})}),
                                    m.Floats({1, kChannels, 1, 1}, {0, 10, -10, 1})});
                   }});
  // As many numbers as there are channels, along the width.
  cases.push_back({"AlongWidth", [](TestModel& m, const std::string& x) {
                     const std::string narrow =
                         m.Node("Slice", {x, m.Int64s({0}), m.Int64s({kChannels}), m.Int64s({3})});
                     return m.Node("Mul", {One(m, "Tanh", narrow), m.Floats({kChannels}, {1, -2, 3, -40})});
                   }});
  cases.push_back({"OnePlane", [](TestModel& m, const std::string& x) {
                     const std::string plane =
                         m.Node("Slice", {x, m.Int64s({1}), m.Int64s({2}), m.Int64s({1})});
                     return m.Node("Mul", {x, One(m, "Sigmoid", plane)});
                   }});
  cases.push_back({"Difference", [](TestModel& m, const std::string& x) {
                     return m.Node("Sub", {One(m, "Tanh", x), One(m, "Softplus", x)});
                   }});
  cases.push_back({"Moved", [](TestModel& m, const std::string& x) {
                     const std::string scaled =
                         m.Node("Mul", {One(m, "Tanh", x), m.Floats({kChannels, 1, 1}, {1, 2, 3, 40})});
                     const std::string shuffled =
                         m.Node("DepthToSpace", {scaled}, {TestModel::Int("blocksize", 2)});
                     return m.Node("SpaceToDepth", {shuffled}, {TestModel::Int("blocksize", 2)});
                   }});
  cases.push_back({"Means", [](TestModel& m, const std::string& x) {
                     const std::string mean = m.Node("ReduceMean", {x, m.Int64s({2, 3})});
                     return m.Node("Expand", {mean, m.Int64s({1, kChannels, kSide, kSide})});
                   }});
  cases.push_back({"Views", [](TestModel& m, const std::string& x) {
                     const std::string t = m.Node("Transpose", {x}, {TestModel::Ints("perm", {0, 2, 3, 1})});
                     return m.Node("Reshape", {t, m.Int64s({1, kChannels, kSide, kSide})});
                   }});
  cases.push_back({"Picked", [](TestModel& m, const std::string& x) {
                     const std::string half = m.Split(x, 1, {1, kChannels - 1})[0];
                     return m.Node("Gather",
                                   {m.Node("Mul", {x, m.Node("Sigmoid", {half})}), m.Int64s({3, 0, 0, 1})},
                                   {TestModel::Int("axis", 1)});
                   }});
  return cases;
}

class RangesOfOperators : public testing::TestWithParam<Case> {};

// Runs `m`, whose first output is what its last convolution reads, and holds it against that one's ranges.
void ExpectInside(const TestModel& m, const ValueRange& picture) {
  const auto loaded = m.Load();
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  const TensorInfo info{DataType::kFloat32, {1, kChannels, kSide, kSide}};
  auto graph = ops::Specialize(**loaded, {&info, 1});
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  ASSERT_TRUE(graph::RunPasses(*graph).ok());
  const auto inputs = PropagateRanges(*graph, {picture});
  ASSERT_TRUE(inputs.ok());
  const ChannelRanges& ranges = inputs->back().ranges;
  ASSERT_TRUE(ranges.known());
  const auto session = Session::Create(*loaded, {info.shape}, {});
  ASSERT_TRUE(session.ok()) << session.status().message();
  Tensor& x = (*session)->input(0);
  for (int64_t i = 0; i < x.element_count(); ++i) {
    // Both ends and all between, in an order of its own in each channel.
    const int64_t at = i * 37 % 997;
    x.data<float>()[i] = picture.low + (picture.high - picture.low) * static_cast<float>(at) / 996.0f;
  }
  ASSERT_TRUE((*session)->Run().ok());
  const Tensor& out = (*session)->output(0);
  const auto channels = static_cast<int64_t>(ranges.low.size());
  const int64_t plane = out.element_count() / channels;
  for (int64_t i = 0; i < out.element_count(); ++i) {
    const auto c = static_cast<size_t>(i / plane);
    ASSERT_GE(out.data<float>()[i], ranges.low[c] - 1e-5f) << "channel " << c;
    ASSERT_LE(out.data<float>()[i], ranges.high[c] + 1e-5f) << "channel " << c;
  }
}

TEST_P(RangesOfOperators, HoldWhatTheyMake) {
  TestModel m(GetParam().opset);
  const std::string y = GetParam().make(m, "x");
  m.Output(y);
  m.Output(m.Node("Conv", {y, m.Random({2, kChannels, 1, 1})}));
  ExpectInside(m, {-6, 5});
}

// Bounds of norms are hardly reached, the least value of a curve behind one is by many at once.
TEST_P(RangesOfOperators, HoldSumsBehindNorms) {
  TestModel m(GetParam().opset);
  const std::vector<float> three(kChannels, 3.0f), zero(kChannels, 0.0f);
  const std::string norm =
      m.Node("InstanceNormalization", {"x", m.Floats({kChannels}, three), m.Floats({kChannels}, zero)});
  const std::string a = GetParam().make(m, norm), b = GetParam().make(m, norm);
  const std::string sum = m.Node("Add", {a, b});
  m.Output(sum);
  m.Output(m.Node("Conv", {sum, m.Random({2, kChannels, 1, 1})}));
  ExpectInside(m, {-6, 5});
}

INSTANTIATE_TEST_SUITE_P(Each, RangesOfOperators, testing::ValuesIn(Cases()),
                         [](const auto& info) { return std::string(info.param.name); });

// Bounds that are wider than need be make coarser steps.
TEST(RangeProducts, AreAsNarrowAsTheyCanBe) {
  TestModel m;
  const std::string tanh = m.Node("Tanh", {"x"});
  const std::string product =
      m.Node("Mul", {m.Node("Sigmoid", {"x"}), m.Node("Mul", {tanh, m.Floats({3, 1, 1}, {1, 2, -3})})});
  m.Output(m.Node("Conv", {product, m.Random({1, 3, 1, 1})}));
  const auto loaded = m.Load();
  ASSERT_TRUE(loaded.ok());
  const TensorInfo info{DataType::kFloat32, {1, 3, 8, 8}};
  auto graph = ops::Specialize(**loaded, {&info, 1});
  ASSERT_TRUE(graph.ok() && graph::RunPasses(*graph).ok());
  const auto inputs = PropagateRanges(*graph, {});
  ASSERT_TRUE(inputs.ok());
  EXPECT_EQ(inputs->back().ranges.low, (std::vector<float>{-1, -2, -3}));
  EXPECT_EQ(inputs->back().ranges.high, (std::vector<float>{1, 2, 3}));
}

}  // namespace
}  // namespace tempera::engine
