#include "media/image.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace tempera::media {
namespace {

namespace fs = std::filesystem;

class ImageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("tempera_image_" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  fs::path folder_;
};

RgbImage Ramp(int width, int height) {
  RgbImage image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.pixels.push_back(static_cast<uint8_t>(255 * x / std::max(1, width - 1)));
      image.pixels.push_back(static_cast<uint8_t>(255 * y / std::max(1, height - 1)));
      image.pixels.push_back(static_cast<uint8_t>(40 + (x + y) % 8));
    }
  }
  return image;
}

double MeanAbsDifference(const RgbImage& a, const RgbImage& b) {
  EXPECT_EQ(a.pixels.size(), b.pixels.size());
  double sum = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / a.pixels.size();
}

TEST_F(ImageTest, PngIsExactAtEverySmallSize) {
  for (auto [w, h] : {std::pair{1, 1}, {1, 7}, {17, 3}, {64, 48}}) {
    const RgbImage image = Ramp(w, h);
    ASSERT_TRUE(WriteImage(Path("a.png"), image).ok());
    auto back = ReadImage(Path("a.png"));
    ASSERT_TRUE(back.ok()) << back.status().message();
    EXPECT_EQ(back->width, w);
    EXPECT_EQ(back->height, h);
    EXPECT_EQ(back->pixels, image.pixels);
  }
}

TEST_F(ImageTest, BmpIsExact) {
  const RgbImage image = Ramp(33, 21);
  ASSERT_TRUE(WriteImage(Path("a.bmp"), image).ok());
  auto back = ReadImage(Path("a.bmp"));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->pixels, image.pixels);
}

TEST_F(ImageTest, JpegAndWebpAreClose) {
  const RgbImage image = Ramp(160, 121);
  for (const char* name : {"a.jpg", "b.JPEG", "c.webp"}) {
    Status status = WriteImage(Path(name), image);
    ASSERT_TRUE(status.ok()) << status.message();
    auto back = ReadImage(Path(name));
    ASSERT_TRUE(back.ok()) << back.status().message();
    ASSERT_EQ(back->width, image.width);
    ASSERT_EQ(back->height, image.height);
    // A wrong matrix or range would shift whole areas by more than 5.
    EXPECT_LT(MeanAbsDifference(image, *back), 2.5) << name;
  }
}

TEST_F(ImageTest, NamesWithPatternsAndColonsAreJustNames) {
  const RgbImage image = Ramp(8, 8);
  for (const char* name : {"100%d.png", "a:b.png", "what?*.png", "{x}.png"}) {
    ASSERT_TRUE(WriteImage(Path(name), image).ok()) << name;
    auto back = ReadImage(Path(name));
    ASSERT_TRUE(back.ok()) << name << ": " << back.status().message();
    EXPECT_EQ(back->pixels, image.pixels) << name;
  }
}

TEST_F(ImageTest, ErrorsNameThePathAndLeaveNothing) {
  const std::string missing = Path("missing.png");
  auto r = ReadImage(missing);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.status().code(), StatusCode::kNotFound);
  EXPECT_NE(r.status().message().find(missing), std::string::npos);

  std::ofstream(Path("text.png")) << "this is no picture at all\n";
  r = ReadImage(Path("text.png"));
  ASSERT_FALSE(r.ok());
  EXPECT_NE(r.status().message().find("text.png"), std::string::npos);
  EXPECT_EQ(r.status().message().find('\n'), std::string::npos);

  std::ofstream(Path("empty.png"));
  EXPECT_FALSE(ReadImage(Path("empty.png")).ok());
  EXPECT_FALSE(ReadImage(folder_.string()).ok());

  const RgbImage image = Ramp(4, 4);
  EXPECT_EQ(WriteImage(Path("no/such/folder/a.png"), image).code(), StatusCode::kNotFound);
  EXPECT_FALSE(WriteImage(Path("a.xyz"), image).ok());
  EXPECT_FALSE(WriteImage(Path("a.png"), RgbImage{4, 4, {1, 2, 3}}).ok());
  size_t left = 0;
  for ([[maybe_unused]] const auto& e : fs::directory_iterator(folder_)) ++left;
  EXPECT_EQ(left, 2u) << "only text.png and empty.png";
}

