#include "src/onnx/writer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "src/onnx/reader.h"

namespace tempera::onnx {
namespace {

Tensor Floats(Shape shape, std::vector<float> values) {
  Tensor t = Tensor::Create(DataType::kFloat32, std::move(shape)).value();
  std::memcpy(t.raw(), values.data(), values.size() * sizeof(float));
  return t;
}

Attribute Make(std::string name, Attribute::Type type) {
  Attribute a;
  a.name = std::move(name);
  a.type = type;
  return a;
}

Model SmallModel() {
  Model model;
  model.opset = 13;
  model.producer_name = "tempera";
  model.metadata_props = {{"tempera.style", "starry-night"}, {"tempera.year", "1889"}};
  Node node{"conv", "Conv", "", {"x", "w", ""}, {"y"}, {}};
  node.attributes.push_back(Make("pads", Attribute::Type::kInts));
  node.attributes.back().ints = {1, 2, -3, 4};
  node.attributes.push_back(Make("alpha", Attribute::Type::kFloat));
  node.attributes.back().f = 0.25f;
  node.attributes.push_back(Make("mode", Attribute::Type::kString));
  node.attributes.back().s = "reflect";
  node.attributes.push_back(Make("scales", Attribute::Type::kFloats));
  node.attributes.back().floats = {1, 1, 2, 2.5f};
  node.attributes.push_back(Make("axis", Attribute::Type::kInt));
  node.attributes.back().i = -7;
  node.attributes.push_back(Make("value", Attribute::Type::kTensor));
  node.attributes.back().t = Floats({2}, {3, 4});
  model.graph.name = "g";
  model.graph.nodes = {node};
  model.graph.initializers = {{"w", Floats({1, 2, 1, 1}, {0.5f, -1.5f})}};
  model.graph.inputs = {{"x", DataType::kFloat32, true, {{1, ""}, {2, ""}, {-1, "H"}, {-1, ""}}}};
  model.graph.outputs = {{"y", DataType::kFloat32, false, {}}};
  return model;
}

TEST(Writer, WhatIsWrittenIsReadBack) {
  Result<std::string> bytes = WriteModel(SmallModel());
  ASSERT_TRUE(bytes.ok());
  const std::string& text = *bytes;
  Result<Model> read = ReadModel({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->opset, 13);
  EXPECT_EQ(read->producer_name, "tempera");
  EXPECT_EQ(read->metadata_props, SmallModel().metadata_props);
  ASSERT_EQ(read->graph.nodes.size(), 1u);
  const Node& node = read->graph.nodes[0];
  EXPECT_EQ(node.op_type, "Conv");
  EXPECT_EQ(node.inputs, (std::vector<std::string>{"x", "w", ""}));
  ASSERT_EQ(node.attributes.size(), 6u);
  EXPECT_EQ(node.attributes[0].ints, (std::vector<int64_t>{1, 2, -3, 4}));
  EXPECT_EQ(node.attributes[1].f, 0.25f);
  EXPECT_EQ(node.attributes[2].s, "reflect");
  EXPECT_EQ(node.attributes[3].floats, (std::vector<float>{1, 1, 2, 2.5f}));
  EXPECT_EQ(node.attributes[4].i, -7);
  EXPECT_EQ(node.attributes[5].t.data<float>()[1], 4);
  ASSERT_EQ(read->graph.initializers.size(), 1u);
  EXPECT_EQ(read->graph.initializers[0].tensor.shape(), (Shape{1, 2, 1, 1}));
  EXPECT_EQ(read->graph.initializers[0].tensor.data<float>()[1], -1.5f);
  ASSERT_EQ(read->graph.inputs.size(), 1u);
  ASSERT_EQ(read->graph.inputs[0].shape.size(), 4u);
  EXPECT_EQ(read->graph.inputs[0].shape[1].value, 2);
  EXPECT_EQ(read->graph.inputs[0].shape[2].symbol, "H");
  EXPECT_EQ(read->graph.inputs[0].shape[3].value, -1);
}

TEST(Writer, RefusesWhatItCannotWrite) {
  Model model = SmallModel();
  model.graph.initializers.push_back({"nothing", Tensor()});
  EXPECT_EQ(WriteModel(model).status().code(), StatusCode::kInvalidArgument);
  model = SmallModel();
  model.graph.nodes[0].attributes.push_back(Make("body", Attribute::Type::kGraph));
  EXPECT_EQ(WriteModel(model).status().code(), StatusCode::kUnsupported);
}

TEST(Writer, LeavesNothingWhereItCannotWrite) {
  const std::string folder = testing::TempDir() + "writer_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  EXPECT_EQ(WriteModelFile(SmallModel(), folder + "/missing/x.onnx").code(), StatusCode::kNotFound);
  // A folder in the way of the final name: nothing is written, nor left beside it.
  std::filesystem::create_directories(folder + "/x.onnx/full");
  EXPECT_EQ(WriteModelFile(SmallModel(), folder + "/x.onnx").code(), StatusCode::kInvalidArgument);
  const auto begin = std::filesystem::directory_iterator(folder);
  EXPECT_EQ(std::distance(begin, std::filesystem::directory_iterator()), 1);
  EXPECT_TRUE(WriteModelFile(SmallModel(), folder + "/y.onnx").ok());
  EXPECT_TRUE(ReadModelFile(folder + "/y.onnx").ok());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tempera::onnx
