#include "src/ops/specialize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/graph/import.h"
#include "src/ops/one_node.h"

namespace tempera::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

bool IsKnown(std::string_view op) { return FindOperator(op) != nullptr; }

graph::Graph GraphOf(std::vector<onnx::Node> nodes, std::vector<onnx::Initializer> initializers = {},
                     int opset = 13) {
  onnx::Model model;
  model.opset = opset;
  model.graph.inputs = {{"x", DataType::kFloat32, true, {{1, ""}, {3, ""}, {-1, "H"}, {-1, "W"}}}};
  model.graph.outputs = {{"y", DataType::kFloat32, false, {}}};
  model.graph.nodes = std::move(nodes);
  model.graph.initializers = std::move(initializers);
  auto graph = graph::Import(model, IsKnown);
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  return std::move(graph).value();
}

TensorInfo Frame(int64_t h, int64_t w) { return {DataType::kFloat32, {1, 3, h, w}}; }

std::string ErrorOf(const graph::Graph& graph, TensorInfo frame) {
  const std::vector<TensorInfo> infos = {std::move(frame)};
  const auto s = Specialize(graph, infos);
  EXPECT_FALSE(s.ok());
  return s.status().message();
}

// y = x where W is 8, as Squeeze's exporters ask for sizes; else its absolute values. Branches as flatten.h
// has them: the one that is not taken would not fit.
graph::Graph Choosing() {
  onnx::Node wide = {"wide", "Reshape", "", {"x", "flat"}, {"t"}, {}};
  wide.guards = {{"is", true}};
  onnx::Node back = {"back", "Reshape", "", {"t", "like"}, {"a"}, {}};
  back.guards = {{"is", true}};
  onnx::Node narrow = {"narrow", "Abs", "", {"x"}, {"b"}, {}};
  narrow.guards = {{"is", false}};
  const Tensor three = TensorOf<int64_t>(DataType::kInt64, {}, {3}),
               eight = TensorOf<int64_t>(DataType::kInt64, {}, {8});
  return GraphOf(
      {{"shape", "Shape", "", {"x"}, {"s"}, {}},
       {"w", "Gather", "", {"s", "three"}, {"w"}, {}},
       {"is", "Equal", "", {"w", "eight"}, {"is"}, {}},
       wide,
       back,
       narrow,
       {"if", "If", "", {"is", "a", "b"}, {"y"}, {}}},
      {{"three", three}, {"eight", eight}, {"flat", Longs({24, 8})}, {"like", Longs({1, 3, 8, 8})}});
}

TEST(Specialize, TakesTheBranchThatSizesDecide) {
  const graph::Graph graph = Choosing();
  const std::vector<TensorInfo> square = {Frame(8, 8)}, other = {Frame(8, 9)};
  const auto taken = Specialize(graph, square), not_taken = Specialize(graph, other);
  ASSERT_TRUE(taken.ok()) << taken.status().message();
  ASSERT_TRUE(not_taken.ok()) << not_taken.status().message();
  ASSERT_EQ(taken->nodes.size(), 3u);
  EXPECT_EQ(taken->nodes[0].op_type, "Reshape");
  EXPECT_TRUE(taken->nodes[0].guards.empty());
  ASSERT_EQ(not_taken->nodes.size(), 2u);
  EXPECT_EQ(not_taken->nodes[0].op_type, "Abs");
  EXPECT_EQ(not_taken->nodes[1].op_type, "Identity");
  EXPECT_EQ(not_taken->value(not_taken->outputs[0]).info.shape, (Shape{1, 3, 8, 9}));
}

TEST(Specialize, RefusesAConditionThatThePictureDecides) {
  onnx::Node guarded = {"guarded", "Abs", "", {"x"}, {"a"}, {}};
  guarded.guards = {{"is", true}};
  const graph::Graph graph = GraphOf({{"mean", "ReduceMean", "", {"x"}, {"m"}, {IntAttribute("keepdims", 0)}},
                                      {"is", "Greater", "", {"m", "zero"}, {"is"}, {}},
                                      guarded,
                                      {"if", "If", "", {"is", "a", "x"}, {"y"}, {}}},
                                     {{"zero", Floats({}, {0})}});
  EXPECT_THAT(ErrorOf(graph, Frame(8, 8)),
              HasSubstr("node 'guarded' (Abs): it depends on the condition 'is'"));
}

