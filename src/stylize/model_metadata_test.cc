#include "src/metadata/model_metadata.h"

#include <gtest/gtest.h>

#include <string>

#include "src/engine/run/session.h"
#include "src/stylize/test_model.h"

namespace tempera::metadata {
namespace {

using stylize::TestModel;

TEST(ParameterText, SaysAll) {
  const auto p =
      ParseParameter("blend",
                     "kind = weights; range = 0..2; default = 0.5, 1.5; unit = parts; "
                     "elements = Night | The Wave; later = whatever; line = How much; of each = both",
                     2, {});
  ASSERT_TRUE(p.ok()) << p.status().message();
  EXPECT_EQ(p->name, "blend");
  EXPECT_EQ(p->kind, TEMPERA_PARAMETER_WEIGHTS);
  EXPECT_EQ(p->minimum, 0);
  EXPECT_EQ(p->maximum, 2);
  EXPECT_EQ(p->defaults, (std::vector<float>{0.5f, 1.5f}));
  EXPECT_EQ(p->unit, "parts");
  EXPECT_EQ(p->elements, (std::vector<std::string>{"Night", "The Wave"}));
  EXPECT_EQ(p->line, "How much; of each = both");
}

TEST(ParameterText, DefaultsComeFromTheFileOrTheRange) {
  EXPECT_EQ(ParseParameter("a", "", 2, {})->defaults, (std::vector<float>{0, 0}));
  EXPECT_EQ(ParseParameter("a", "", 2, {0.25f, 1})->defaults, (std::vector<float>{0.25f, 1}));
  EXPECT_EQ(ParseParameter("a", "default = 0.5", 2, {0.25f, 1})->defaults, (std::vector<float>{0.5f, 0.5f}));
  EXPECT_EQ(ParseParameter("a", "range = 2..3", 1, {})->defaults, (std::vector<float>{2}));
  EXPECT_EQ(ParseParameter("a", "kind = weights", 3, {})->defaults, (std::vector<float>{1, 0, 0}));
}

TEST(ParameterText, BlanksAreLeftOutAndIntegersAreWhole) {
  const auto p = ParseParameter("a", "kind = integer; range =  0.5 ..  3.7 ", 1, {});
  ASSERT_TRUE(p.ok()) << p.status().message();
  EXPECT_EQ(p->minimum, 1);
  EXPECT_EQ(p->maximum, 3);
  EXPECT_EQ(p->defaults, (std::vector<float>{1}));
}

TEST(ParameterText, NonsenseIsRefused) {
  for (const char* text : {"kind",
                           "kind = knob",
                           "range = 1..0",
                           "range = 0..inf",
                           "range = 0",
                           "default = 2",
                           "default = nan",
                           "default = 1e999",
                           "default = 0,5,0",
                           "default = 0x1",
                           "default =",
                           "= 3",
                           "elements = a",
                           "elements = a|",
                           "elements = a|b\x1B[2J",
                           "unit = \xFF",
                           "kind = switch; range = 0..2",
                           "kind = weights; range = -1..1",
                           "kind = weights; default = 0",
                           "default = 1; default = 0",
                           "range = 0..1; range = 0..5",
                           "kind = integer; range = 0.2..0.8",
                           "range = 0..1; default = 0, 1.5"}) {
    EXPECT_EQ(ParseParameter("a", text, 2, {}).status().code(), StatusCode::kCorruptModel) << text;
  }
  EXPECT_FALSE(ParseParameter("a\nb", "", 1, {}).ok());
  EXPECT_FALSE(ParseParameter("", "", 1, {}).ok());
  EXPECT_FALSE(ParseParameter(std::string(65, 'a'), "", 1, {}).ok());
  EXPECT_FALSE(ParseParameter("a", "line = " + std::string(257, 'x'), 1, {}).ok());
}

// output = input * gain, with `gain` and more as inputs.
TestModel WithInputs(const std::vector<std::string>& names, const Shape& shape = {1, 2}) {
  TestModel m;
  m.Node("Identity", {"input"}, "output");
  for (const std::string& name : names) {
    m.Node("Identity", {m.Input(name, shape)}, name + "_out").Output(name + "_out");
  }
  return m;
}

Result<ModelMetadata> Read(const TestModel& model) {
  const std::string bytes = model.Bytes();
  auto graph = engine::LoadModelMemory({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  if (!graph.ok()) return graph.status();
  return ReadModelMetadata(**graph, "the model");
}

TEST(ModelMetadata, NamesParametersAndStates) {
  const auto metadata = Read(WithInputs({"blend", "before"})
                                 .Metadata("tempera.param.blend", "kind = weights")
                                 .Metadata("tempera.state.before_out", "before"));
  ASSERT_TRUE(metadata.ok()) << metadata.status().message();
  ASSERT_EQ(metadata->parameters.size(), 6u);
  EXPECT_EQ(metadata->parameters[5].name, "blend");
  EXPECT_EQ(metadata->parameters[5].input, 1);
  ASSERT_EQ(metadata->states.size(), 1u);
  EXPECT_EQ(metadata->states[0].output, 2u);
  EXPECT_EQ(metadata->states[0].input, 2u);
  EXPECT_EQ(metadata->picture_input, 0u);
}

TEST(ModelMetadata, AFilesParameterReplacesItsNamesake) {
  const auto metadata =
      Read(WithInputs({"strength"}, {1}).Metadata("tempera.param.strength", "range = 0..4; default = 2"));
  ASSERT_TRUE(metadata.ok()) << metadata.status().message();
  ASSERT_EQ(metadata->parameters.size(), 5u);
  EXPECT_EQ(metadata->parameters[0].name, "strength");
  EXPECT_EQ(metadata->parameters[0].maximum, 4);
  EXPECT_EQ(metadata->parameters[0].input, 1);
  EXPECT_FALSE(Read(WithInputs({"strength"}).Metadata("tempera.param.strength", "")).ok());
}

// Old files list every weight as an input; only what metadata names is one.
TEST(ModelMetadata, InputsWithInitializersAreParametersWhereNamed) {
  TestModel model = WithInputs({"blend", "weight"}).Constant("blend", {1, 2}, {0.25f, 0.75f});
  model.Constant("weight", {1, 2}, {1, 2});
  const auto unnamed = Read(model);
  ASSERT_TRUE(unnamed.ok()) << unnamed.status().message();
  EXPECT_EQ(unnamed->parameters.size(), 5u);
  const auto named = Read(model.Metadata("tempera.param.blend", ""));
  ASSERT_TRUE(named.ok()) << named.status().message();
  ASSERT_EQ(named->parameters.size(), 6u);
  EXPECT_EQ(named->parameters[5].defaults, (std::vector<float>{0.25f, 0.75f}));
}

TEST(ModelMetadata, WhatDoesNotFitIsRefused) {
  const auto refuses = [](const TestModel& model, const char* word) {
    const Status status = Read(model).status();
    EXPECT_FALSE(status.ok()) << word;
    EXPECT_NE(status.message().find(word), std::string::npos) << status.message();
  };
  refuses(WithInputs({"a"}), "2 inputs");
  refuses(WithInputs({}).Metadata("tempera.param.a", ""), "names no input");
  refuses(WithInputs({"a"}).Metadata("tempera.param.a", "").Metadata("tempera.param.a", ""), "twice");
  TestModel listed_twice =
      WithInputs({"a", "a"}).Constant("a", {1, 2}, {1, 2}).Metadata("tempera.param.a", "");
  refuses(listed_twice, "twice");
  refuses(WithInputs({"a"}).Metadata("tempera.param.a", "").Metadata("tempera.param.input", ""), "input");
  refuses(WithInputs({"a"}, {1, -1}).Metadata("tempera.param.a", ""), "size");
  refuses(WithInputs({"a"}, {1 << 20, 1 << 20, 1 << 20}).Metadata("tempera.param.a", ""), "size");
  refuses(WithInputs({"a"}, {40, 40}).Metadata("tempera.param.a", ""), "too many");
  refuses(WithInputs({"a"}).Metadata("tempera.state.a_out", "b"), "tempera.state");
  refuses(WithInputs({"a"}).Metadata("tempera.state.a_out", "a").Metadata("tempera.param.a", ""),
          "as a parameter and");
  refuses(WithInputs({"a"}).Metadata("tempera.state.a_out", "a").Metadata("tempera.state.output", "a"),
          "another");
  for (const char* multiple : {"0", "257", "8x", "", "-4", " 4"}) {
    refuses(WithInputs({}).Metadata("tempera.size_multiple", multiple), "size_multiple");
  }
}

}  // namespace
}  // namespace tempera::metadata
