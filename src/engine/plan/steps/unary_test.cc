// Functions of single numbers, with something pending and without, of pictures and of other values; and the
// activations that exporters write as several operators.
#include <cmath>

#include "src/engine/run/twin_for_test.h"

namespace tempera::engine {
namespace {

const Shape kShapes[] = {{1, 1, 1, 1}, {2, 3, 17, 31}, {1, 5, 130, 150}};

TEST(Unary, EveryOperator) {
  for (const char* op :
       {"Abs", "Ceil", "Celu", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "Mish", "Neg",
        "Round", "Selu", "Sigmoid", "Sign", "Softplus", "Softsign", "Tanh", "ThresholdedRelu"}) {
    for (const Shape& shape : kShapes) {
      TestModel m(18);
      m.Output(m.Node(op, {"x"}));
      m.Output(m.Node(op, {m.Node("Flatten", {"x"})}));
      m.Output(m.Node(op, {m.Node("Clip", {"x", m.Floats({}, {-0.75f}), m.Floats({}, {0.8f})})}));
      EXPECT_EQ(PlainLoops(m, shape), 0) << op;
    }
  }
}

TEST(Unary, OfPositiveNumbers) {
  for (const char* op : {"Log", "Reciprocal", "Sqrt"}) {
    TestModel m;
    m.Output(m.Node(op, {m.Node("Add", {m.Node("Abs", {"x"}), m.Floats({}, {0.25f})})}));
    EXPECT_EQ(PlainLoops(m, {2, 3, 17, 31}), 0) << op;
  }
}

TEST(Unary, TakesItsParameters) {
  TestModel m;
  m.Output(m.Node("Celu", {"x"}, {TestModel::Float("alpha", 0.5f)}));
  m.Output(m.Node("Elu", {"x"}, {TestModel::Float("alpha", 0.3f)}));
  m.Output(m.Node("Selu", {"x"}, {TestModel::Float("alpha", 2), TestModel::Float("gamma", 3)}));
  m.Output(m.Node("ThresholdedRelu", {"x"}, {TestModel::Float("alpha", -0.5f)}));
  m.Output(m.Node("HardSigmoid", {m.Node("Flatten", {"x"})},
                  {TestModel::Float("alpha", 0.7f), TestModel::Float("beta", 0.1f)}));
  EXPECT_EQ(PlainLoops(m, {2, 3, 17, 31}), 0);
}

TEST(Unary, Powers) {
  TestModel m;
  const std::string positive = m.Node("Add", {m.Node("Abs", {"x"}), m.Floats({}, {0.25f})});
  for (float k : {2.0f, 0.5f, -1.0f}) m.Output(m.Node("Pow", {positive, m.Floats({}, {k})}));
  m.Output(m.Node("Pow", {"x", m.Floats({1}, {2})}));
  EXPECT_EQ(PlainLoops(m, {2, 3, 17, 31}), 0);
  TestModel other;
  other.Output(other.Node("Pow", {"x", other.Floats({}, {3})}));
  other.Output(other.Node("Pow", {"x", other.Floats({1, 1, 1, 1, 1}, {2})}));  // rank 5
  EXPECT_EQ(PlainLoops(other, {2, 3, 17, 31}), 2);
}

TEST(Unary, AppliesWhatIsPending) {
  for (const char* op : {"Elu", "Sigmoid"}) {
    TestModel m;
    const std::string conv = m.PaddedConv("x", 3, 5, 3, 1, 1, true);
    m.Output(m.PaddedConv(m.Node(op, {conv}), 5, 3, 3, 1, 1, false));
    m.Output(m.Node("Tanh", {m.Node("LeakyRelu", {conv})}));
    EXPECT_EQ(PlainLoops(m, {2, 3, 17, 31}, 3e-5), 0) << op;
  }
}

// The function's own memory may be that of what it reads; not where somebody else reads that.
TEST(Unary, LeavesWhatOthersRead) {
  TestModel m;
  const std::string conv = m.PaddedConv("x", 3, 5, 3, 1, 1, false);
  const std::string a = m.Node("Elu", {conv}), b = m.Node("Softplus", {conv});
  m.Output(m.PaddedConv(m.Node("Mul", {m.Node("Sub", {a, b}), m.Node("Exp", {a})}), 5, 3, 3, 1, 1, false));
  EXPECT_EQ(PlainLoops(m, {2, 3, 17, 31}, 3e-5), 0);
}

std::string Gelu(TestModel& m, const std::string& x, const std::string& form) {
  const bool times = form == "halves first";
  const std::string scaled =
      m.Node(times ? "Mul" : "Div", {x, m.Floats({}, {std::sqrt(times ? 0.5f : 2.0f)})});
  const std::string sum = m.Node("Add", {m.Node("Erf", {scaled}), m.Floats({}, {1})});
  const std::string half = m.Floats({}, {0.5f});
  if (form == "halves last") return m.Node("Mul", {m.Node("Mul", {x, sum}), half});
  if (form == "halves first") return m.Node("Mul", {m.Node("Mul", {half, x}), sum});
  return m.Node("Mul", {x, m.Node("Mul", {half, sum})});
}

TEST(Unary, ActivationsOfSeveralOperatorsAreOneStep) {
  using Steps = std::vector<std::string>;
  Steps steps;
  for (const char* form : {"halves last", "halves first", "halves the sum"}) {
    TestModel gelu;
    gelu.Output(Gelu(gelu, "x", form));
    EXPECT_EQ(PlainLoops(gelu, {2, 3, 17, 31}, 3e-6, &steps), 0);
    EXPECT_EQ(steps, Steps{"Gelu"}) << form;
  }
  TestModel silu, mish;
  silu.Output(silu.Node("Mul", {silu.Node("Sigmoid", {"x"}), "x"}));
  EXPECT_EQ(PlainLoops(silu, {2, 3, 17, 31}, 3e-6, &steps), 0);
  EXPECT_EQ(steps, Steps{"Silu"});
  mish.Output(mish.Node("Mul", {"x", mish.Node("Tanh", {mish.Node("Softplus", {"x"})})}));
  EXPECT_EQ(PlainLoops(mish, {2, 3, 17, 31}, 3e-6, &steps), 0);
  EXPECT_EQ(steps, Steps{"Mish"});
}

TEST(Unary, NearlySuchActivationsStayAsTheyAre) {
  TestModel m;
  m.Output(m.Node("Mul", {m.Node("Sigmoid", {"x"}), m.Node("Neg", {"x"})}));
  const std::string gate = m.Node("Sigmoid", {"x"});  // read twice
  m.Output(m.Node("Mul", {gate, "x"}));
  m.Output(m.Node("Add", {gate, "x"}));
  const std::string erf = m.Node("Erf", {m.Node("Div", {"x", m.Floats({}, {1.5f})})});
  m.Output(
      m.Node("Mul", {m.Node("Mul", {"x", m.Node("Add", {erf, m.Floats({}, {1})})}), m.Floats({}, {0.5f})}));
  std::vector<std::string> steps;
  EXPECT_EQ(PlainLoops(m, {2, 3, 17, 31}, 3e-6, &steps), 0);
  for (const std::string& s : steps) EXPECT_TRUE(s != "Silu" && s != "Gelu") << s;
}

}  // namespace
}  // namespace tempera::engine
