#include "train/export_onnx.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdio>

#include "train/network.h"
#include "train/photos.h"
#include "train/run.h"
#include "train/run_in_engine.h"

namespace tempera::train {
namespace {

// One file, libtorch's forward and the engine: the export, the foldings and the engine agree.
TEST(ExportOnnx, TheEngineSeesWhatLibtorchTrained) {
  const std::string path = testing::TempDir() + "export_test.onnx";
  for (const char* name : {"small", "tiny", "johnson"}) {
    SCOPED_TRACE(name);
    Result<NetConfig> config = MakeNetConfig(name);
    ASSERT_TRUE(config.ok());
    torch::manual_seed(3);
    TransformerNet net(*config);
    torch::NoGradGuard no_grad;
    // Norms that do something.
    for (auto& p : net.parameters()) {
      if (p.dim() == 1) p.add_(torch::randn_like(p) * 0.2);
    }
    const Status status = ExportOnnx(*config, PlainWeights(net), {{"tempera.style", "test"}}, path);
    ASSERT_TRUE(status.ok()) << status.message();
    const int height = 36, width = 52;
    torch::Tensor x = torch::rand({1, 3, height, width}) * 255;
    const torch::Tensor y = net.forward(x).contiguous();
    Result<std::vector<float>> engine =
        RunInEngine(path, {x.data_ptr<float>(), x.data_ptr<float>() + x.numel()}, height, width);
    ASSERT_TRUE(engine.ok()) << engine.status().message();
    ASSERT_EQ(engine->size(), static_cast<size_t>(y.numel()));
    const torch::Tensor e = torch::from_blob(engine->data(), y.sizes(), torch::kFloat);
    const double range = (y.max() - y.min()).item<double>();
    EXPECT_GT(range, 10) << "a flat picture proves nothing";
    EXPECT_LT((e - y).abs().max().item<double>() / range, 1e-4);
    Result<std::map<std::string, std::string>> metadata = ReadMetadata(path);
    ASSERT_TRUE(metadata.ok());
    EXPECT_EQ((*metadata)["tempera.style"], "test");
  }
  std::remove(path.c_str());
}

// A blend of two styles of a network of three, half strong, strokes between: shares as libtorch mixes them,
// against inputs as the graph does.
TEST(ExportOnnx, TheGraphMixesRowsAsTheTrainerDoes) {
  const std::string path = testing::TempDir() + "export_painter_test.onnx";
  Result<NetConfig> config = MakeNetConfig("painter", {"a", "b", "c"});
  ASSERT_TRUE(config.ok());
  torch::manual_seed(4);
  TransformerNet net(*config);
  torch::NoGradGuard no_grad;
  for (auto& p : net.named_parameters()) {
    if (p.key().find("_norm_") != std::string::npos) p.value().add_(torch::randn_like(p.value()) * 0.3);
    p.value().copy_(p.value().to(torch::kHalf).to(torch::kFloat));  // as the file keeps them
  }
  Options options;
  for (const char* name : {"a", "b", "c"}) options.styles.push_back({name, "", name, "", ""});
  ASSERT_TRUE(
      ExportOnnx(*config, PlainWeights(net), MakeMetadata(options, *config, TrainingState{}, ""), path).ok());
  const int height = 48, width = 64;
  const torch::Tensor x = torch::rand({1, 3, height, width}) * 255;
  const std::vector<float> planes(x.data_ptr<float>(), x.data_ptr<float>() + x.numel());
  struct Case {
    std::vector<float> weights;
    float strength, fine, coarse, stroke;
  };
  for (const Case& c : {Case{{1, 0, 0}, 1, 1, 1, 0}, Case{{0, 1, 0}, 1, 1, 1, 1},
                        Case{{0.25, 0, 0.75}, 0.6f, 1.4f, 0.5f, 0.3f}, Case{{0, 0, 1}, 0, 1, 1, 1}}) {
    auto rows = [&](float share) {
      torch::Tensor r = torch::zeros({1, 7});
      for (int i = 0; i < 3; ++i) {
        r[0][i] = share * c.weights[i] * (1 - c.stroke);
        r[0][3 + i] = share * c.weights[i] * c.stroke;
      }
      r[0][6] = 1 - share;
      return r;
    };
    const torch::Tensor y =
        net.forward(x, {rows(c.strength * c.fine), rows(c.strength * c.coarse)}).clamp(0, 255).contiguous();
    Result<std::vector<float>> engine = RunInEngine(path, planes, height, width,
                                                    {{"style_weights", c.weights},
                                                     {"strength", {c.strength}},
                                                     {"fine_strength", {c.fine}},
                                                     {"coarse_strength", {c.coarse}},
                                                     {"stroke_size", {c.stroke}}});
    ASSERT_TRUE(engine.ok()) << engine.status().message();
    const torch::Tensor e = torch::from_blob(engine->data(), y.sizes(), torch::kFloat);
    const double range = (y.max() - y.min()).item<double>();
    EXPECT_GT(range, 10) << "a flat picture proves nothing";
    // The first convolution's folded weights are rounded to 16 bits once more.
    EXPECT_LT((e - y).abs().max().item<double>() / range, 5e-3);
  }
  std::remove(path.c_str());
}

// keep_colors, brightness and contrast at every end, against their formula in libtorch, on a painting that
// goes beyond black and white.
TEST(ExportOnnx, TheGraphAdjustsItsPainting) {
  const std::string path = testing::TempDir() + "export_adjust_test.onnx";
  Result<NetConfig> config = MakeNetConfig("painter", {"a"});
  ASSERT_TRUE(config.ok());
  torch::manual_seed(6);
  TransformerNet net(*config);
  torch::NoGradGuard no_grad;
  std::map<std::string, FloatArray> weights = PlainWeights(net);
  for (float& w : weights.at(config->layers.back().name + "_conv_weight").values) w *= 6;
  Options options;
  options.styles.push_back({"a", "", "a", "", ""});
  ASSERT_TRUE(ExportOnnx(*config, weights, MakeMetadata(options, *config, TrainingState{}, ""), path).ok());
  const int height = 48, width = 64;
  const torch::Tensor x = torch::rand({1, 3, height, width}) * 255;
  const std::vector<float> planes(x.data_ptr<float>(), x.data_ptr<float>() + x.numel());
  auto painted = [&](float keep, float brightness, float contrast) {
    Result<std::vector<float>> y =
        RunInEngine(path, planes, height, width,
                    {{"keep_colors", {keep}}, {"brightness", {brightness}}, {"contrast", {contrast}}});
    EXPECT_TRUE(y.ok()) << y.status().message();
    return torch::from_blob(y->data(), x.sizes(), torch::kFloat).clone();
  };
  const torch::Tensor plain = painted(0, 0, 1);
  EXPECT_EQ(plain.min().item<float>(), 0);
  EXPECT_EQ(plain.max().item<float>(), 255);
  const torch::Tensor luma = torch::tensor({0.2126f, 0.7152f, 0.0722f}).view({1, 3, 1, 1});
  for (const float keep : {0.0f, 1.0f}) {
    for (const float brightness : {-1.0f, 0.0f, 1.0f}) {
      for (const float contrast : {0.0f, 1.0f, 2.0f}) {
        torch::Tensor y = keep > 0 ? x + ((plain - x) * luma).sum(1, true) : plain;
        y = (y.clamp(0, 255) * contrast + 127.5 * (1 - contrast) + 128 * brightness).clamp(0, 255);
        EXPECT_LT((painted(keep, brightness, contrast) - y).abs().max().item<float>(), 0.01f)
            << keep << " " << brightness << " " << contrast;
      }
    }
  }
  std::remove(path.c_str());
}

TEST(ExportOnnx, RefusesWeightsThatDoNotFit) {
  Result<NetConfig> config = MakeNetConfig("tiny");
  ASSERT_TRUE(config.ok());
  TransformerNet net(*config);
  std::map<std::string, FloatArray> weights = PlainWeights(net);
  weights.erase("res1a_norm_bias");
  const Status status = ExportOnnx(*config, weights, {}, testing::TempDir() + "refused.onnx");
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("res1a_norm_bias"), std::string::npos);
}

// What the foldings rest on: the scaling of the input commutes with the padding.
TEST(TransformerNet, PaintsAnyMultipleOfFour) {
  Result<NetConfig> config = MakeNetConfig("small");
  ASSERT_TRUE(config.ok());
  TransformerNet net(*config);
  torch::NoGradGuard no_grad;
  for (auto [h, w] : {std::pair<int64_t, int64_t>{16, 16}, {20, 64}, {64, 20}}) {
    EXPECT_EQ(net.forward(torch::rand({1, 3, h, w}) * 255).sizes(), (std::vector<int64_t>{1, 3, h, w}));
  }
}

}  // namespace
}  // namespace tempera::train