// What exporters write for "twice the size": Shape, Gather, Mul, Concat, then Resize.
TEST(Specialize, FoldsWhatOnlyComputesSizes) {
  const Tensor two = TensorOf<int64_t>(DataType::kInt64, {}, {2});
  const auto graph =
      GraphOf({{"shape", "Shape", "", {"x"}, {"s"}, {}},
               {"hw", "Slice", "", {"s", "two_list", "four_list"}, {"hw"}, {}},
               {"nc", "Slice", "", {"s", "zero_list", "two_list"}, {"nc"}, {}},
               {"double", "Mul", "", {"hw", "two"}, {"hw2"}, {}},
               {"sizes", "Concat", "", {"nc", "hw2"}, {"sizes"}, {IntAttribute("axis", 0)}},
               {"resize", "Resize", "", {"x", "", "", "sizes"}, {"y"}, {}}},
              {{"two", two}, {"zero_list", Longs({0})}, {"two_list", Longs({2})}, {"four_list", Longs({4})}});
  const std::vector<TensorInfo> infos = {Frame(5, 7)};
  const auto s = Specialize(graph, infos);
  ASSERT_TRUE(s.ok()) << s.status().message();
  ASSERT_EQ(s->nodes.size(), 1u);
  EXPECT_EQ(s->nodes[0].name, "resize");
  EXPECT_EQ(s->value(s->outputs[0]).info.shape, (Shape{1, 3, 10, 14}));
  const std::vector<Tensor> in = {Tensor::Create(DataType::kFloat32, {1, 3, 5, 7}).value()};
  const auto out = RunReference(*s, in);
  ASSERT_TRUE(out.ok()) << out.status().message();
  EXPECT_EQ((*out)[0].shape(), (Shape{1, 3, 10, 14}));
  const std::vector<Tensor> wrong = {Tensor::Create(DataType::kFloat32, {1, 3, 5, 8}).value()};
  EXPECT_FALSE(RunReference(*s, wrong).ok());
}

TEST(Specialize, RemovesDeadNodesAndKeepsConstantOutputs) {
  const auto graph = GraphOf({{"dead", "Relu", "", {"x"}, {"unused"}, {}},
                              {"y", "Constant", "", {}, {"y"}, {FloatsAttribute("value_floats", {1, 2})}}});
  const std::vector<TensorInfo> infos = {Frame(2, 2)};
  const auto s = Specialize(graph, infos);
  ASSERT_TRUE(s.ok());
  EXPECT_TRUE(s->nodes.empty());
  const std::vector<Tensor> in = {Tensor::Create(DataType::kFloat32, {1, 3, 2, 2}).value()};
  EXPECT_THAT(FloatsIn((*RunReference(*s, in))[0]), ElementsAre(1, 2));
}

TEST(Specialize, HostileConstantsAreBounded) {
  const auto graph = GraphOf({{"big", "Tile", "", {"one", "times"}, {"y"}, {}}},
                             {{"one", Floats({1}, {1})}, {"times", Longs({int64_t{1} << 31})}});
  EXPECT_THAT(ErrorOf(graph, Frame(2, 2)), HasSubstr("node 'big' (Tile): its constant result of 8192 MiB"));
  const auto many = GraphOf({{"a", "ConstantOfShape", "", {"n"}, {"a"}, {}},
                             {"b", "ConstantOfShape", "", {"n"}, {"b"}, {}},
                             {"y", "Add", "", {"a", "b"}, {"y"}, {}}},
                            {{"n", Longs({10 << 20})}});
  EXPECT_THAT(ErrorOf(many, Frame(2, 2)), HasSubstr("node 'y' (Add)"));
  const auto impossible =
      GraphOf({{"z", "ConstantOfShape", "", {"n"}, {"y"}, {}}}, {{"n", Longs({1 << 30, 1 << 30, 1 << 30})}});
  EXPECT_THAT(ErrorOf(impossible, Frame(2, 2)), HasSubstr("node 'z'"));
}

