#include "src/stylize/door/style_list.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "src/stylize/test_model.h"
#include "tempera/tempera.hpp"

namespace tempera::stylize {
namespace {

namespace fs = std::filesystem;

TEST(StyleList, Base64) {
  std::string bytes;
  ASSERT_TRUE(DecodeBase64("aGV5\nIHlvdQ==", 100, &bytes));
  EXPECT_EQ(bytes, "hey you");
  EXPECT_TRUE(DecodeBase64("/+8=", 2, &bytes));
  EXPECT_EQ(bytes, "\xFF\xEF");
  for (const char* bad : {"a", "aGV5I", "aGV5=", "=aGV", "aG V5*", "a===", "aG=5"}) {
    EXPECT_FALSE(DecodeBase64(bad, 100, &bytes)) << bad;
  }
  EXPECT_FALSE(DecodeBase64("aGV5", 2, &bytes));
}

class StyleFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("tempera_styles_" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
  fs::path folder_;
};

TEST_F(StyleFolder, ListsWhatFilesSayAndSkipsWhatIsNone) {
  Write("wave.onnx", AffineModel(1, 0)
                         .Metadata("tempera.title", "The Wave\x1B[31m")
                         .Metadata("tempera.artist", "Hokusai")
                         .Metadata("tempera.license", "CC0-1.0")
                         .Bytes());
  Write("wave.jpg", "a picture");
  Write("night.onnx", AffineModel(1, 0).Metadata("tempera.thumbnail", "/9j/4AA=").Bytes());
  Write("night.png", "another one");
  Write("broken.onnx", "not a model");
  Write("cut.onnx", AffineModel(1, 0).Bytes().substr(0, 60));
  Write("liar.onnx", AffineModel(1, 0).Metadata("tempera.thumbnail", "PHNjcmlwdD4=").Bytes());
  Write("notes.txt", "nothing");
  fs::create_directories(folder_ / "folder.onnx");

  std::vector<std::string> skipped;
  const Expected<std::vector<tempera::Style>> styles = tempera::ListStyles(folder_.string(), &skipped);
  ASSERT_TRUE(styles) << styles.error().message;
  EXPECT_EQ(skipped.size(), 3u);
  // The liar's picture is none; it is a style all the same.
  ASSERT_EQ(styles->size(), 3u);
  EXPECT_EQ((*styles)[0].name, "liar");
  EXPECT_EQ((*styles)[0].thumbnail, "");
  const tempera::Style &night = (*styles)[1], &wave = (*styles)[2];
  EXPECT_EQ(night.name, "night");
  EXPECT_EQ(night.title, "night");
  EXPECT_EQ(night.thumbnail, std::string("\xFF\xD8\xFF\xE0\x00", 5));
  EXPECT_EQ(night.thumbnail_path, "");
  EXPECT_EQ(wave.title, "The Wave [31m");
  EXPECT_EQ(wave.artist, "Hokusai");
  EXPECT_EQ(wave.year, "");
  EXPECT_EQ(wave.thumbnail, "");
  EXPECT_EQ(wave.thumbnail_path, (folder_ / "wave.jpg").string());
  EXPECT_EQ(wave.file_bytes, static_cast<int64_t>(fs::file_size(wave.path)));
  ASSERT_TRUE(tempera::Stylizer::Open(wave.path));

  tempera_style_list* list = nullptr;
  ASSERT_EQ(tempera_list_styles(folder_.c_str(), &list), TEMPERA_OK);
  for (const char* name : {"broken.onnx", "cut.onnx", "liar.onnx"}) {
    bool told = false;
    for (int i = 0; tempera_skipped_style(list, i) != nullptr; ++i) {
      told = told || std::string(tempera_skipped_style(list, i)).find(name) != std::string::npos;
    }
    EXPECT_TRUE(told) << name;
  }
  EXPECT_EQ(tempera_skipped_style(list, 3), nullptr);
  EXPECT_EQ(tempera_skipped_style(list, -1), nullptr);
  tempera_style_info info = TEMPERA_STYLE_INFO_INIT;
  EXPECT_EQ(tempera_get_style_info(list, 3, &info), TEMPERA_INVALID_ARGUMENT);
  tempera_free_style_list(list);
  EXPECT_EQ(tempera_list_styles((folder_ / "none").c_str(), &list), TEMPERA_NOT_FOUND);
  EXPECT_EQ(list, nullptr);
}

// The styles that come with the library have their thumbnails.
TEST(StyleList, BundledStylesHavePictures) {
  const Result<StyleList> list = ListStyles("models");
  ASSERT_TRUE(list.ok()) << list.status().message();
  EXPECT_GE(list->styles.size(), 4u);
  EXPECT_TRUE(list->skipped.empty());
  for (const Style& style : list->styles) EXPECT_NE(style.thumbnail_path, "") << style.name;
}

}  // namespace
}  // namespace tempera::stylize