TEST_F(ImageTest, TruncatedPictureIsAnErrorOrAPicture) {
  ASSERT_TRUE(WriteImage(Path("a.png"), Ramp(64, 64)).ok());
  std::ifstream in(Path("a.png"), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  for (size_t keep : {size_t(1), size_t(8), size_t(20), bytes.size() / 2}) {
    std::ofstream(Path("cut.png"), std::ios::binary) << bytes.substr(0, keep);
    auto r = ReadImage(Path("cut.png"));
    if (!r.ok()) {
      EXPECT_NE(r.status().message().find("cut.png"), std::string::npos);
    }
  }
}

TEST(DecodeImage, ReadsWhatWasEncodedAndRefusesTheRest) {
  const RgbImage image = Ramp(31, 17);
  for (const char* name : {"a.png", "a.jpg", "a.webp"}) {
    const auto bytes = EncodeImage(name, image);
    ASSERT_TRUE(bytes.ok()) << bytes.status().message();
    const auto back = DecodeImage("'wave'", *bytes);
    ASSERT_TRUE(back.ok()) << name << ": " << back.status().message();
    EXPECT_EQ(back->width, 31);
    EXPECT_EQ(back->height, 17);
    EXPECT_LT(MeanAbsDifference(*back, image), std::string(name) == "a.png" ? 0.01 : 6) << name;
    const std::vector<uint8_t> half(bytes->begin(), bytes->begin() + 12);
    EXPECT_FALSE(DecodeImage("'wave'", half).ok()) << name;
  }
  const auto text = DecodeImage("'wave'", {'n', 'o'});
  ASSERT_FALSE(text.ok());
  EXPECT_NE(text.status().message().find("'wave'"), std::string::npos) << text.status().message();
}

TEST(ResizeImage, KeepsFlatColourAndAverages) {
  RgbImage flat{31, 17, std::vector<uint8_t>(31 * 17 * 3, 77)};
  for (auto [w, h] : {std::pair{7, 5}, {62, 34}, {7, 34}, {1, 1}, {100, 3}}) {
    auto r = ResizeImage(flat, w, h);
    ASSERT_TRUE(r.ok());
    ASSERT_EQ(r->pixels.size(), size_t(3) * w * h);
    for (uint8_t p : r->pixels) ASSERT_EQ(p, 77);
  }
  RgbImage checker{4, 2, {}};
  for (int i = 0; i < 8; ++i) checker.pixels.insert(checker.pixels.end(), 3, (i + i / 4) % 2 ? 200 : 100);
  auto r = ResizeImage(checker, 2, 1);
  ASSERT_TRUE(r.ok());
  for (uint8_t p : r->pixels) EXPECT_EQ(p, 150);
}

TEST(ResizeImage, EnlargingIsSmoothAndHits) {
  const RgbImage ramp = Ramp(16, 16);
  auto r = ResizeImage(ramp, 48, 48);
  ASSERT_TRUE(r.ok());
  // Output pixel 3k+1 lies exactly on input pixel k.
  for (int k = 0; k < 16; ++k)
    EXPECT_EQ(r->pixels[3 * (48 * (3 * 5 + 1) + 3 * k + 1)], ramp.pixels[3 * (16 * 5 + k)]);
  for (int x = 4; x < 44; ++x) EXPECT_GE(r->pixels[3 * x], r->pixels[3 * (x - 1)]);
}

TEST(ResizeImage, RefusesBadSizes) {
  const RgbImage ramp = Ramp(4, 4);
  EXPECT_FALSE(ResizeImage(ramp, 0, 4).ok());
  EXPECT_FALSE(ResizeImage(ramp, 4, -1).ok());
  EXPECT_FALSE(ResizeImage(ramp, 40000, 4).ok());
  EXPECT_FALSE(ResizeImage(RgbImage{}, 4, 4).ok());
}

}  // namespace
}  // namespace tempera::media
