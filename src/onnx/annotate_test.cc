// What is left of a file when its metadata changes: everything else, byte for byte.
#include "src/onnx/annotate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "src/onnx/model_builder.h"
#include "src/onnx/outline.h"
#include "src/onnx/reader.h"
#include "src/onnx/writer.h"

namespace tempera::onnx {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::span<const uint8_t> BytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// One node of a domain that nobody runs, an external initializer, a training field (20) and one of a later
// version (99).
std::string Foreign() {
  ModelBuilder m(17);
  m.Input("x", {1, 3, -1, -1});
  m.Node("Relu", {"x"});
  m.graph().nodes.back().domain = "com.example";
  m.NamedNode("y", "Relu", {"x"});
  m.Output("y");
  m.Random({2, 3});
  m.Metadata("producer.note", "kept");
  m.Metadata("tempera.license", "old");
  std::string bytes = *WriteModel(m.model());
  bytes += std::string("\xa2\x01\x00", 3);  // field 20, empty
  bytes += std::string(
      "\x9a\x06\x03"
      "abc",
      6);  // field 99
  return bytes;
}

TEST(Annotate, KeepsEveryOtherByte) {
  const std::string before = Foreign();
  const auto set = Annotate(BytesOf(before), {{{"tempera.value_range", "-1..1"}}, {}}, "m.onnx");
  ASSERT_TRUE(set.ok()) << set.status().message();
  EXPECT_TRUE(set->starts_with(before));
  // And back again.
  const auto removed = Annotate(BytesOf(*set), {{}, {"tempera.value_range"}}, "m.onnx");
  ASSERT_TRUE(removed.ok()) << removed.status().message();
  EXPECT_EQ(*removed, before);
}

TEST(Annotate, ReplacesWhatStandsThere) {
  const std::string before = Foreign();
  const auto after = Annotate(BytesOf(before), {{{"tempera.license", "CC0-1.0"}}, {}}, "m.onnx");
  ASSERT_TRUE(after.ok()) << after.status().message();
  const auto outline = ReadOutline(BytesOf(*after), "m.onnx");
  ASSERT_TRUE(outline.ok()) << outline.status().message();
  EXPECT_THAT(outline->metadata,
              ElementsAre(Pair("producer.note", "kept"), Pair("tempera.license", "CC0-1.0")));
  EXPECT_THAT(*after, HasSubstr("\x9a\x06\x03"
                                "abc"));
}

TEST(Annotate, RefusesWhatIsNoModelAndKeysThatAreNotThere) {
  EXPECT_EQ(Annotate(BytesOf(Foreign()), {{}, {"tempera.mean"}}, "m.onnx").status().code(),
            StatusCode::kNotFound);
  for (const std::string& bytes : {std::string(), std::string("no model"), Foreign().substr(0, 40)}) {
    const auto after = Annotate(BytesOf(bytes), {{{"a", "b"}}, {}}, "m.onnx");
    ASSERT_FALSE(after.ok());
    EXPECT_THAT(after.status().message(), HasSubstr("m.onnx"));
  }
}

TEST(Outline, ShowsWhatCannotRun) {
  const auto outline = ReadOutline(BytesOf(Foreign()), "m.onnx");
  ASSERT_TRUE(outline.ok()) << outline.status().message();
  ASSERT_EQ(outline->operators.size(), 2u);
  EXPECT_EQ(outline->operators[0].domain, "");
  EXPECT_EQ(outline->operators[0].first_node, "y");
  EXPECT_EQ(outline->operators[1].domain, "com.example");
  EXPECT_EQ(outline->operators[1].op_type, "Relu");
  EXPECT_EQ(outline->operators[1].count, 1);
  ASSERT_EQ(outline->inputs.size(), 1u);
  EXPECT_EQ(outline->inputs[0].dtype, DataType::kFloat32);
  EXPECT_EQ(outline->inputs[0].shape.size(), 4u);
  EXPECT_EQ(outline->outputs[0].name, "y");
  EXPECT_EQ(outline->parameters, 6);
  EXPECT_EQ(outline->opsets[0].second, 17);
}

// A field of protobuf's that holds bytes.
std::string Field(int tag, const std::string& bytes) {
  std::string field;
  const auto add = [&field](uint64_t n) {
    for (; n > 127; n >>= 7) field += static_cast<char>(n % 128 | 128);
    field += static_cast<char>(n);
  };
  add(static_cast<uint64_t>(tag) << 3 | 2);
  add(bytes.size());
  return field + bytes;
}

TEST(Outline, BoundsWhatAFileHolds) {
  const std::string entry = Field(14, Field(1, "k"));
  std::string flood = Foreign();
  for (int i = 0; i <= 1'000'000; ++i) flood += entry;
  EXPECT_THAT(ReadOutline(BytesOf(flood), "m.onnx").status().message(), HasSubstr("more than 1000000"));
  const auto lengthy = ReadOutline(BytesOf(Foreign() + Field(2, std::string(1 << 20, 'p'))), "m.onnx");
  ASSERT_TRUE(lengthy.ok()) << lengthy.status().message();
  EXPECT_LT(lengthy->producer_name.size(), 2000u);
}

TEST(Outline, KeepsInputsThatMetadataMakesParameters) {
  for (const bool named : {false, true}) {
    ModelBuilder m(17);
    m.Input("x", {1, 3, -1, -1});
    m.Input("blend", {1});
    m.Constant("blend", {1}, std::vector<float>{0.5f});
    m.NamedNode("y", "Add", {"x", "blend"});
    m.Output("y");
    if (named) m.Metadata("tempera.param.blend", "range = 0..2");
    const auto outline = ReadOutline(BytesOf(*WriteModel(m.model())), "m.onnx");
    ASSERT_TRUE(outline.ok()) << outline.status().message();
    EXPECT_EQ(outline->inputs.size(), named ? 2u : 1u);
  }
}

TEST(Outline, FunctionsOfOnnxsOwnDomainHaveOneName) {
  const std::string function = Field(25, Field(1, "Mine") + Field(10, "ai.onnx"));
  const auto outline = ReadOutline(BytesOf(Foreign() + function), "m.onnx");
  ASSERT_TRUE(outline.ok()) << outline.status().message();
  EXPECT_THAT(outline->functions, ElementsAre(Pair("", "Mine")));
}

// Cut off anywhere: an outline or an error, nothing else.
TEST(Outline, BearsCutFiles) {
  const std::string whole = Foreign();
  for (size_t n = 0; n < whole.size(); ++n) {
    const auto outline = ReadOutline(BytesOf(whole).first(n), "m.onnx");
    if (!outline.ok()) {
      EXPECT_THAT(outline.status().message(), HasSubstr("m.onnx"));
    }
    const auto annotated = Annotate(BytesOf(whole).first(n), {{{"a", "b"}}, {}}, "m.onnx");
    EXPECT_EQ(annotated.ok(), outline.ok()) << n;
  }
}

}  // namespace
}  // namespace tempera::onnx
