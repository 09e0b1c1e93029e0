#include "train/features/convert.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "train/features/test_files.h"
#include "train/features/vgg19_weights.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

std::string DataFile() {
  const char* folder = std::getenv("TEMPERA_TEST_DATA");
  return std::string(folder != nullptr ? folder : "../shared/data") + "/vgg/vgg19_features.safetensors";
}

class ConvertTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<Safetensors> file = ReadSafetensorsFile(DataFile());
    if (!file.ok()) GTEST_SKIP() << "no " << DataFile() << " (set TEMPERA_TEST_DATA)";
    truth_ = *file;
    folder_ = fs::path(testing::TempDir()) / ("convert_" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  // Converts and compares with the truth.
  void ExpectTruth(const std::string& path) {
    Result<ConvertedFeatures> result = ConvertFeatures(path, "");
    ASSERT_TRUE(result.ok()) << result.status().message();
    for (const Vgg19Layer& layer : kVgg19Layers) {
      for (const char* what : {".weight", ".bias"}) {
        const std::string name = "features." + std::to_string(layer.index) + what;
        ASSERT_EQ(result->weights.arrays[name].values, truth_.arrays[name].values) << path << " " << name;
        ASSERT_EQ(result->weights.arrays[name].shape, truth_.arrays[name].shape) << path << " " << name;
      }
    }
  }
  Safetensors Bgr() const {
    Safetensors bgr = truth_;
    ConvertConvention(PictureConvention::kBgr255, &bgr);  // its own inverse
    return bgr;
  }

  Safetensors truth_;
  fs::path folder_;
};

TEST_F(ConvertTest, KnowsOxfordAndTellsWrongOnes) {
  const Vgg19Probe probe(truth_);
  EXPECT_LT(probe.DistanceFromOxford(PictureConvention::kRgb255), 0.001);
  EXPECT_GT(probe.DistanceFromOxford(PictureConvention::kBgr255), 2 * kOxfordTolerance);
  EXPECT_GT(probe.DistanceFromOxford(PictureConvention::kTorchvision), 2 * kOxfordTolerance);
  Safetensors exchanged = truth_;  // two layers of one shape
  std::swap(exchanged.arrays["features.12.weight"], exchanged.arrays["features.14.weight"]);
  EXPECT_GT(Vgg19Probe(exchanged).DistanceFromOxford(PictureConvention::kRgb255), 2 * kOxfordTolerance);
}

TEST_F(ConvertTest, ReadsEveryFormThatPeopleHave) {
  for (const bool parameters : {false, true}) {
    WriteFile(Path("legacy.pth"), LegacyTorchFile(truth_, parameters));
    ExpectTruth(Path("legacy.pth"));
  }
  WriteFile(Path("zip.pth"), ZippedTorchFile(truth_));
  ExpectTruth(Path("zip.pth"));
  WriteFile(Path("caffe.pth"), LegacyTorchFile(Bgr(), false));
  ExpectTruth(Path("caffe.pth"));
  WriteKerasFile(Bgr(), Path("keras.h5"), /*old=*/true);
  ExpectTruth(Path("keras.h5"));
  WriteKerasFile(Bgr(), Path("keras2.h5"), /*old=*/false);
  ExpectTruth(Path("keras2.h5"));
  WriteOnnxFile(truth_, Path("vgg.onnx"));
  ExpectTruth(Path("vgg.onnx"));
  ExpectTruth(DataFile());
}

TEST_F(ConvertTest, WhatIsWrittenIsReadAgain) {
  WriteFile(Path("zip.pth"), ZippedTorchFile(Bgr()));
  ASSERT_TRUE(RunFeatures(Path("zip.pth"), "", Path("out.safetensors")).ok());
  ExpectTruth(Path("out.safetensors"));
}

TEST_F(ConvertTest, TorchvisionsConventionTakesTheSamePicturesToTheSameActivations) {
  // Weights that would give the truth's activations if fed with (x / 255 - mean) / deviation.
  Safetensors unit = truth_;
  static constexpr double kMean[3] = {123.68, 116.779, 103.939}, kUnit[3] = {0.485, 0.456, 0.406},
                          kDeviation[3] = {0.229, 0.224, 0.225};
  std::vector<float>& w = unit.arrays["features.0.weight"].values;
  for (size_t k = 0; k < 64; ++k) {
    double shift = 0;
    for (size_t c = 0; c < 3; ++c) {
      for (size_t t = 0; t < 9; ++t) {
        float& v = w[(k * 3 + c) * 9 + t];
        shift += v * (255 * kUnit[c] - kMean[c]);
        v = static_cast<float>(v * 255 * kDeviation[c]);
      }
    }
    unit.arrays["features.0.bias"].values[k] += static_cast<float>(shift);
  }
  WriteFile(Path("unit.pth"), ZippedTorchFile(unit));
  Result<ConvertedFeatures> result = ConvertFeatures(Path("unit.pth"), "");
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_LT(Vgg19Probe(result->weights).DistanceFromOxford(PictureConvention::kRgb255), 0.01);
  for (size_t i = 0; i < w.size(); ++i) {
    ASSERT_NEAR(result->weights.arrays["features.0.weight"].values[i],
                truth_.arrays["features.0.weight"].values[i], 1e-6);
  }
}

TEST_F(ConvertTest, RefusesOtherNetworksInWords) {
  const auto message = [&](Safetensors file) {
    WriteFile(Path("x.pth"), ZippedTorchFile(file));
    return ConvertFeatures(Path("x.pth"), "").status().message();
  };
  Safetensors bn = truth_;
  bn.arrays["features.1.running_mean"] = {{64}, std::vector<float>(64)};
  EXPECT_NE(message(bn).find("vgg19_bn"), std::string::npos);
  Safetensors vgg16 = truth_;
  vgg16.arrays["features.17.weight"] = {{512, 256, 3, 3}, std::vector<float>(512 * 256 * 9)};
  EXPECT_NE(message(vgg16).find("VGG-16"), std::string::npos);
  Safetensors lacking = truth_;
  lacking.arrays.erase("features.16.bias");
  EXPECT_NE(message(lacking).find("conv3_4"), std::string::npos);
  Safetensors noise = truth_;
  for (auto& v : noise.arrays["features.5.weight"].values) v = -v;
  EXPECT_NE(message(noise).find("--input"), std::string::npos);
  EXPECT_TRUE(ConvertFeatures(Path("x.pth"), "rgb255").ok());
  Safetensors dead = truth_;
  std::fill_n(dead.arrays["features.7.bias"].values.begin(), 128, -1e9f);
  WriteFile(Path("x.pth"), ZippedTorchFile(dead));
  EXPECT_NE(ConvertFeatures(Path("x.pth"), "rgb255").status().message().find("dead"), std::string::npos);
  EXPECT_NE(message({}).find("features.0.weight"), std::string::npos);
}

}  // namespace
}  // namespace tempera::train
