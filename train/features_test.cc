#include "train/features.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace tempera::train {
namespace {

std::string DataFolder() {
  const char* folder = std::getenv("TEMPERA_TEST_DATA");
  return folder != nullptr ? folder : "../shared/data";
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The numbers after "key": in the object called `layer` of the reference's JSON.
std::vector<double> Numbers(const std::string& json, const std::string& layer, const std::string& key) {
  size_t at = json.find("\"" + layer + "\"");
  at = json.find("\"" + key + "\":", at);
  if (at == std::string::npos) return {};
  at += key.size() + 3;
  const size_t end =
      json.find_first_of(json.find_first_not_of(" \n", at) == json.find('[', at) ? "]" : ",}", at);
  std::string text = json.substr(at, end - at);
  for (char& c : text) {
    if (c == '[' || c == ',') c = ' ';
  }
  std::istringstream in(text);
  std::vector<double> numbers;
  for (double v; in >> v;) numbers.push_back(v);
  return numbers;
}

TEST(Vgg19, AgreesWithTheReferenceActivations) {
  const std::string folder = DataFolder() + "/vgg";
  Result<Safetensors> file = ReadSafetensorsFile(folder + "/vgg19_features.safetensors");
  const std::string json = ReadAll(folder + "/reference/vgg19_activations.json");
  const std::string pixels = ReadAll(folder + "/reference/input_rgb8_96x64.bin");
  if (!file.ok() || json.empty() || pixels.size() != 96 * 64 * 3) {
    GTEST_SKIP() << "no VGG reference in " << folder << " (set TEMPERA_TEST_DATA)";
  }
  Result<Vgg19> vgg = Vgg19::FromSafetensors(*file, torch::kCPU);
  ASSERT_TRUE(vgg.ok()) << vgg.status().message();
  torch::Tensor image = torch::from_blob(const_cast<char*>(pixels.data()), {64, 96, 3}, torch::kUInt8)
                            .to(torch::kFloat)
                            .permute({2, 0, 1})
                            .unsqueeze(0)
                            .contiguous();
  const std::vector<std::string> names = {"relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1",
                                          "relu3_2", "relu3_3", "relu3_4", "relu4_1", "relu4_2"};
  torch::NoGradGuard no_grad;
  FeatureMap features = vgg->Forward(image, names);
  for (const std::string& name : names) {
    const torch::Tensor f = features.at(name)[0].contiguous();
    const std::vector<double> shape = Numbers(json, name, "shape");
    ASSERT_EQ(shape.size(), 3u) << name;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(f.size(i), shape[i]) << name;
    const double mean = Numbers(json, name, "mean").at(0), deviation = Numbers(json, name, "std").at(0);
    EXPECT_NEAR(f.mean().item<double>(), mean, 1e-4 * mean) << name;
    EXPECT_NEAR(f.std(/*unbiased=*/false).item<double>(), deviation, 1e-4 * deviation) << name;
    const std::vector<double> centre = Numbers(json, name, "c0to3_at_centre");
    ASSERT_EQ(centre.size(), 4u) << name;
    for (int c = 0; c < 4; ++c) {
      EXPECT_NEAR(f[c][f.size(1) / 2][f.size(2) / 2].item<double>(), centre[c], 2e-4 * deviation)
          << name << " " << c;
    }
  }
}

TEST(Vgg19, RefusesAFileWithoutTheLayers) {
  Safetensors file;
  EXPECT_EQ(Vgg19::FromSafetensors(file, torch::kCPU).status().code(), StatusCode::kNotFound);
  file.arrays["features.0.weight"] = {{64, 3, 3}, std::vector<float>(64 * 9)};
  EXPECT_EQ(Vgg19::FromSafetensors(file, torch::kCPU).status().code(), StatusCode::kCorruptModel);
}

}  // namespace
}  // namespace tempera::train
