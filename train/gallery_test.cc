#include "train/gallery.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace tempera::train {
namespace {

class Gallery : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = testing::TempDir() + name;
    std::ofstream(path) << text;
    return path;
  }
  Result<std::vector<StyleSource>> Read(const std::string& styles) {
    Write("gallery_a.jpg", "x");
    Write("gallery_b.jpg", "x");
    return ReadGallery(Write("gallery.json", R"({"styles": [)" + styles + "]}"), {});
  }
};

TEST_F(Gallery, IsReadWithItsDefaults) {
  const auto styles = Read(
      R"({"name": "a-1", "picture": "gallery_a.jpg", "bold_size": 700, "style_weight": 2},
         {"name": "b", "picture": "gallery_b.jpg", "title": "B", "artist": "Someone", "year": "1900"})");
  ASSERT_TRUE(styles.ok()) << styles.status().message();
  ASSERT_EQ(styles->size(), 2u);
  EXPECT_EQ((*styles)[0].title, "a-1");
  EXPECT_EQ((*styles)[0].bold_size, 700);
  EXPECT_EQ((*styles)[0].style_weight, 2);
  EXPECT_EQ((*styles)[1].bold_size, StyleSource().bold_size);
  EXPECT_EQ((*styles)[1].picture, testing::TempDir() + "gallery_b.jpg");
}

TEST_F(Gallery, WhatIsWrongIsNamed) {
  struct {
    const char *styles, *word;
  } cases[] = {
      {"", "0 styles"},
      {R"({"name": "a"})", "\"picture\""},
      {R"({"name": "A b", "picture": "gallery_a.jpg"})", "A b"},
      {R"({"name": "a", "picture": "gallery_a.jpg", "size": 3})", "\"size\""},
      {R"({"name": "a", "picture": "gallery_a.jpg", "bold_size": -3})", "bold_size"},
      {R"({"name": "a", "picture": "gallery_a.jpg", "style_weight": "much"})", "style_weight"},
      {R"({"name": 3, "picture": "gallery_a.jpg"})", "\"name\""},
      {R"({"name": "a", "picture": "nowhere.jpg"})", "--paintings"},
      {R"("starry-night")", "braces"},
      {R"({"name": "a", "picture": "gallery_a.jpg"}, {"name": "a", "picture": "gallery_b.jpg"})", "twice"}};
  for (const auto& c : cases) {
    const auto styles = Read(c.styles);
    ASSERT_FALSE(styles.ok()) << c.styles;
    EXPECT_NE(styles.status().message().find(c.word), std::string::npos) << styles.status().message();
  }
  EXPECT_FALSE(ReadGallery(Write("gallery.json", "{not json"), {}).ok());
  EXPECT_FALSE(ReadGallery(Write("gallery.json", "[]"), {}).ok());
  EXPECT_FALSE(ReadGallery("/nowhere/gallery.json", {}).ok());
}

}  // namespace
}  // namespace tempera::train
