#include "train/features/feature_network.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdlib>
#include <string>

#include "train/features/two_networks.h"

namespace tempera::train {
namespace {

// SqueezeNet's layout with small random weights.
Safetensors Random() {
  Safetensors file;
  torch::manual_seed(5);
  auto add = [&](const std::string& prefix, int64_t out, int64_t in, int64_t size) {
    const torch::Tensor w = torch::randn({out, in, size, size}) / static_cast<double>(in * size);
    file.arrays[prefix + ".weight"] = {{out, in, size, size},
                                       {w.data_ptr<float>(), w.data_ptr<float>() + w.numel()}};
    file.arrays[prefix + ".bias"] = {{out}, std::vector<float>(static_cast<size_t>(out), 0.1f)};
  };
  add("features.0", 64, 3, 3);
  const int64_t places[][4] = {{3, 64, 16, 64},   {4, 128, 16, 64},   {6, 128, 32, 128},  {7, 256, 32, 128},
                               {9, 256, 48, 192}, {10, 384, 48, 192}, {11, 384, 64, 256}, {12, 512, 64, 256}};
  for (const auto& p : places) {
    const std::string prefix = "features." + std::to_string(p[0]) + ".";
    add(prefix + "squeeze", p[2], p[1], 1);
    add(prefix + "expand1x1", p[3], p[2], 1);
    add(prefix + "expand3x3", p[3], p[2], 3);
  }
  return file;
}

TEST(FeatureNetwork, SqueezeNetIsChosenAndHasItsShapes) {
  Result<std::shared_ptr<const FeatureNetwork>> net = MakeFeatureNetwork(Random(), torch::kCPU);
  ASSERT_TRUE(net.ok()) << net.status().message();
  EXPECT_EQ((*net)->name(), "squeezenet1_1");
  const torch::Tensor x = (torch::rand({2, 3, 64, 96}) * 255).requires_grad_(true);
  const FeatureMap f = (*net)->Forward(x, {"relu1", "fire2", "fire5", "fire9"});
  EXPECT_EQ(f.at("relu1").sizes(), (std::vector<int64_t>{2, 64, 31, 47}));
  EXPECT_EQ(f.at("fire2").sizes(), (std::vector<int64_t>{2, 128, 15, 23}));
  EXPECT_EQ(f.at("fire5").sizes(), (std::vector<int64_t>{2, 256, 7, 11}));
  EXPECT_EQ(f.at("fire9").sizes(), (std::vector<int64_t>{2, 512, 3, 5}));
  f.at("fire9").sum().backward();
  EXPECT_GT(x.grad().abs().sum().item<double>(), 0);
  for (const std::string& name : (*net)->StyleLayers()) EXPECT_EQ((*net)->Forward(x, {name}).count(name), 1u);
  EXPECT_EQ((*net)->Forward(x, {(*net)->ContentLayer()}).size(), 1u);
}

// VGG-19 as far as relu2_1.
Safetensors RandomVgg() {
  Safetensors file;
  torch::manual_seed(8);
  const int64_t places[][3] = {{0, 3, 64}, {2, 64, 64}, {5, 64, 128}};
  for (const auto& p : places) {
    const std::string prefix = "features." + std::to_string(p[0]);
    const torch::Tensor w = torch::randn({p[2], p[1], 3, 3}) / static_cast<double>(p[1] * 3);
    file.arrays[prefix + ".weight"] = {{p[2], p[1], 3, 3},
                                       {w.data_ptr<float>(), w.data_ptr<float>() + w.numel()}};
    file.arrays[prefix + ".bias"] = {{p[2]}, std::vector<float>(static_cast<size_t>(p[2]), 0.1f)};
  }
  return file;
}

TEST(FeatureNetwork, TwoNetworksGiveWhatEachWouldGive) {
  const auto vgg = MakeFeatureNetwork(RandomVgg(), torch::kCPU),
             squeeze = MakeFeatureNetwork(Random(), torch::kCPU);
  ASSERT_TRUE(vgg.ok() && squeeze.ok());
  const auto both = MakeTwoNetworks(*vgg, *squeeze);
  ASSERT_TRUE(both.ok()) << both.status().message();
  const torch::Tensor x = torch::rand({1, 3, 64, 64}) * 255;
  std::vector<std::string> names = (*both)->StyleLayers();
  names.push_back((*both)->ContentLayer());
  const FeatureMap found = (*both)->Forward(x, names);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_TRUE(torch::equal(found.at("relu2_1"), (*vgg)->Forward(x, {"relu2_1"}).at("relu2_1")));
  EXPECT_TRUE(torch::equal(found.at("fire5"), (*squeeze)->Forward(x, {"fire5"}).at("fire5")));
  EXPECT_FALSE(MakeTwoNetworks(*squeeze, *vgg).ok());
  EXPECT_FALSE(MakeTwoNetworks(*vgg, *vgg).ok());
}

TEST(FeatureNetwork, RefusesWhatIsNeither) {
  EXPECT_FALSE(MakeFeatureNetwork({}, torch::kCPU).ok());
  Safetensors lacking = Random();
  lacking.arrays.erase("features.12.squeeze.bias");
  EXPECT_EQ(MakeFeatureNetwork(lacking, torch::kCPU).status().code(), StatusCode::kNotFound);
  Safetensors bent = Random();
  bent.arrays["features.4.squeeze.weight"].shape = {128, 16, 1, 1};
  EXPECT_EQ(MakeFeatureNetwork(bent, torch::kCPU).status().code(), StatusCode::kCorruptModel);
}

// The true weights tell pictures apart by what is in them: photographs' colours exchanged are another
// picture.
TEST(FeatureNetwork, TheDataSqueezeNetLives) {
  const char* folder = std::getenv("TEMPERA_TEST_DATA");
  const std::string path =
      std::string(folder != nullptr ? folder : "../shared/data") + "/vgg/squeezenet1_1_features.safetensors";
  Result<Safetensors> file = ReadSafetensorsFile(path);
  if (!file.ok()) GTEST_SKIP() << "no " << path << " (set TEMPERA_TEST_DATA)";
  Result<std::shared_ptr<const FeatureNetwork>> net = MakeFeatureNetwork(*file, torch::kCPU);
  ASSERT_TRUE(net.ok()) << net.status().message();
  torch::manual_seed(6);
  const torch::Tensor x = torch::rand({1, 3, 64, 64}) * 255;
  for (const auto& [name, f] : (*net)->Forward(x, {"relu1", "fire2", "fire4", "fire5", "fire6", "fire9"})) {
    const double alive = (f > 0).to(torch::kFloat).mean().item<double>();
    EXPECT_GT(alive, 0.02) << name;
    EXPECT_LT(alive, 0.98) << name;
  }
}

}  // namespace
}  // namespace tempera::train
