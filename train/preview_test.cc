#include "train/preview.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "train/losses.h"

namespace tempera::train {
namespace {

int CountLines(const std::string& path) {
  std::ifstream in(path);
  int lines = 0;
  for (std::string line; std::getline(in, line);) ++lines;
  return lines;
}

TEST(LossLog, KeepsWhatAResumedRunHadWritten) {
  const std::string folder = testing::TempDir() + "losses_test";
  std::filesystem::create_directories(folder);
  {
    auto log = LossLog::Open(folder, 0);
    ASSERT_TRUE(log.ok());
    for (int step = 1; step <= 10; ++step) ASSERT_TRUE((*log)->Add(step, {1, 2, 3, 4, 5}, 1e-3).ok());
  }
  {
    // The checkpoint was of step 6: what came after is repeated.
    auto log = LossLog::Open(folder, 6);
    ASSERT_TRUE(log.ok());
    ASSERT_TRUE((*log)->Add(7, {1, 2, 3, 4, 5}, 1e-3).ok());
    EXPECT_TRUE((*log)->Plot().ok());
  }
  EXPECT_EQ(CountLines(folder + "/losses.csv"), 1 + 7);
  EXPECT_TRUE(std::filesystem::exists(folder + "/losses.png"));
  std::filesystem::remove_all(folder);
}

TEST(LossLog, GoesOnWithALogThatLacksTheLastTerms) {
  const std::string folder = testing::TempDir() + "old_losses_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/losses.csv")
      << "step,loss\n1,9,8,7,6,5,4,3,2,1,0.001\n2,9,8,7,6,5,4,3,2,1,0.001\n";
  ASSERT_TRUE(LossLog::Open(folder, 1).ok());
  std::ifstream in(folder + "/losses.csv");
  std::string names, first, more;
  std::getline(in, names);
  std::getline(in, first);
  EXPECT_EQ(first, "1,9,8,7,6,5,4,3,2,1,0,0,0,0.001");
  EXPECT_EQ(std::count(names.begin(), names.end(), ','), std::count(first.begin(), first.end(), ','));
  EXPECT_FALSE(std::getline(in, more));
  std::filesystem::remove_all(folder);
}

TEST(Plot, DrawsEachCurveWhereItBelongs) {
  // One curve falls from 10 to 1, one is bad throughout: it must not spoil the scale.
  std::vector<double> fall;
  for (int i = 0; i < 200; ++i) fall.push_back(10.0 - 9.0 * i / 199);
  const media::RgbImage image = PlotCurves({fall, std::vector<double>(200, 0.0)}, 100, 60);
  auto black = [&](int x, int y) { return image.pixels[(static_cast<size_t>(y) * 100 + x) * 3] == 0; };
  EXPECT_TRUE(black(0, 0));
  int lowest = 0;
  for (int y = 0; y < 60; ++y) {
    if (black(99, y)) lowest = y;
  }
  EXPECT_GT(lowest, 40);
  EXPECT_FALSE(black(99, 0));
}

TEST(PreviewSheet, HoldsPairsOfPictures) {
  const std::string path = testing::TempDir() + "sheet_test.png";
  media::RgbImage photo{80, 60, std::vector<uint8_t>(80 * 60 * 3, 200)};
  media::RgbImage style{40, 40, std::vector<uint8_t>(40 * 40 * 3, 90)};
  auto invert = [](const media::RgbImage& image) {
    media::RgbImage painted = image;
    for (uint8_t& p : painted.pixels) p = static_cast<uint8_t>(255 - p);
    return painted;
  };
  ASSERT_TRUE(WritePreviewSheet(path, {photo, photo, photo, photo}, style, invert).ok());
  Result<media::RgbImage> sheet = media::ReadImage(path);
  ASSERT_TRUE(sheet.ok()) << sheet.status().message();
  EXPECT_EQ(sheet->width, 240);
  EXPECT_EQ(sheet->height, 240);
  auto at = [&](int x, int y) { return sheet->pixels[(static_cast<size_t>(y) * 240 + x) * 3]; };
  EXPECT_EQ(at(2, 2), 90) << "the painting, in the corner";
  EXPECT_EQ(at(100, 30), 200);
  EXPECT_EQ(at(100, 90), 55);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace tempera::train
