#include "train/import_onnx.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "src/onnx/adjust_tail.h"
#include "src/onnx/reader.h"
#include "src/onnx/writer.h"
#include "train/export_onnx.h"

namespace tempera::train {
namespace {

std::map<std::string, FloatArray> RandomWeights(const NetConfig& config) {
  std::mt19937 random(3);
  std::map<std::string, FloatArray> weights;
  const auto add = [&](const std::string& name, const std::vector<int64_t>& shape) {
    size_t count = 1;
    for (const int64_t d : shape) count *= static_cast<size_t>(d);
    FloatArray& array = weights[name];
    array.shape = shape;
    for (size_t i = 0; i < count; ++i)
      array.values.push_back(static_cast<float>(random() % 1000) / 1000 - 0.5f);
  };
  for (const LayerSpec& l : config.layers) {
    add(l.name + "_conv_weight", {l.out_channels, l.in_channels, l.kernel, l.kernel});
    add(l.name + "_conv_bias", {l.out_channels});
    if (!l.norm) continue;
    add(l.name + "_norm_weight", {config.rows(), l.out_channels});
    add(l.name + "_norm_bias", {config.rows(), l.out_channels});
  }
  return weights;
}

// As the files were written that had no keep_colors, brightness and contrast of their own.
onnx::Model WithoutAdjustTail(onnx::Model model) {
  onnx::Graph& graph = model.graph;
  const auto begins = [](const std::string& name) { return name.rfind("adjust_", 0) == 0; };
  const auto turned = [](const std::string& name) {
    return name == "keep_colors" || name == "brightness" || name == "contrast";
  };
  graph.nodes.erase(std::remove_if(graph.nodes.begin(), graph.nodes.end(),
                                   [&](const onnx::Node& n) { return begins(n.name); }),
                    graph.nodes.end());
  EXPECT_EQ(graph.nodes.back().outputs[0], "painting");
  graph.nodes.back().outputs[0] = graph.outputs[0].name;
  graph.inputs.erase(std::remove_if(graph.inputs.begin(), graph.inputs.end(),
                                    [&](const onnx::ValueInfo& v) { return turned(v.name); }),
                     graph.inputs.end());
  graph.initializers.erase(
      std::remove_if(graph.initializers.begin(), graph.initializers.end(),
                     [&](const onnx::Initializer& i) { return turned(i.name) || begins(i.name); }),
      graph.initializers.end());
  auto& said = model.metadata_props;
  said.erase(std::remove_if(said.begin(), said.end(),
                            [&](const auto& e) {
                              return e.first.rfind("tempera.param.", 0) == 0 && turned(e.first.substr(14));
                            }),
             said.end());
  return model;
}

// Files from before, and those that adjust their painting themselves, are one network with one body.
TEST(ImportOnnx, FilesWithAndWithoutAdjustTail) {
  const std::string with = testing::TempDir() + "import_with.onnx",
                    without = testing::TempDir() + "import_without.onnx";
  const NetConfig config = MakeNetConfig("painter", {"one", "two"}).value();
  const Metadata metadata = {{"tempera.net", "painter"}, {"tempera.styles", "one | two"}};
  ASSERT_TRUE(ExportOnnx(config, RandomWeights(config), metadata, with).ok());
  const onnx::Model model = onnx::ReadModelFile(with).value();
  const onnx::Model bare = WithoutAdjustTail(model);
  EXPECT_EQ(model.graph.nodes.size(), bare.graph.nodes.size() + onnx::kAdjustNodeCount);
  EXPECT_EQ(model.graph.inputs.size(), bare.graph.inputs.size() + 3);
  EXPECT_EQ(model.metadata_props.size(), bare.metadata_props.size() + 3);
  ASSERT_TRUE(onnx::WriteModelFile(bare, without).ok());
  const Result<StyleFile> a = ReadStyleFile(with), b = ReadStyleFile(without);
  ASSERT_TRUE(a.ok()) << a.status().message();
  ASSERT_TRUE(b.ok()) << b.status().message();
  EXPECT_EQ(BodyHash(a->config, a->weights), BodyHash(b->config, b->weights));
  ASSERT_EQ(a->weights.size(), b->weights.size());
  for (const auto& [name, array] : a->weights) {
    EXPECT_EQ(array.shape, b->weights.at(name).shape) << name;
    EXPECT_EQ(array.values, b->weights.at(name).values) << name;
  }
  std::remove(with.c_str());
  std::remove(without.c_str());
}

}  // namespace
}  // namespace tempera::train
