#include "train/photos.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace tempera::train {
namespace {

// Noise, so that no border is flat.
media::RgbImage Noise(int width, int height, uint64_t seed = 1) {
  media::RgbImage image{width, height, {}};
  Random random(seed);
  image.pixels.resize(static_cast<size_t>(width) * height * 3);
  for (uint8_t& p : image.pixels) p = static_cast<uint8_t>(random.Below(256));
  return image;
}

void Paint(media::RgbImage& image, int x0, int y0, int x1, int y1, uint8_t value) {
  for (int y = y0; y < y1; ++y) {
    std::fill_n(&image.pixels[(static_cast<size_t>(y) * image.width + x0) * 3], (x1 - x0) * 3, value);
  }
}

TEST(Photos, FindsConstantBordersOnEachSide) {
  EXPECT_FALSE(HasConstantBorder(Noise(200, 100)));
  const int boxes[4][4] = {{0, 0, 200, 4}, {0, 96, 200, 100}, {0, 0, 8, 100}, {192, 0, 200, 100}};
  for (const auto& b : boxes) {
    media::RgbImage image = Noise(200, 100);
    Paint(image, b[0], b[1], b[2], b[3], 16);
    EXPECT_TRUE(HasConstantBorder(image));
  }
  // One flat row is an accident, and so is a flat patch inside.
  media::RgbImage image = Noise(200, 100);
  Paint(image, 0, 0, 200, 1, 16);
  Paint(image, 50, 20, 150, 80, 16);
  EXPECT_FALSE(HasConstantBorder(image));
}

TEST(Photos, KnowsGreyFromColour) {
  media::RgbImage image = Noise(16, 16);
  EXPECT_FALSE(IsGreyscale(image));
  for (size_t i = 0; i < image.pixels.size(); i += 3)
    image.pixels[i + 1] = image.pixels[i + 2] = image.pixels[i];
  EXPECT_TRUE(IsGreyscale(image));
}

TEST(Photos, CropsRepeatWithTheSeedAndStayInRange) {
  const Photos photos = Photos::FromImages({Noise(100, 80), Noise(64, 90, 2)}, 48);
  std::vector<float> a(3 * 48 * 48), b(a.size()), c(a.size());
  Random first(7), second(7);
  photos.RandomCrop(first, a.data());
  photos.RandomCrop(second, b.data());
  photos.RandomCrop(second, c.data());
  EXPECT_EQ(a, b);
  EXPECT_NE(b, c);
  EXPECT_GE(*std::min_element(c.begin(), c.end()), 0.0f);
  EXPECT_LE(*std::max_element(c.begin(), c.end()), 255.0f);
}

TEST(Photos, ACropOfAFlatPictureIsThatColour) {
  media::RgbImage image = Noise(60, 60);
  Paint(image, 0, 0, 60, 60, 77);
  const Photos photos = Photos::FromImages({image}, 48);
  std::vector<float> crop(3 * 48 * 48);
  Random random(1);
  photos.RandomCrop(random, crop.data());
  for (float v : crop) ASSERT_EQ(v, 77.0f);
}

TEST(Photos, HeldOutPicturesLeaveTheSet) {
  std::vector<media::RgbImage> images;
  for (int i = 0; i < 20; ++i) images.push_back(Noise(50 + i, 50));
  Photos photos = Photos::FromImages(images, 48);
  const std::vector<media::RgbImage> held = photos.HoldOut(3);
  ASSERT_EQ(held.size(), 3u);
  EXPECT_EQ(photos.size(), 17);
  for (int i = 0; i < photos.size(); ++i) {
    for (const media::RgbImage& h : held) EXPECT_NE(photos.image(i).width, h.width);
  }
  // Never more than a quarter.
  EXPECT_EQ(photos.HoldOut(100).size(), 4u);
}

TEST(Photos, PlanesGoForthAndBack) {
  const media::RgbImage image = Noise(9, 5);
  EXPECT_EQ(FromPlanes(ToPlanes(image).data(), 9, 5).pixels, image.pixels);
  const float wild[3] = {-40.0f, 99.6f, 300.0f};
  EXPECT_EQ(FromPlanes(wild, 1, 1).pixels, (std::vector<uint8_t>{0, 100, 255}));
}

TEST(Photos, LoadReportsWhatItSkips) {
  namespace fs = std::filesystem;
  const std::string folder = testing::TempDir() + "photos_test";
  fs::remove_all(folder);
  fs::create_directories(folder + "/below/deeper");
  media::RgbImage barred = Noise(120, 100);
  Paint(barred, 0, 0, 120, 10, 0);
  ASSERT_TRUE(media::WriteImage(folder + "/good.png", Noise(120, 100)).ok());
  ASSERT_TRUE(media::WriteImage(folder + "/below/deeper/good.png", Noise(80, 80, 2)).ok());
  ASSERT_TRUE(media::WriteImage(folder + "/below/barred.png", barred).ok());
  ASSERT_TRUE(media::WriteImage(folder + "/small.png", Noise(20, 90)).ok());
  std::FILE* text = std::fopen((folder + "/not_a_picture.jpg").c_str(), "w");
  std::fputs("hello", text);
  std::fclose(text);
  Result<Photos> photos = Photos::Load({folder}, 48, 1);
  ASSERT_TRUE(photos.ok()) << photos.status().message();
  EXPECT_EQ(photos->report().found, 5);
  EXPECT_EQ(photos->report().used, 2);
  EXPECT_EQ(photos->report().borders, 1);
  EXPECT_EQ(photos->report().too_small, 1);
  EXPECT_EQ(photos->report().unreadable, 1);
  EXPECT_EQ(Photos::Load({folder + "/small.png"}, 48, 1).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Photos::Load({folder + "/absent"}, 48, 1).status().code(), StatusCode::kNotFound);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace tempera::train
