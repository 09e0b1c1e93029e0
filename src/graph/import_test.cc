#include "src/graph/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tempera::graph {
namespace {

using testing::HasSubstr;

bool KnowsAddAndRelu(std::string_view op) { return op == "Add" || op == "Relu"; }

onnx::Model ModelOf(std::vector<onnx::Node> nodes) {
  onnx::Model model;
  model.graph.inputs = {{"x", DataType::kFloat32, true, {{1, ""}, {-1, "H"}}}};
  model.graph.outputs = {{"y", DataType::kFloat32, false, {}}};
  model.graph.nodes = std::move(nodes);
  return model;
}

std::string ErrorOf(onnx::Model model) {
  const auto graph = Import(std::move(model), KnowsAddAndRelu);
  EXPECT_FALSE(graph.ok());
  return graph.status().message();
}

TEST(Import, NamesBecomeIndicesAndInitializersConstants) {
  onnx::Model model =
      ModelOf({{"a", "Add", "", {"x", "w"}, {"t"}, {}}, {"", "Relu", "ai.onnx", {"t"}, {"y"}, {}}});
  model.graph.initializers = {{"w", Tensor::Create(DataType::kFloat32, {1}).value()}};
  model.graph.inputs.push_back({"w", DataType::kFloat32, true, {{1, ""}}});  // as IR version 3 has it
  const auto graph = Import(model, KnowsAddAndRelu);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  ASSERT_EQ(graph->inputs.size(), 1u);
  EXPECT_EQ(graph->value(graph->inputs[0]).info.shape, (Shape{1, -1}));
  EXPECT_EQ(graph->input_dims[0][1].symbol, "H");
  EXPECT_TRUE(graph->value(graph->nodes[0].inputs[1]).constant.has_value());
  EXPECT_EQ(graph->nodes[1].name, "Relu_1");
  EXPECT_EQ(graph->nodes[1].inputs[0], graph->nodes[0].outputs[0]);
}

TEST(Import, PutsNodesInOrder) {
  const auto graph =
      Import(ModelOf({{"second", "Relu", "", {"t"}, {"y"}, {}}, {"first", "Relu", "", {"x"}, {"t"}, {}}}),
             KnowsAddAndRelu);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(graph->nodes[0].name, "first");
  EXPECT_EQ(graph->nodes[1].name, "second");
}

TEST(Import, UnknownOperatorsAreNamedWithTheirNode) {
  EXPECT_THAT(ErrorOf(ModelOf({{"gs_3", "GridSample", "", {"x"}, {"y"}, {}}})),
              HasSubstr("operator 'GridSample' (node 'gs_3') is not supported"));
  EXPECT_THAT(ErrorOf(ModelOf({{"r", "Relu", "com.microsoft", {"x"}, {"y"}, {}}})),
              HasSubstr("'com.microsoft.Relu'"));
}

// Old exporters declare them all; an operator that cannot make them need not.
TEST(Import, FurtherOutputsThatNobodyReadsAreForgotten) {
  const auto graph = Import(ModelOf({{"d", "Add", "", {"x", "x"}, {"t", "mask", "seed"}, {}},
                                     {"r", "Relu", "", {"seed"}, {"unread"}, {}},
                                     {"s", "Relu", "", {"t"}, {"y"}, {}}}),
                            KnowsAddAndRelu);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  ASSERT_EQ(graph->nodes[0].outputs.size(), 3u) << "how many there are may mean something (Split)";
  EXPECT_EQ(graph->nodes[0].outputs[1], kNoValue);
  EXPECT_NE(graph->nodes[0].outputs[2], kNoValue);
  EXPECT_NE(graph->nodes[1].outputs[0], kNoValue);
}

TEST(Import, NodesWaitForTheConditionsOfTheirBranches) {
  onnx::Node guarded = {"g", "Relu", "", {"x"}, {"t"}, {}};
  guarded.guards = {{"c", true}};
  const auto graph =
      Import(ModelOf({guarded, {"c", "Relu", "", {"x"}, {"c"}, {}}, {"y", "Add", "", {"t", "t"}, {"y"}, {}}}),
             KnowsAddAndRelu);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(graph->nodes[0].name, "c");
  ASSERT_EQ(graph->nodes[1].guards.size(), 1u);
  EXPECT_EQ(graph->nodes[1].guards[0].first, graph->nodes[0].outputs[0]);
  guarded.guards = {{"nothing", true}};
  EXPECT_THAT(ErrorOf(ModelOf({guarded, {"y", "Relu", "", {"t"}, {"y"}, {}}})), HasSubstr("'nothing'"));
}

TEST(Import, CyclesAreFound) {
  EXPECT_THAT(
      ErrorOf(ModelOf({{"a", "Add", "", {"x", "b"}, {"y"}, {}}, {"b", "Relu", "", {"y"}, {"b"}, {}}})),
      HasSubstr("depends on its own result"));
  EXPECT_THAT(ErrorOf(ModelOf({{"self", "Relu", "", {"y"}, {"y"}, {}}})), HasSubstr("'self'"));
}

TEST(Import, MissingAndDoubleValuesAreNamed) {
  EXPECT_THAT(ErrorOf(ModelOf({{"a", "Add", "", {"x", "w"}, {"y"}, {}}})),
              HasSubstr("node 'a' (Add) reads 'w', which neither a node nor an initializer provides"));
  EXPECT_THAT(ErrorOf(ModelOf({{"a", "Relu", "", {"x"}, {"x"}, {}}})), HasSubstr("'x' is defined twice"));
  EXPECT_THAT(ErrorOf(ModelOf({{"a", "Relu", "", {"x"}, {"z"}, {}}})),
              HasSubstr("output 'y' is not computed"));
  EXPECT_THAT(ErrorOf(ModelOf({{"a", "Relu", "", {"x"}, {}, {}}})), HasSubstr("has no output"));
  onnx::Model twice = ModelOf({{"a", "Relu", "", {"x"}, {"y"}, {}}});
  const Tensor w = Tensor::Create(DataType::kFloat32, {1}).value();
  twice.graph.initializers = {{"w", w}, {"w", w}};
  EXPECT_THAT(ErrorOf(twice), HasSubstr("initializer 'w' is defined twice"));
  onnx::Model same_input = ModelOf({{"a", "Relu", "", {"x"}, {"y"}, {}}});
  same_input.graph.inputs.push_back(same_input.graph.inputs[0]);
  EXPECT_THAT(ErrorOf(same_input), HasSubstr("input 'x' is defined twice"));
}

TEST(Import, InputsMustBeTensorsOfNumbers) {
  onnx::Model model = ModelOf({{"a", "Relu", "", {"x"}, {"y"}, {}}});
  model.graph.inputs[0].dtype = DataType::kString;
  EXPECT_THAT(ErrorOf(model), HasSubstr("(string)"));
}

TEST(Import, AbsentOptionalInputsAndOutputsHaveNoValue) {
  const auto graph = Import(ModelOf({{"a", "Add", "", {"x", ""}, {"y", ""}, {}}}), KnowsAddAndRelu);
  ASSERT_TRUE(graph.ok());
  EXPECT_EQ(graph->nodes[0].inputs[1], kNoValue);
  EXPECT_EQ(graph->nodes[0].outputs[1], kNoValue);
}

TEST(Attributes, GiveTheDefaultForAMissingOrWronglyTypedOne) {
  onnx::Attribute axis;
  axis.name = "axis";
  axis.type = onnx::Attribute::Type::kInt;
  axis.i = 3;
  const Attributes a({axis});
  EXPECT_EQ(a.Int("axis", 1), 3);
  EXPECT_EQ(a.Int("other", 1), 1);
  EXPECT_EQ(a.Float("axis", 0.5f), 0.5f);
  EXPECT_TRUE(a.Ints("axis").empty());
}

}  // namespace
}  // namespace tempera::graph
