#include "cli/model_facts.h"

#include <gtest/gtest.h>

#include <string>

#include "src/engine/run/model_builder_for_test.h"

namespace tempera::cli {
namespace {

using engine::TestModel;

// output = x * blend[1] + 0.5 * previous; the picture is the second input, in 0..1.
TestModel PainterWithMemory() {
  TestModel m;
  m.graph().inputs.clear();
  m.Input("previous", {1, 3, -1, -1});
  m.Input("blend", {2});
  m.Input("x", {1, 3, -1, -1});
  const std::string share = m.Node("Slice", {"blend", m.Int64s({1}), m.Int64s({2})});
  const std::string half = m.Node("Mul", {"previous", m.Floats({1}, {0.5f})});
  m.NamedNode("painting", "Add", {m.Node("Mul", {"x", share}), half});
  m.Output("painting");
  m.Metadata("tempera.value_range", "0..1");
  m.Metadata("tempera.param.blend", "kind = weights; default = 0.25, 0.75");
  m.Metadata("tempera.state.painting", "previous");
  return m;
}

TEST(AsPainted, PlansWhatStylizePaints) {
  auto model = PainterWithMemory().Load();
  ASSERT_TRUE(model.ok()) << model.status().message();
  engine::SessionOptions options;
  options.num_threads = 1;
  const auto shapes = AsPainted(&*model, {40, 24}, &options);
  ASSERT_TRUE(shapes.ok()) << shapes.status().message();
  EXPECT_EQ(*shapes, (std::vector<Shape>{{1, 3, 24, 40}, {2}, {1, 3, 24, 40}}));
  EXPECT_EQ(options.picture_input, 2u);
  ASSERT_TRUE(options.input_range.has_value());
  EXPECT_EQ(options.input_range->high, 1);
  ASSERT_EQ(options.states.size(), 1u);
  EXPECT_EQ(options.states[0].input, 0u);
  ASSERT_TRUE(options.input_values.size() > 1 && options.input_values[1].has_value());
  EXPECT_TRUE(options.input_values[1]->shares);

  const auto session = PlanModel("m.onnx", *model, *shapes, options);
  ASSERT_TRUE(session.ok()) << session.status().message();
  std::fill_n((*session)->input(2).data<float>(), 3 * 24 * 40, 0.8f);
  ASSERT_TRUE((*session)->Run().ok());
  EXPECT_FLOAT_EQ((*session)->output(0).span<float>()[0], 0.8f * 0.75f);
  ASSERT_TRUE((*session)->Run().ok());
  EXPECT_FLOAT_EQ((*session)->output(0).span<float>()[0], 0.8f * 0.75f + 0.5f * 0.8f * 0.75f);
}

// Metadata that stylize refuses: the graph alone is planned, so that inspect can still show it.
TEST(AsPainted, FallsBackOnTheGraph) {
  TestModel m = PainterWithMemory();
  m.Metadata("tempera.param.nothing", "kind = number");
  auto model = m.Load();
  ASSERT_TRUE(model.ok()) << model.status().message();
  engine::SessionOptions options;
  const auto shapes = AsPainted(&*model, {40, 24}, &options);
  ASSERT_TRUE(shapes.ok()) << shapes.status().message();
  EXPECT_EQ(shapes->at(0), (Shape{1, 3, 24, 40}));
  EXPECT_TRUE(options.states.empty());
  EXPECT_EQ(options.picture_input, 0u);
}

}  // namespace
}  // namespace tempera::cli
