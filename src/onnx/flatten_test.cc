#include "src/onnx/flatten.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "src/onnx/attributes.h"

namespace tempera::onnx {
namespace {

using testing::HasSubstr;

Node Make(const std::string& op, std::vector<std::string> inputs, std::vector<std::string> outputs,
          std::vector<Attribute> attributes = {}, const std::string& domain = "") {
  return {.name = op + "_" + outputs[0],
          .op_type = op,
          .domain = domain,
          .inputs = std::move(inputs),
          .outputs = std::move(outputs),
          .attributes = std::move(attributes)};
}

Attribute Reference(const std::string& name, const std::string& of) {
  Attribute a;
  a.name = name, a.ref_name = of;
  return a;
}

Attribute Branch(const std::string& name, std::vector<Node> nodes, const std::vector<std::string>& outputs) {
  Attribute a;
  a.name = name, a.type = Attribute::Type::kGraph;
  a.g = std::make_shared<Graph>();
  a.g->nodes = std::move(nodes);
  for (const std::string& output : outputs) a.g->outputs.push_back({output, DataType::kFloat32, false, {}});
  return a;
}

// y = LeakyRelu(x, alpha) + x, alpha 0.5 where the call says none.
Function Bend() {
  Function f;
  f.name = "Bend", f.domain = "my";
  f.inputs = {"x"}, f.outputs = {"y"};
  f.attributes = {"slope"};
  f.defaults = {FloatAttribute("slope", 0.5f)};
  f.nodes = {Make("LeakyRelu", {"x"}, {"bent"}, {Reference("alpha", "slope")}),
             Make("Add", {"bent", "x"}, {"y"})};
  return f;
}

TEST(Flatten, WritesFunctionsOut) {
  Model model;
  model.functions = {Bend()};
  model.graph.nodes = {Make("Bend", {"in"}, {"a"}, {FloatAttribute("slope", 0.1f)}, "my"),
                       Make("Bend", {"a"}, {"out"}, {}, "my")};
  ASSERT_TRUE(Flatten(&model, "m").ok());
  EXPECT_TRUE(model.functions.empty());
  const std::vector<Node>& nodes = model.graph.nodes;
  ASSERT_EQ(nodes.size(), 4u);
  EXPECT_EQ(nodes[0].inputs, std::vector<std::string>{"in"});
  EXPECT_EQ(nodes[0].attributes.at(0).name, "alpha");
  EXPECT_EQ(nodes[0].attributes[0].f, 0.1f);
  EXPECT_EQ(nodes[1].inputs, (std::vector<std::string>{nodes[0].outputs[0], "in"}));
  EXPECT_EQ(nodes[1].outputs, std::vector<std::string>{"a"});
  EXPECT_EQ(nodes[2].attributes[0].f, 0.5f);
  EXPECT_NE(nodes[2].outputs[0], nodes[0].outputs[0]) << "names of two calls";
  EXPECT_EQ(nodes[3].outputs, std::vector<std::string>{"out"});
}

TEST(Flatten, FunctionsMayCallAndHandThrough) {
  Model model;
  Function outer;
  outer.name = "Outer", outer.domain = "my";
  outer.inputs = {"x", "unused"}, outer.outputs = {"y", "x"};
  outer.nodes = {Make("Bend", {"x"}, {"y"}, {}, "my")};
  model.functions = {outer, Bend()};
  model.graph.nodes = {Make("Outer", {"in"}, {"out", "same"}, {}, "my")};
  ASSERT_TRUE(Flatten(&model, "m").ok());
  ASSERT_EQ(model.graph.nodes.size(), 3u);
  EXPECT_EQ(model.graph.nodes[1].outputs, std::vector<std::string>{"out"});
  EXPECT_EQ(model.graph.nodes[2].op_type, "Identity");
  EXPECT_EQ(model.graph.nodes[2].inputs, std::vector<std::string>{"in"});
  EXPECT_EQ(model.graph.nodes[2].outputs, std::vector<std::string>{"same"});
}

TEST(Flatten, BranchesStandInFrontOfTheirChoice) {
  Model model;
  const Node inner = Make("Relu", {"x"}, {"t"});
  model.graph.nodes = {Make("If", {"condition"}, {"y"},
                            {Branch("then_branch", {inner, Make("Abs", {"t"}, {"r"})}, {"r"}),
                             Branch("else_branch", {Make("Neg", {"x"}, {"t"})}, {"t"})})};
  ASSERT_TRUE(Flatten(&model, "m").ok());
  const std::vector<Node>& nodes = model.graph.nodes;
  ASSERT_EQ(nodes.size(), 4u);
  EXPECT_EQ(nodes[0].guards, (std::vector<std::pair<std::string, bool>>{{"condition", true}}));
  EXPECT_EQ(nodes[1].inputs, nodes[0].outputs);
  EXPECT_EQ(nodes[2].guards, (std::vector<std::pair<std::string, bool>>{{"condition", false}}));
  EXPECT_NE(nodes[2].outputs[0], nodes[0].outputs[0]) << "both branches call theirs t";
  EXPECT_EQ(nodes[3].inputs,
            (std::vector<std::string>{"condition", nodes[1].outputs[0], nodes[2].outputs[0]}));
  EXPECT_TRUE(nodes[3].attributes.empty());
}

TEST(Flatten, BranchesInBranchesAndInFunctions) {
  Function f;
  f.name = "Choose", f.domain = "my";
  f.inputs = {"c", "x"}, f.outputs = {"y"};
  f.nodes = {Make(
      "If", {"c"}, {"y"},
      {Branch(
           "then_branch",
           {Make("If", {"c"}, {"z"},
                 {Branch("then_branch", {Make("LeakyRelu", {"x"}, {"r"}, {Reference("alpha", "a")})}, {"r"}),
                  Branch("else_branch", {}, {"x"})})},
           {"z"}),
       Branch("else_branch", {}, {"x"})})};
  f.attributes = {"a"};
  Model model;
  model.functions = {f};
  model.graph.nodes = {Make("Choose", {"condition", "in"}, {"out"}, {FloatAttribute("a", 0.3f)}, "my")};
  ASSERT_TRUE(Flatten(&model, "m").ok());
  const std::vector<Node>& nodes = model.graph.nodes;
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_EQ(nodes[0].op_type, "LeakyRelu");
  EXPECT_EQ(nodes[0].inputs, std::vector<std::string>{"in"});
  EXPECT_EQ(nodes[0].attributes.at(0).f, 0.3f);
  EXPECT_EQ(nodes[0].guards.size(), 2u);
  EXPECT_EQ(nodes[1].guards.size(), 1u);
  EXPECT_EQ(nodes[1].inputs[2], "in");
  EXPECT_EQ(nodes[2].outputs, std::vector<std::string>{"out"});
}

TEST(Flatten, RefusesWhatHasNoEndOrDoesNotFit) {
  Model model;
  Function f = Bend();
  f.nodes.push_back(Make("Bend", {"y"}, {"z"}, {}, "my"));
  model.functions = {f};
  model.graph.nodes = {Make("Bend", {"in"}, {"out"}, {}, "my")};
  EXPECT_THAT(Flatten(&model, "m").message(), HasSubstr("functions or branches"));

  // Each calls the next twice: two to the power of thirty nodes.
  model = {};
  for (int i = 0; i < 30; ++i) {
    Function twice;
    twice.name = "F" + std::to_string(i), twice.domain = "my";
    twice.inputs = {"x"}, twice.outputs = {"y"};
    const std::string next = "F" + std::to_string(i + 1);
    twice.nodes = {Make(next, {"x"}, {"t"}, {}, "my"), Make(next, {"t"}, {"y"}, {}, "my")};
    model.functions.push_back(twice);
  }
  model.graph.nodes = {Make("F0", {"in"}, {"out"}, {}, "my")};
  EXPECT_THAT(Flatten(&model, "m").message(), HasSubstr("more than 100000 nodes"));

  model = {};
  model.functions = {Bend()};
  model.functions[0].opset = 9;
  model.graph.nodes = {Make("Bend", {"in"}, {"out"}, {}, "my")};
  EXPECT_THAT(Flatten(&model, "m").message(), HasSubstr("opset 9"));

  model = {};
  model.graph.nodes = {Make("If", {"c"}, {"y"}, {Branch("then_branch", {}, {"x"})})};
  EXPECT_THAT(Flatten(&model, "m").message(), HasSubstr("lacks its condition or a branch"));
  model.graph.nodes = {
      Make("If", {"c"}, {"y"}, {Branch("then_branch", {}, {"x"}), Branch("else_branch", {}, {})})};
  EXPECT_THAT(Flatten(&model, "m").message(), HasSubstr("a branch of 0 outputs"));
}

// A local name of a branch that is also what the caller calls the function's input.
TEST(Flatten, NamesOfBranchesDoNotCaptureTheCallers) {
  Function f;
  f.name = "Choose", f.domain = "my";
  f.inputs = {"c", "x"}, f.outputs = {"y"};
  f.nodes = {Make("If", {"c"}, {"y"},
                  {Branch("then_branch", {Make("Abs", {"x"}, {"t"}), Make("Add", {"x", "t"}, {"z"})}, {"z"}),
                   Branch("else_branch", {}, {"x"})})};
  Model model;
  model.functions = {f};
  model.graph.nodes = {Make("Choose", {"condition", "t"}, {"z"}, {}, "my")};
  ASSERT_TRUE(Flatten(&model, "m").ok());
  const std::vector<Node>& nodes = model.graph.nodes;
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_EQ(nodes[0].inputs, std::vector<std::string>{"t"});
  EXPECT_NE(nodes[0].outputs[0], "t");
  EXPECT_EQ(nodes[1].inputs, (std::vector<std::string>{"t", nodes[0].outputs[0]}));
  EXPECT_NE(nodes[1].outputs[0], "z");
  EXPECT_EQ(nodes[2].outputs, std::vector<std::string>{"z"});
}

TEST(Flatten, FunctionsSeeNothingOfTheModel) {
  Model model;
  Function f = Bend();
  f.nodes.push_back(Make("Add", {"y", "secret"}, {"w"}));
  model.functions = {f};
  model.graph.nodes = {Make("Bend", {"in"}, {"out"}, {}, "my")};
  EXPECT_THAT(Flatten(&model, "m").message(), HasSubstr("'secret'"));
}

// The reader lets an attribute be empty that refers to another.
TEST(Flatten, AttributesReferToCallsInFunctionsAlone) {
  Attribute value = Reference("value", "a");
  value.type = Attribute::Type::kTensor;
  Model model;
  model.graph.nodes = {Make("Constant", {}, {"out"}, {value})};
  EXPECT_EQ(Flatten(&model, "m").code(), StatusCode::kCorruptModel);
  model.graph.nodes = {Make("If", {"c"}, {"out"},
                            {Branch("then_branch", {Make("Constant", {}, {"t"}, {value})}, {"t"}),
                             Branch("else_branch", {}, {"x"})})};
  EXPECT_EQ(Flatten(&model, "m").code(), StatusCode::kCorruptModel);
}

// What is copied many times counts each time: names of conditions, constants of branches, names of operators.
TEST(Flatten, BoundsWhatItCopies) {
  const std::string large(size_t{1} << 20, 'n');
  Model conditions;
  std::vector<Node> many;
  for (int i = 0; i < 2000; ++i) many.push_back(Make("Relu", {"x"}, {"t" + std::to_string(i)}));
  conditions.graph.nodes = {
      Make("If", {large}, {"y"}, {Branch("then_branch", many, {"t1"}), Branch("else_branch", {}, {"x"})})};
  EXPECT_THAT(Flatten(&conditions, "m").message(), HasSubstr("MiB"));

  const auto called = [](Function f) {
    Model model;
    f.name = "F", f.domain = "my";
    model.functions = {std::move(f)};
    for (int i = 0; i < 5000; ++i)
      model.graph.nodes.push_back(Make("F", {"in"}, {"o" + std::to_string(i)}, {}, "my"));
    return Flatten(&model, "m");
  };
  Function long_operator = Bend();
  long_operator.nodes[0].op_type = large;
  EXPECT_THAT(called(long_operator).message(), HasSubstr("MiB"));
  Function many_inputs = Bend();
  for (int i = 0; i < 20000; ++i) many_inputs.inputs.push_back("i" + std::to_string(i));
  EXPECT_THAT(called(many_inputs).message(), HasSubstr("MiB"));
  Function constants = Bend();
  Attribute branch = Branch("then_branch", {}, {"c1"});
  auto graph = std::make_shared<Graph>(*branch.g);
  for (int i = 0; i < 20000; ++i)
    graph->initializers.push_back({"c" + std::to_string(i), *Tensor::Create(DataType::kFloat32, {})});
  branch.g = graph;
  constants.nodes.push_back(Make("If", {"x"}, {"w"}, {branch, Branch("else_branch", {}, {"x"})}));
  EXPECT_THAT(called(constants).message(), HasSubstr("MiB"));
}

// What ONNX Runtime's quantisation tool writes for a sum and for parts side by side.
TEST(Flatten, QuantizedOperatorsOfOnnxRuntimeStandBetweenOnnxs) {
  Model model;
  model.graph.nodes = {
      Make("QLinearAdd", {"a", "as", "az", "b", "bs", "", "cs", "cz"}, {"c"}, {}, "com.microsoft"),
      Make("QLinearConcat", {"ys", "yz", "c", "cs", "cz", "a", "as", "az"}, {"y"}, {IntAttribute("axis", 1)},
           "com.microsoft")};
  ASSERT_TRUE(Flatten(&model, "m").ok());
  const std::vector<Node>& nodes = model.graph.nodes;
  ASSERT_EQ(nodes.size(), 8u);
  EXPECT_EQ(nodes[0].op_type, "DequantizeLinear");
  EXPECT_EQ(nodes[0].inputs, (std::vector<std::string>{"a", "as", "az"}));
  EXPECT_EQ(nodes[1].inputs, (std::vector<std::string>{"b", "bs"}));
  EXPECT_EQ(nodes[2].op_type, "Add");
  EXPECT_EQ(nodes[2].inputs, (std::vector<std::string>{nodes[0].outputs[0], nodes[1].outputs[0]}));
  EXPECT_EQ(nodes[3].op_type, "QuantizeLinear");
  EXPECT_EQ(nodes[3].inputs, (std::vector<std::string>{nodes[2].outputs[0], "cs", "cz"}));
  EXPECT_EQ(nodes[3].outputs, std::vector<std::string>{"c"});
  EXPECT_EQ(nodes[6].op_type, "Concat");
  EXPECT_EQ(nodes[6].attributes.at(0).name, "axis");
  EXPECT_EQ(nodes[7].inputs, (std::vector<std::string>{nodes[6].outputs[0], "ys", "yz"}));

  model.graph.nodes = {Make("QLinearAdd", {"a", "as", "az", "b"}, {"c"}, {}, "com.microsoft")};
  EXPECT_THAT(Flatten(&model, "m").message(), HasSubstr("4 inputs"));
  model.graph.nodes = {Make("QLinearGlobalAveragePool", {"x", "xs", "xz", "ys", "yz"}, {"y"},
                            {IntAttribute("channels_last", 1)}, "com.microsoft")};
  EXPECT_THAT(Flatten(&model, "m").message(), HasSubstr("channels_last"));
}

}  // namespace
}  // namespace tempera::onnx
