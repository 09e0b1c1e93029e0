// Mask networks on photographs with masks made by hand, of the test data.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "media/image.h"
#include "src/onnx/reader.h"
#include "src/onnx/writer.h"
#include "tempera/tempera.h"

namespace tempera {
namespace {

namespace fs = std::filesystem;

// Of the pixels that either calls a person, the share that both do.
double Agreement(const std::vector<uint8_t>& mask, const media::RgbImage& truth) {
  double both = 0, either = 0;
  for (size_t i = 0; i < mask.size(); ++i) {
    const bool a = mask[i] >= 128, b = truth.pixels[3 * i] >= 128;
    both += a && b, either += a || b;
  }
  return either > 0 ? both / either : 0;
}

fs::path TestData() {
  const char* env = std::getenv("TEMPERA_TEST_DATA");
  return env != nullptr ? env : "../shared/data";
}

// Mean agreement over twenty portraits that neither network was trained on.
void ExpectAgreement(const std::string& bytes, const fs::path& photos, int32_t precision, double least) {
  std::vector<fs::path> names;
  for (const auto& entry : fs::directory_iterator(photos)) {
    if (entry.path().extension() == ".jpg") names.push_back(entry.path());
  }
  std::sort(names.begin(), names.end());
  ASSERT_GE(names.size(), 20u);
  tempera_options options = TEMPERA_OPTIONS_INIT;
  options.precision = precision;
  tempera_masker* masker = nullptr;
  ASSERT_EQ(tempera_mask_open_memory(bytes.data(), bytes.size(), &options, &masker), TEMPERA_OK)
      << tempera_error_message();
  double sum = 0;
  for (size_t i = 0; i < 20; ++i) {
    fs::path truth_path = names[i];
    truth_path.replace_filename(names[i].stem().string() + "_mask.png");
    auto photo = media::ReadImage(names[i].string()), truth = media::ReadImage(truth_path.string());
    ASSERT_TRUE(photo.ok() && truth.ok()) << names[i];
    ASSERT_TRUE(photo->width == truth->width && photo->height == truth->height) << names[i];
    tempera_image image = TEMPERA_IMAGE_INIT;
    image.format = TEMPERA_RGB, image.width = photo->width, image.height = photo->height;
    image.planes[0] = photo->pixels.data(), image.stride_bytes[0] = 3 * ptrdiff_t{photo->width};
    std::vector<uint8_t> mask(truth->pixels.size() / 3);
    ASSERT_EQ(tempera_mask_process(masker, &image, mask.data(), photo->width, photo->width, photo->height),
              TEMPERA_OK)
        << tempera_error_message();
    sum += Agreement(mask, *truth);
  }
  tempera_mask_close(masker);
  EXPECT_GT(sum / 20, least) << "precision " << precision;
}

TEST(MaskNetwork, FindsPeople) {
  const fs::path model_path = TestData() / "models/onnx/SINet_Softmax.onnx";
  const fs::path photos = TestData() / "masks/eg1800_test";
  if (!fs::exists(model_path) || !fs::exists(photos))
    GTEST_SKIP() << "no SINet, or no photographs, in " << TestData();
  // The file says nothing of its numbers: blue first, their mean taken off, divided by deviation and by 255
  // (the repository's README); one range for the three is near enough.
  auto model = onnx::ReadModelFile(model_path);
  ASSERT_TRUE(model.ok()) << model.status().message();
  model->metadata_props.emplace_back("tempera.layout", "NCHW BGR");
  model->metadata_props.emplace_back("tempera.value_range", "-0.00697..0.00866");
  const std::string bytes = onnx::WriteModel(*model).value();
  // The authors report 0.95 on all of these photographs.
  for (const int32_t precision : {TEMPERA_PRECISION_FP32, TEMPERA_PRECISION_AUTO})
    ExpectAgreement(bytes, photos, precision, 0.9);
}

// The bundled one, at the size that its file names: 0.95 over all of the photographs.
TEST(MaskNetwork, BundledFindsPeople) {
  const fs::path photos = TestData() / "masks/eg1800_test";
  if (!fs::exists(photos)) GTEST_SKIP() << "no photographs in " << TestData();
  std::ifstream file("models/masks/person.onnx", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  ASSERT_FALSE(bytes.empty());
  for (const int32_t precision : {TEMPERA_PRECISION_FP32, TEMPERA_PRECISION_AUTO})
    ExpectAgreement(bytes, photos, precision, 0.93);
}

}  // namespace
}  // namespace tempera