TEST(Specialize, HostileActivationsAreBounded) {
  std::vector<onnx::Node> nodes;
  std::string last = "x";
  for (int i = 0; i < 4; ++i) {  // each 64 times the pixels of the one before
    const std::string next = i == 3 ? "y" : "t" + std::to_string(i);
    nodes.push_back({"up" + std::to_string(i), "Resize", "", {last, "", "scales"}, {next}, {}});
    last = next;
  }
  const auto graph = GraphOf(nodes, {{"scales", Floats({4}, {1, 1, 8, 8})}});
  EXPECT_THAT(ErrorOf(graph, Frame(256, 256)), HasSubstr("node 'up2'"));
  EXPECT_THAT(ErrorOf(graph, Frame(48, 48)), HasSubstr("use a smaller"));
}

TEST(Specialize, NamesTheNodeThatCannotTakeTheSize) {
  const auto graph = GraphOf({{"block", "SpaceToDepth", "", {"x"}, {"y"}, {IntAttribute("blocksize", 4)}}});
  EXPECT_THAT(ErrorOf(graph, Frame(6, 8)), HasSubstr("node 'block' (SpaceToDepth): a picture of 8 x 6"));
  EXPECT_THAT(ErrorOf(graph, {DataType::kFloat32, {1, 3, 8}}),
              HasSubstr("input 'x' has 4 dimensions, not 3"));
  EXPECT_THAT(ErrorOf(graph, {DataType::kUint8, {1, 3, 8, 8}}), HasSubstr("takes float32, not uint8"));
  EXPECT_THAT(ErrorOf(graph, {DataType::kFloat32, {1, 3, -8, 8}}), HasSubstr("cannot have shape"));
  EXPECT_FALSE(Specialize(graph, {}).ok());
}

TEST(Specialize, SizesFromPixelsAreRefused) {
  const auto graph = GraphOf({{"i", "Cast", "", {"x"}, {"i"}, {IntAttribute("to", 7)}},
                              {"flat", "Reshape", "", {"i", "minus_one"}, {"f"}, {}},
                              {"r", "Reshape", "", {"x", "f"}, {"y"}, {}}},
                             {{"minus_one", Longs({-1})}});
  EXPECT_THAT(ErrorOf(graph, Frame(2, 2)), HasSubstr("depends on the picture's content"));
}

// Every loop over a shape takes time by its axes, of which a Reshape could make a million.
TEST(Specialize, RefusesShapesOfMoreAxesThanFilesMayHave) {
  const auto of_axes = [](size_t axes) {
    std::vector<int64_t> shape(axes, 1);
    shape.back() = -1;
    return GraphOf({{"wide", "Reshape", "", {"x", "shape"}, {"y"}, {}}}, {{"shape", Longs(shape)}});
  };
  const std::vector<TensorInfo> infos = {Frame(2, 2)};
  EXPECT_TRUE(Specialize(of_axes(16), infos).ok());
  EXPECT_THAT(ErrorOf(of_axes(17), Frame(2, 2)), HasSubstr("node 'wide' (Reshape): its result has 17"));
  graph::Graph open = GraphOf({{"y", "Relu", "", {"x"}, {"y"}, {}}});
  open.input_dims = {{}};
  EXPECT_THAT(ErrorOf(open, {DataType::kFloat32, Shape(17, 1)}), HasSubstr("input 'x' has 17 dimensions"));
}

// Opset 6: b [3] added along axis 1 of [1, 3, h, w].
TEST(Specialize, OldBroadcastingBecomesTheModernOne) {
  const auto graph = GraphOf(
      {{"add", "Add", "", {"x", "b"}, {"y"}, {IntAttribute("broadcast", 1), IntAttribute("axis", 1)}}},
      {{"b", Floats({3}, {10, 20, 30})}}, 6);
  const std::vector<TensorInfo> infos = {Frame(1, 2)};
  const auto s = Specialize(graph, infos);
  ASSERT_TRUE(s.ok()) << s.status().message();
  const std::vector<Tensor> in = {Floats({1, 3, 1, 2}, {0, 1, 2, 3, 4, 5})};
  EXPECT_THAT(FloatsIn((*RunReference(*s, in))[0]), ElementsAre(10, 11, 22, 23, 34, 35));
}

}  // namespace
}  // namespace tempera::ops
